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
      document.body.innerHTML = "<button>Print</button><main></main><p></p>";
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
      press.click();
      const busy = [press.disabled, press.textContent];
      await done;
      return { printed, calls, before, busy, after: [missing(), note.hidden, press.disabled, press.textContent] };
    }""")
    assert told["printed"][0].startswith(
        "Not on this paper, since the page had not loaded it: Config."
    )
    assert told["printed"][1] == ""
    assert told["calls"] == ["part", "rows"]
    assert told["before"] == [["Config"], True]
    assert told["busy"] == [True, "Loading…"]
    assert told["after"] == [[], True, False, "Print"]
