"""One chart over its life, in a real browser: when it fetches, what it listens to, what it gives back."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.calling import Call, calling
from tests.browser.modules import HOST, empty_page

# A board of one run whose timers wait until they are run; `asked` counts what it fetched.
BOARD = """
  const timers = new Map();
  const [set, clear] = [window.setTimeout, window.clearTimeout];
  window.setTimeout = (act) => (timers.set(timers.size + 1, act), timers.size);
  window.clearTimeout = (id) => timers.delete(id);
  const pass = () => [...timers].forEach(([id, act]) => (timers.delete(id), act()));
  const settled = () => new Promise((go) => set(go, 0));
  let asked = 0;
  const answers = [];
  const told = { x: "step", y: "linear", zoom: null, smooth: null };
  const board = { revision: 1, series: { loss: 1 }, runs: [{ run: "a" }, { run: "b" }], groups: [], hidden: new Set(),
    byRun: new Map([["a", {}], ["b", {}]]), settings: { of: () => told, ...told }, changed() {},
    looks: { of: () => ({ colour: "--series-0", dash: 0 }) },
    style: { limits: { narrowest: 10, width: 600, buckets: 60000, writers: 32, marked: 30, thin_again: 9000 } },
    hover: { attach() {}, detach() {} },
    source: { curves: () => (asked += 1, answers.shift() ?? Promise.resolve([curve({ run: "a", y: [1, 2] })])) } };
  const chart = new m.Chart(board, m.plain("loss"));
  const points = { from: 2, step: [2], value: [3], time: [2] };
  const done = (found) => (Object.assign(window, { setTimeout: set, clearTimeout: clear }), found);
"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


@pytest.fixture
def run(page: Page) -> Call:
    return calling(page)


def test_a_metric_that_a_run_logs_since_just_now_is_fetched(run: Call) -> None:
    body = """
      chart.setVisible(true); await settled();
      chart.feed("b", "", points); pass(); await settled();
      const after = asked;
      board.series = { loss: 2 }; chart.setVisible(true); await settled();
      return done([after, asked]);"""
    assert run("chart", f"{{ {BOARD} {body} }}") == [2, 3]


def test_a_timer_that_was_overtaken_leaves_room_for_the_next(run: Call) -> None:
    body = """
      chart.setVisible(true); await settled();
      chart.later(); await chart.load();
      chart.later(); pass(); await settled();
      answers.push(Promise.reject(new Error("gone"))); await chart.load();
      pass(); await settled(); chart.later(); pass(); await settled();
      return done(asked);"""
    assert run("chart", f"{{ {BOARD} {body} }}") == 6


def test_a_chart_that_is_let_go_keeps_no_points_and_is_fetched_anew(run: Call) -> None:
    body = """
      chart.setVisible(true); await settled();
      chart.setVisible(false); chart.later(); chart.purge();
      const kept = [chart.curves.length, chart.drawing ?? null, timers.size];
      chart.feed("a", "", points); pass(); await settled();
      const unseen = asked;
      chart.setVisible(true); await settled();
      return done([...kept, unseen, asked, chart.curves.length]);"""
    assert run("chart", f"{{ {BOARD} {body} }}") == [0, None, 0, 1, 2, 1]


def test_a_chart_has_its_listeners_once_however_often_it_is_let_go(run: Call) -> None:
    body = """{
      const board = { settings: {} };
      const hover = new m.Hover(board);
      const plot = document.createElement("div");
      const chart = { plot };
      let heard = 0;
      const add = plot.addEventListener.bind(plot);
      plot.addEventListener = (...told) => (heard += 1, add(...told));
      for (let turn = 0; turn < 5; turn += 1) { hover.attach(chart); hover.detach(chart); }
      hover.destroy();
      return [heard, plot.children.length];
    }"""
    assert run("hover", body) == [4, 0]


def test_a_metric_that_comes_to_match_is_fetched_into_the_chart_of_several(run: Call) -> None:
    body = """
      chart.setVisible(true); await settled();
      chart.update({ name: "panel:1", title: "Losses", keys: ["loss", "val"], wide: true });
      chart.setVisible(true); await settled();
      const shown = [chart.card.ariaLabel, chart.card.classList.contains("is-wide"), chart.curves.length];
      chart.feed("a", "", points, "val"); pass(); await settled();
      return done([...shown, asked, chart.curves[0].count]);"""
    told = run("chart", f"{{ {BOARD} {body} }}")
    assert told == ["Losses", True, 2, 5, 2], "one call, then one for each metric, twice"


def test_points_of_a_metric_go_to_its_own_curve(run: Call) -> None:
    body = """
      board.source.curves = ({ key }) => Promise.resolve([curve({ key, run: "a", y: [1, 2] })]);
      chart.update({ name: "panel:1", title: "Losses", keys: ["loss", "val"] });
      chart.setVisible(true); await settled();
      chart.feed("a", "", points, "val");
      return done([chart.curves.map(({ key, count }) => [key, count]), [...chart.cursors("a")]]);"""
    counts = [["loss", 2], ["val", 3]]
    assert run("chart", f"{{ {BOARD} {body} }}") == [counts, counts]


def test_the_server_goes_on_from_where_the_chart_is_that_has_least(run: Call) -> None:
    body = """{
      const chart = (count) => ({ visible: true, cursors: () => [["loss", count]] });
      return m.Board.prototype.cursors.call({ charts: [chart(7), chart(5), chart(9)] }, "a");
    }"""
    assert run("board", body) == {"loss": 5}


NAMES = ["constructor", "__proto__", "toString"]


def test_metrics_may_be_called_as_what_objects_have(run: Call) -> None:
    body = """{
      const chart = { visible: true, cursors: () => given.map((name) => [name, 5]) };
      const counts = m.Board.prototype.cursors.call({ charts: [chart, chart] }, "a");
      const board = { wanted: [], runs: [], settings: { colour: "run" }, arrange() {} };
      const told = { runs: [], sections: [], style: {}, missing: [] };
      const take = (series) => m.Board.prototype.take.call(board, { ...told, series });
      take({ loss: 2 });
      const before = given.map((name) => board.series[name] ?? "none");
      take(JSON.parse('{"__proto__": 3}'));
      return [JSON.stringify(counts), before, board.series["__proto__"]];
    }"""
    counts, before, known = run("board", body, NAMES)
    assert json.loads(counts) == dict.fromkeys(NAMES, 5)
    assert (before, known) == (["none"] * 3, 3)


@pytest.mark.parametrize("fixed", [None, [1, 2]])
@pytest.mark.parametrize("along", [None, [3, 4]])
@pytest.mark.parametrize("together", [True, False])
def test_each_drag_is_one_step_that_back_undoes(
    run: Call, page: Page, together: bool, along: list[float] | None, fixed: list[float] | None
) -> None:
    body = """{
      const { Settings } = await import("/charts/settings.js");
      const settings = Object.assign(new Settings(), { together: given[0] });
      const before = history.length;
      const chart = { name: "loss", get settings() { return settings.of("loss"); } };
      m.Board.prototype.zoomed.call({ settings }, chart, given[1], given[2]);
      const { zoom, fixed } = chart.settings;
      return [history.length - before, zoom, fixed, Boolean(settings.board.zoom)];
    }"""
    page.goto(f"{HOST}/empty")
    steps = 1 if along or fixed else 0
    is_of_all = bool(together and along)
    assert run("board", body, [together, along, fixed]) == [steps, along, fixed, is_of_all]


def test_what_cannot_be_drawn_is_said_once_and_not_fetched_anew(run: Call) -> None:
    body = """
      const [plotly, warn] = [window.Plotly, console.warn];
      const warned = [];
      console.warn = (error) => warned.push(error.message);
      window.Plotly = {};
      chart.paint = () => { throw new Error("no such axis"); };
      chart.setVisible(true); await settled();
      const said = chart.notes.textContent;
      pass(); await settled(); chart.draw();
      chart.paint = () => chart.say(); chart.draw();
      Object.assign(console, { warn }); window.Plotly = plotly;
      return done([asked, said, warned, chart.notes.textContent]);"""
    told = [1, "not drawn: no such axis", ["no such axis"], ""]
    assert run("chart", f"{{ {BOARD} {body} }}") == told


def test_a_metric_of_two_charts_is_asked_for_once(run: Call) -> None:
    body = """{
      const asked = [];
      const before = window.fetch;
      const keys = (address) => new URL(address, location).searchParams.get("keys");
      window.fetch = (address) => (asked.push(keys(address)), Promise.reject(new Error("no")));
      const source = new m.Source();
      const wish = { runs: [{ run: "a" }], series: {}, x: "step", from: null, to: null, width: 100 };
      await Promise.allSettled(["loss", "val", "loss"].map((key) => source.curves({ ...wish, key })));
      window.fetch = before;
      return asked;
    }"""
    assert run("fetching", body) == ["loss,val"]


def test_a_run_that_waited_when_its_page_was_made_is_asked_for_by_no_attempt(run: Call) -> None:
    """Its first attempt may have points before the page has heard that there is one; the server knows no attempt 0."""
    body = """{
      const asked = [];
      const before = window.fetch;
      const attempt = (address) => new URL(address, location).searchParams.get("attempt");
      window.fetch = (address) => (asked.push(attempt(address)), Promise.reject(new Error("no")));
      const source = new m.Source();
      const wish = { key: "loss", series: {}, x: "step", from: null, to: null, width: 100 };
      for (const given of [0, 2, undefined])
        await source.curves({ ...wish, runs: [{ run: "a", attempt: given }] }).catch(() => {});
      window.fetch = before;
      return asked;
    }"""
    assert run("fetching", body) == [None, "2", None]
