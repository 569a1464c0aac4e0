"""Scripts of the compare page, one at a time: how often it asks, and which runs it means."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def test_what_changes_is_asked_for_after_news_and_never_twice_at_once(page: Page) -> None:
    """The clock is ours: an answer that took four seconds is followed by twenty of rest."""
    told = page.evaluate("""async () => {
      const { Patient } = await import("/compare/patient.js");
      let [clock, calls, answer] = [0, 0, null];
      const asking = new Patient(() => { calls += 1; return new Promise((done) => (answer = done)); }, () => clock);
      const counts = [];
      const at = (time) => { clock = time; asking.look(); counts.push(calls); };
      at(9000);
      asking.news();
      at(9000);
      asking.news();
      at(12000);
      clock = 13000;
      answer();
      await new Promise((done) => setTimeout(done));
      at(32000);
      at(33000);
      return counts;
    }""")
    assert told == [0, 1, 1, 1, 2]


def test_many_new_metrics_make_a_board_ask_once(page: Page) -> None:
    told = page.evaluate("""async () => {
      const { Board } = await import("/charts/board.js");
      const [timers, waits] = [[], []];
      const real = window.setTimeout;
      window.setTimeout = (does, wait) => { timers.push(does); waits.push(wait); return timers.length; };
      let reloads = 0;
      const board = Object.assign(Object.create(Board.prototype), { reload: () => (reloads += 1) });
      const message = { type: "keys", count: 9 };
      const news = () => { for (let run = 0; run < 30; run += 1) board.feed(`job-${run}`, message); };
      news();
      timers.shift()();
      news();
      window.setTimeout = real;
      return { reloads, left: timers.length, first: waits[0], later: waits[1] > 0 && waits[1] <= 2000 };
    }""")
    assert told == {"reloads": 1, "left": 1, "first": 0, "later": True}


def test_an_attempt_that_began_meanwhile_is_that_of_a_run_however_the_runs_are_ordered(
    page: Page,
) -> None:
    """Charts would ask for the attempt before it; Back leads to lists that were made before it, too."""
    told = page.evaluate("""async () => {
      const { State } = await import("/compare/state.js");
      history.replaceState(null, "", "?runs=job-1,job-2");
      const state = new State([{ id: "job-1", attempt: 1 }, { id: "job-2", attempt: 1 }]);
      const first = state.all;
      await state.move("job-2", "job-1");
      state.began("job-1", 2);
      const attempts = (runs) => runs.map(({ id, attempt }) => [id, attempt]);
      return [attempts(state.shown()), attempts(first)];
    }""")
    assert told == [[["job-2", 1], ["job-1", 2]], [["job-1", 2], ["job-2", 1]]]


def test_edges_of_a_brush_are_kept_exactly(page: Page) -> None:
    """Rounded, they would leave out the very run at which somebody drew them."""
    told = page.evaluate("""async () => {
      const { brushesOf, told } = await import("/compare/brush.js");
      return brushesOf(told({ "config.lr": [0.123456789012, 20240117.5] }), ["config.lr"]);
    }""")
    assert told == {"config.lr": [0.123456789012, 20240117.5]}


def test_a_page_is_printed_when_every_part_of_it_is_there(page: Page) -> None:
    """Also what is known only when its part is there; a part that fails holds up nothing."""
    told = page.evaluate("""async () => {
      const { addPart, missing, whenNear } = await import("/compare/lazy.js");
      const { mountPrinting } = await import("/compare/printing.js");
      document.body.innerHTML = "<button>Print</button><main></main><p></p><p data-said></p>";
      const [press, root, far] = document.body.children;
      far.setAttribute("aria-label", "Config");
      far.style.marginTop = "9000px";
      const [printed, calls] = [[], []];
      let rows = 0;
      whenNear(far, async () => { calls.push("part"); rows = 2; await 0; throw new Error("no answer"); });
      addPart({ label: () => "Media", isOver: () => rows === 0, begin: async () => { calls.push("rows"); rows = 0; } });
      mountPrinting(root, press);
      const note = root.firstChild;
      const paper = () => {
        dispatchEvent(new Event("beforeprint"));
        printed.push(note.hidden ? "" : note.textContent);
        dispatchEvent(new Event("afterprint"));
      };
      paper();
      const before = [missing(), note.hidden];
      const done = new Promise((resolve) => { window.print = () => { paper(); resolve(); }; });
      const now = () => [press.getAttribute("aria-disabled"), press.textContent, document.activeElement === press,
        document.querySelector("[data-said]").textContent];
      press.focus();
      press.click();
      press.click();
      const busy = now();
      await done;
      return { printed, calls, before, busy, after: [missing(), note.hidden], ready: now() };
    }""")
    assert told["printed"][0].startswith(
        "Not on this paper, since the page had not loaded it: Config."
    )
    assert told["printed"][1] == ""
    assert told["calls"] == ["part", "rows"]
    assert told["before"] == [["Config"], True]
    assert told["busy"] == ["true", "Loading…", True, "Loading…"]
    assert told["after"] == [[], True]
    assert told["ready"] == [None, "Print", True, ""]


def test_paper_says_which_charts_were_too_many_and_which_sections_are_closed(page: Page) -> None:
    told = page.evaluate("""async () => {
      const { mountPrinting, printCharts, printNote } = await import("/compare/printing.js");
      document.body.innerHTML = `<button>Print</button><main></main><p data-said></p><div>
        <details data-section="loss" open></details><details data-section="<b>gpu</b>"></details>
        <details data-section=""></details></div>`;
      const [press, root, , shelf] = document.body.children;
      let loads = 0;
      const chart = (fails) => {
        const card = shelf.firstElementChild.appendChild(document.createElement("div"));
        const load = async function () {
          loads += 1;
          if (fails) throw new Error("no answer");
          this.dirty = false;
        };
        return { card, dirty: true, wish: "", wishText: () => "", load };
      };
      const board = { root: shelf, style: {}, charts: Array.from({ length: 100 }, () => chart(false)) };
      mountPrinting(root, press, printCharts(board));
      const paper = () => {
        dispatchEvent(new Event("beforeprint"));
        const said = root.firstChild.textContent;
        dispatchEvent(new Event("afterprint"));
        return said;
      };
      const pressed = () => new Promise((resolve) => { window.print = () => resolve(paper()); press.click(); });
      const printed = [paper(), await pressed(), loads, paper(), await pressed()];
      board.charts.push(chart(true));
      printed.push(await pressed());
      return { printed, nothing: printNote({}), one: printNote({ beyond: 1, isAsked: true }) };
    }""")
    closed = "Closed, so their charts are not on this paper: <b>gpu</b>, metrics."
    first = "Not on this paper, since the page had not loaded it: some charts."
    first = f"{first} “Print” on the page loads it first, at most 96 charts."
    many = "“Print” loads 96 charts; 4 charts beyond them are not on this paper: close sections that you do not need."
    lost = "Not on this paper, since it could not be loaded: some charts."
    before, pressed, loads, after, again, failed = told["printed"]
    assert (before, pressed, loads) == (f"{first} {closed}", f"{many} {closed}", 96)
    assert (after, again, failed) == (f"{first} {closed}", closed, f"{lost} {closed}")
    assert told["nothing"] == ""
    assert "1 chart beyond them is not" in told["one"]
