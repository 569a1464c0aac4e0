"""Answers that come late, in another order, or not at all: what a slow machine or a bad line makes of a quick hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.held import HELD
from tests.browser.modules import empty_page


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        page.evaluate(HELD)
        yield page


def test_an_answer_that_is_cut_off_is_a_server_that_cannot_be_reached(page: Page) -> None:
    """Not a bug of the page, which would stand in the console."""
    told = page.evaluate("""async () => {
      const { ask, report } = await import("/asking.js");
      const errors = [];
      console.error = (error) => errors.push(String(error));
      const asked = ask("/runs/ids.json").then((got) => got.json()).catch((error) => report(error));
      await cut(0);
      await asked;
      const fine = ask("/runs/ids.json").then((got) => got.json());
      await answer(1, { runs: ["job-1"] });
      return [document.querySelector("[data-toast-said]").textContent, errors, await fine];
    }""")
    assert told == ["The server cannot be reached.", [], {"runs": ["job-1"]}]


def test_completion_that_was_closed_meanwhile_stays_closed_and_says_what_is_wrong(
    page: Page,
) -> None:
    told = page.evaluate("""async () => {
      document.body.insertAdjacentHTML("beforeend", "<input id=box><ul id=offers hidden></ul>");
      const [box, offers] = [document.querySelector("#box"), document.querySelector("#offers")];
      const { Completion } = await import("/runs/complete.js");
      const wrong = [];
      const completion = new Completion(box, offers, { onError: (error) => wrong.push(error) });
      const items = [{ text: "state:", told: "", kind: "field" }];
      const found = { from: 0, to: 1, items, error: { detail: "no" } };
      box.focus();
      box.value = "s";
      completion.ask();
      completion.close(); // Enter, or Escape
      await answer(0, found);
      const closed = offers.hidden;
      completion.ask();
      await answer(1, found);
      return [closed, offers.hidden, wrong.length];
    }""")
    assert told == [True, False, 2]


def test_a_table_that_comes_takes_nothing_from_who_types_a_filter(page: Page) -> None:
    """Of "state:running " the space is what the next word begins behind."""
    told = page.evaluate("""async () => {
      document.body.insertAdjacentHTML("beforeend", `<form data-filter-form><input id=filter data-filter>
        <div data-filter-mirror></div><button data-filter-clear></button></form><p data-filter-error></p>
        <p data-filter-hint></p><ul data-filter-list id=offers hidden></ul>`);
      history.replaceState(null, "", "?q=state%3Arunning");
      const { Filter } = await import("/runs/filter.js");
      const filter = new Filter();
      filter.input.focus();
      filter.input.value = "state:running ";
      filter.show();
      const typed = filter.input.value;
      filter.apply();
      return [typed, filter.input.value];
    }""")
    assert told == ["state:running ", "state:running"]


SEARCHING = """async (status) => {
  const parts = ["search", "regex", "case", "told", "hits", "hit-list", "errors", "tools", "previous", "next", "list"];
  const tag = (name) => (name === "search" ? "input" : "button");
  document.body.insertAdjacentHTML("beforeend",
    `<div id=log>${parts.map((name) => `<${tag(name)} data-log-${name}></${tag(name)}>`).join("")}</div>`);
  const { Search } = await import("/log/search.js");
  const gone = [];
  const given = { url: "/search", attempt: 1, onHits() {}, goto: (line) => gone.push(line), here: () => 1 };
  const search = new Search(document.querySelector("#log"), given);
  const enter = async (text) => {
    search.field.value = text;
    search.field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await settled();
  };
  const hit = (line) => ({ line, text: "x", spans: [], above: [], below: [] });
  const found = (line) =>
    ({ numbers: [line], total: 1, before: 0, count: 9, complete: true, searched: 9, hits: [hit(line)] });
  await enter("a");
  await answer(0, found(3));
  await enter("b");
  await answer(1, { detail: "too many" }, status);
  const said = search.told.textContent;
  await enter("b");
  await answer(2, found(7));
  return [said, gone, search.told.textContent];
}"""


@pytest.mark.parametrize("status", [429, 500])
def test_enter_asks_again_for_what_the_server_did_not_answer(page: Page, status: int) -> None:
    """And does not go to a hit of what was looked for before."""
    told = page.evaluate(SEARCHING, status)
    assert told == ["the server did not answer; press Enter to try again", [3, 7], "1 of 1"]


def test_lines_that_cannot_be_had_are_not_copied_and_that_is_said(page: Page) -> None:
    told = page.evaluate("""async () => {
      const names = ["chosen", "chosen-told", "view", "copy", "copy-link", "unchoose"];
      document.body.insertAdjacentHTML("beforeend",
        `<div id=log>${names.map((name) => `<b data-log-${name}></b>`).join("")}</div>`);
      const { Links } = await import("/log/links.js");
      const lost = [];
      window.addEventListener("unhandledrejection", () => lost.push(1));
      const lines = () => Promise.reject(new TypeError("Failed to fetch"));
      const links = new Links(document.querySelector("#log"), { show() {}, goto() {}, lines });
      links.choose([1, 2]);
      document.querySelector("[data-log-copy]").click();
      await settled();
      return [document.querySelector("[data-toast-said]").textContent, lost.length];
    }""")
    assert told == ["The server did not answer: nothing is copied.", 0]


def test_a_part_that_may_not_be_fetched_while_somebody_types_is_fetched_when_they_are_done(
    page: Page,
) -> None:
    """The end of a run is told once: whoever looks for something in its config then must still get the summary."""
    told = page.evaluate("""async () => {
      document.body.insertAdjacentHTML("beforeend", "<section><input></section>");
      const part = document.querySelector("section");
      const [timers, asked] = [[], []];
      let now = performance.now();
      performance.now = () => now;
      window.htmx = { trigger: (which) => asked.push(which === part) };
      window.setTimeout = (run, wait) => timers.push(() => { now += wait; run(); });
      const { bring } = await import("/live.js");
      part.firstChild.focus();
      bring(part);
      bring(part);
      const typing = [asked.length, timers.length];
      timers.shift()();
      part.firstChild.blur();
      const waiting = [asked.length, timers.length];
      timers.shift()();
      return [typing, waiting, asked, timers.length];
    }""")
    assert told == [[0, 1], [0, 1], [True], 0]


def test_news_that_come_while_the_table_is_on_its_way_are_looked_at_after_it(page: Page) -> None:
    told = page.evaluate("""async () => {
      const [sockets, timers, loads] = [[], [], []];
      window.WebSocket = class { constructor() { sockets.push(this); } };
      window.setInterval = () => 0;
      window.setTimeout = (run) => timers.push(run);
      const { Alive } = await import("/runs/alive.js");
      const table = { told: {}, loading: {}, load: (how) => loads.push(how) };
      new Alive({ table, board: {}, note: null });
      sockets[0].onmessage({ data: "{}" });
      timers.shift()();
      document.dispatchEvent(new Event("whirr:refresh"));
      const meanwhile = loads.length;
      table.loading = null;
      timers.pop()();
      return [meanwhile, loads];
    }""")
    assert told == [0, [{"live": True}]]


def test_the_earlier_of_two_answers_does_not_take_the_place_of_the_later_one(page: Page) -> None:
    told = page.evaluate("""async () => {
      document.body.insertAdjacentHTML("beforeend", `<section data-media="/media"><h2 class=heading></h2>
        <div data-media-grid data-events=0></div>
        <article data-card data-kind=histogram data-name=w><i data-media-plot="/w"></i><b data-unread></b></article>
        </section>`);
      const { Media } = await import("/media.js");
      const media = new Media(document.querySelector("section"), { attempt: 1 });
      const card = document.querySelector("article");
      media.draw = () => {};
      media.observer.disconnect();
      const grid = (events) => `<h2 class=heading>${events}</h2><div data-media-grid data-events=${events}></div>`;
      for (const deed of [() => media.fetchFigure(card), () => media.refresh()]) [deed(), deed()];
      await answer(1, { figure: "later", unread: 0 });
      await answer(0, { figure: "earlier", unread: 0 });
      await answer(3, grid(7));
      await answer(2, grid(4));
      return [media.figures.get(card), media.cursor];
    }""")
    assert told == ["later", 7]


BOARD = """async () => {
  const { Board } = await import("/charts/board.js");
  const taken = [];
  const again = [];
  const root = Object.assign(document.createElement("div"), { isBoard: true });
  root.dataset.board = "/charts/board";
  const board = { asked: "a", questions: 0, answered: 0, wanted: [], root, settings: { columns: () => [] },
    take: (told) => taken.push(told.at), trouble() {}, show: () => again.push(1) };
  const ask = () => Board.prototype.reload.call(board);
  const busy = () => root.getAttribute("aria-busy");
  DEED
}"""


def test_a_board_keeps_the_later_of_two_answers(page: Page) -> None:
    deed = """ask(); ask(); ask();
      await answer(1, { at: 1 });
      const waits = busy();
      await answer(0, { at: 0 });
      await answer(2, { at: 2 });
      return [taken, waits, busy()];"""
    assert page.evaluate(BOARD.replace("DEED", deed)) == [[1, 2], "true", None]


def test_a_board_whose_earlier_question_failed_takes_the_answer_to_the_later_one(
    page: Page,
) -> None:
    deed = """ask();
      board.asked = "other runs";
      ask();
      await answer(0, {}, 500);
      await answer(1, { at: 1 });
      return [taken, board.asked];"""
    assert page.evaluate(BOARD.replace("DEED", deed)) == [[1], "other runs"]


def test_a_log_that_began_anew_says_where_it_stands_once_its_end_is_here(page: Page) -> None:
    """What is pushed before that is passed over, and no later push may come to show that it is missing."""
    told = page.evaluate("""async () => {
      const { LogViewer } = await import("/log/viewer.js");
      const asked = [];
      let here;
      const viewer = { attempt: 1, ready: true, links: { forget() {} }, onMisfit: () => asked.push(viewer.ready),
        begin() { viewer.ready = false; },
        start: () => new Promise((done) => (here = () => { viewer.ready = true; done(); })) };
      LogViewer.prototype.push.call(viewer, { attempt: 1, anew: true });
      LogViewer.prototype.push.call(viewer, { attempt: 1, offset: 0, end: 9, text: "passed over" });
      await settled();
      const before = asked.length;
      here();
      await settled();
      return [before, asked];
    }""")
    assert told == [0, [True]]
