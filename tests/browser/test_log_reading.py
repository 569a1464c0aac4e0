"""The scripts that show a reader where things are in a log: marks, hits, the line in view when heights change."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

LIST = """async () => {
  const { List } = await import("/log/list.js");
  const { Geometry } = await import("/log/geometry.js");
  const { Folds } = await import("/log/folds.js");
  document.body.innerHTML = "<div id=v><div data-log-space></div><div data-log-lines></div></div>";
  const view = document.getElementById("v");
  Object.assign(view.style, { height: "300px", overflow: "auto" });
  const geometry = new Geometry();
  const folds = new Folds();
  const drawn = [];
  const source = { geometry, pages: { need: () => drawn.push(list.y) }, shape: () => geometry.shape(5000, folds),
    arrange: () => false, expects: () => 0, wraps: () => false, showState() {}, look: () => ({ version: 1 }) };
  const moves = [];
  const list = new List(view, source, { onScroll: (up, sized) => sized || moves.push(up) });
  list.toEnd();
  const end = view.scrollTop;
  const found = await MOVE(list, view);
  document.body.replaceChildren();
  return [end > 80000, list.y, moves.length, drawn.includes(20000), ...found];
}"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def test_a_click_on_the_strip_means_the_mark_that_is_near(page: Page) -> None:
    """The first error of the mark, before a warning that a hand cannot tell from it; far from all, the line there."""
    told = page.evaluate(
        """async () => {
          const { Strip } = await import("/log/strip.js");
          const canvas = document.createElement("canvas");
          document.body.append(canvas);
          const strip = new Strip(canvas, { goto: () => {} });
          const before = strip.at(0.5);
          strip.take([[499_000, 0, 3], [500_022, 2, 1], [900_000, 0, 1]], 1_000_000);
          const long = [0.5, 0.9, 0.2, 0].map((share) => strip.at(share));
          strip.take([[1, 0, 1], [40, 1, 0]], 50);
          return [before, long, [0, 0.8].map((share) => strip.at(share))];
        }"""
    )
    assert told == [0, [500_022, 900_000, 200_000, 1], [1, 40]]


def test_the_line_at_a_height_is_the_one_that_has_it(page: Page) -> None:
    """Also on a page of lines that is not here and has closed groups: so nobody is thrown elsewhere."""
    told = page.evaluate(
        """async () => {
          const { Geometry } = await import("/log/geometry.js");
          const { Folds } = await import("/log/folds.js");
          const geometry = new Geometry(), folds = new Folds();
          const group = (first, last) => ({ kind: "group", first, last, title: "" });
          folds.take([group(10, 200), group(480, 700)], 3000, 0);
          geometry.row = 10;
          geometry.shape(3000, folds);
          return [1, 9, 10, 201, 300, 480, 701, 2999, 3000].filter((line) => {
            const { number, within } = geometry.at(geometry.of(line) + 5);
            return geometry.lineAt(number, within) !== line;
          });
        }"""
    )
    assert told == []


def test_states_of_a_bar_are_not_the_chosen_line_and_stand_below_its_text(page: Page) -> None:
    told = page.evaluate(
        """async () => {
          const { arrange } = await import("/log/arrange.js");
          const { rowElement } = await import("/log/element.js");
          const { Folds } = await import("/log/folds.js");
          const folds = new Folds();
          folds.arrange();
          const raw = [Array.from({ length: 413 }, (_, n) => `it ${n}`).join("\\r")];
          const view = { raw: false, repeats: "exact", times: "utc", began: 0, opened: new Set(["u1"]), folds };
          const items = arrange({ first: 1, lead: [], raw, cut: {}, times: [0] }, view);
          const look = { times: "utc", marks: new Set([1]), chosen: [1, 1], current: 1 };
          const rows = items.map((item) => rowElement(item, look));
          const button = rows[1].querySelector("[data-to-raw]");
          const named = (name) => rows.filter((row) => row.classList.contains(name)).length;
          const times = rows.filter((row) => row.querySelector(".at")).length;
          const names = ["chosen", "hit", "current"].map(named);
          return [rows.length, names, times, button.dataset.toRaw, button.textContent];
        }"""
    )
    assert told == [402, [1, 1, 1], 402, "1", "13 earlier states in the raw log"]


def test_a_program_may_keep_the_group_before_open(page: Page) -> None:
    """`^^^ +++` is no row; who closes the group has the last word."""
    told = page.evaluate(
        """async () => {
          const { arrange } = await import("/log/arrange.js");
          const { Folds } = await import("/log/folds.js");
          const folds = new Folds();
          const raw = ["::group::a", "in a", "::endgroup::", "^^^ +++", "::group::b", "in b", "::endgroup::"];
          folds.arrange();
          folds.live(["^^^ +++"], 1);
          folds.live(raw, 1);
          folds.wishes.clear();
          const lines = () => {
            const view = { raw: false, repeats: "exact", times: "off", began: 0, opened: new Set(), folds };
            folds.arrange();
            return arrange({ first: 1, lead: [], raw, cut: {}, times: null }, view).map((item) => item.line);
          };
          const asked = lines();
          folds.toggle(1);
          return [asked, lines()];
        }"""
    )
    assert told == [[1, 2, 5], [1, 5]]


def test_hits_are_marked_where_the_server_found_them(page: Page) -> None:
    """Over pieces of different colours, and in a bar that wrote over itself; a text is marked over pieces, too."""
    told = page.evaluate(
        """async () => {
          const { Spans, marked, placesOf } = await import("/log/marking.js");
          const { rowElement } = await import("/log/element.js");
          const raw = ["loss \\x1b[31m1.5\\x1b[0m", "9 %\\r10 %"];
          const spans = new Spans("/nowhere", { rawOf: (line) => raw[line - 1], onCome: () => {} });
          spans.lines = new Map([[1, [[0, 8]]], [2, [[4, 4]]]]);
          const row = (line, pieces, look) => {
            const item = { kind: "line", line, row: { pieces: pieces.map((text) => ({ text, style: {} })) } };
            const marks = rowElement(item, { times: "off", spans, ...look }).querySelectorAll("mark");
            return [...marks].map((mark) => mark.textContent);
          };
          const box = document.createElement("p");
          box.append(marked("<b>x</b>", [[0, 3]]));
          const split = row(1, ["a lo", "ss"], { wanted: { text: "LOSS" } });
          return [row(1, ["loss ", "1.5"]), row(2, ["10 %"]), row(3, ["none"]), split,
            placesOf("aAa", { text: "a", case: true }), placesOf("x", null), box.innerHTML];
        }"""
    )
    marks = [["loss ", "1.5"], ["10 %"], [], ["lo", "ss"]]
    assert told == [*marks, [[0, 1], [2, 3]], [], "<mark>&lt;b&gt;</mark>x&lt;/b&gt;"]


def test_spans_of_a_page_of_lines_are_asked_for_once_and_only_where_hits_are(page: Page) -> None:
    asked = page.evaluate(
        """async () => {
          const { Spans } = await import("/log/marking.js");
          const asked = [], real = window.fetch;
          window.fetch = async (url) => {
            asked.push(url.replace("/s?", ""));
            return { ok: true, json: async () => ({ spans: { 3: [[0, 1]] }, until: 501 }) };
          };
          let come = 0;
          const spans = new Spans("/s", { rawOf: () => "", onCome: () => (come += 1) });
          const need = async () => {
            for (const number of [0, 0, 1]) spans.need(number);
            await new Promise((done) => setTimeout(done));
          };
          await need();
          spans.ask("q=a", { total: 1, isIn: (first) => first === 1 });
          await need();
          spans.ask("q=a", { total: 1, isIn: () => true });
          await need();
          spans.ask("q=a", { total: 2, isIn: (first) => first === 1 });
          await need();
          spans.ask("");
          await need();
          window.fetch = real;
          return [asked, come, spans.lines.size];
        }"""
    )
    assert asked == [["q=a&from=1&count=500"] * 2, 2, 0]


def test_one_line_is_one_line(page: Page) -> None:
    told = page.evaluate(
        """async () => {
          const { counted } = await import("/log/plain.js");
          return [0, 1, 2000].map((n) => counted(n, "new line"));
        }"""
    )
    assert told == ["0 new lines", "1 new line", "2,000 new lines"]


def test_a_page_has_several_keys_of_one_name_and_the_latest_that_exists_counts(page: Page) -> None:
    """`/` is the log's while one sees the log, and that of the charts otherwise."""
    told = page.evaluate(
        """async () => {
          const { addKey, installKeys } = await import("/keys.js");
          installKeys();
          const pressed = [];
          let there = true;
          addKey("q", "one", () => pressed.push("one"));
          addKey("q", "two", () => pressed.push("two"), { when: () => there });
          const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "q", bubbles: true }));
          press();
          there = false;
          press();
          return pressed;
        }"""
    )
    assert told == ["two", "one"]


def moved(page: Page, move: str) -> list[object]:
    """What became of a list of 5000 rows at its end when `move(list, view)` had scrolled it to 20000 px."""
    found: list[object] = page.evaluate(LIST.replace("MOVE", f"({move})"))
    return found


def test_what_is_drawn_before_the_scroll_bar_was_heard_does_not_undo_its_move(page: Page) -> None:
    """A page of lines may come between somebody's move and the browser's word of it."""
    move = (
        "(list, view) => { view.scrollTop = 20000; list.draw(); return [view.scrollTop, list.y]; }"
    )
    assert moved(page, move)[-2:] == [20000, 20000]


@pytest.mark.parametrize("before", ["timers.forEach((run) => run())", "list.keeping(() => {})"])
def test_whoever_hears_of_a_move_before_the_browser_tells_draws_it(page: Page, before: str) -> None:
    """The timer that ends a scroll, or rows that change their heights: the event finds nothing new behind them."""
    move = """async (list, view) => {
      const [real, timers] = [window.setTimeout, []];
      window.setTimeout = (run, ms) => (ms === 150 ? timers.push(run) : real(run, ms));
      view.scrollTop = 50000;
      const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      await frames();
      view.scrollTop = 20000;
      BEFORE;
      window.setTimeout = real;
      await frames();
      return [timers.length > 0];
    }"""
    assert moved(page, move.replace("BEFORE", before)) == [True, 20000, 2, True, True]


def test_lines_that_come_take_nobody_back_to_a_line_after_they_scrolled_away(page: Page) -> None:
    told = page.evaluate("""async () => {
      const { LogViewer } = await import("/log/viewer.js");
      const did = [];
      const viewer = { target: { line: 7, near: true }, ranks: {} };
      viewer.list = {
        hear: () => (viewer.target = null),
        toLine: () => did.push("toLine"),
        later: () => did.push("later"),
      };
      LogViewer.prototype.arrived.call(viewer);
      return did;
    }""")
    assert told == ["later"]
