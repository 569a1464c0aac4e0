"""What the scripts of the log keep, and forget, when it grows, begins anew, or an answer fails to come."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

PARTS = """
  const names = ["search", "regex", "case", "told", "hits", "hit-list", "errors", "tools", "previous", "next", "list"];
  const root = document.createElement("div");
  for (const name of names) {
    const part = document.createElement(name === "search" ? "input" : "button");
    part.setAttribute(`data-log-${name}`, "");
    root.append(part);
  }
  document.body.replaceChildren(root);
  const part = (name) => root.querySelector(`[data-log-${name}]`);
  const asked = [], went = [], marks = [], waits = [];
  const real = [window.fetch, window.setTimeout];
  window.setTimeout = (later, ms) => waits.push([later, ms]);
  const hit = (line) => ({ line, text: "a", spans: [], above: [], below: [] });
  const answer = { total: 0, before: 0, numbers: [], hits: [], complete: true, searched: 0, count: 0 };
  const found = (count, numbers) =>
    Object.assign(answer, { total: numbers.length, numbers, hits: numbers.map(hit), searched: count, count });
  window.fetch = async (url) => {
    asked.push(new URL(url, location.href).searchParams.get("near"));
    return { ok: true, json: async () => ({ ...answer }) };
  };
  const { Search } = await import("/log/search.js");
  const onHits = ({ numbers, current, lines }) => marks.push([numbers.length, current ?? null, lines]);
  const search = new Search(root, { url: "/s", attempt: 1, goto: (line) => went.push(line), here: () => 1, onHits });
  search.forget(1);
  const settle = async () => { for (let n = 0; n < 20; n += 1) await null; };
"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def scripted(page: Page, body: str) -> object:
    """What `body` returns, which has a Search without a server and without a clock."""
    return page.evaluate(
        f"async () => {{ {PARTS} try {{ {body} }} finally {{ [window.fetch, window.setTimeout] = real; }} }}"
    )


def test_a_step_behind_the_last_hit_looks_into_what_came_since(page: Page) -> None:
    told = scripted(
        page,
        """
        part("search").value = "a";
        found(10, [3, 8]);
        await search.run({ jump: true });
        await search.step(1);
        found(20, [3, 8, 15]);
        search.grew(20);
        await search.step(1);
        const there = [part("told").textContent, [...went]];
        search.grew(30);
        found(30, [3, 8, 15]);
        await search.step(1);
        return [...there, part("told").textContent, went.at(-1), asked];
        """,
    )
    assert told == ["3 of 3", [3, 8, 15], "1 of 3", 3, ["1", "9", "16"]]


def test_a_log_that_grows_is_searched_again_and_the_reader_stays(page: Page) -> None:
    """In its own time, once, not while it has not grown, and not where the time for one search was over."""
    told = scripted(
        page,
        """
        part("search").value = "a";
        found(10, [3, 8]);
        await search.run({ jump: true });
        search.grew(10);
        const none = waits.length;
        search.grew(20);
        search.grew(21);
        const [[later, ms]] = waits;
        found(21, [3, 8, 15]);
        part("hit-list").children[1].focus();
        const focused = document.activeElement.dataset.hit === "8";
        later();
        await settle();
        const place = [part("told").textContent, [...went], marks.at(-1), document.activeElement.dataset.hit];
        const current = [...part("hit-list").children].filter((each) => each.getAttribute("aria-current"));
        answer.complete = false;
        await search.run({});
        search.grew(99);
        return [none, ms, waits.length, focused, place, current.map((each) => each.dataset.hit)];
        """,
    )
    place = ["1 of 3", [3], [3, 3, 21], "8"]
    assert told == [0, 15_000, 1, True, place, ["3"]]


def test_a_log_that_begins_anew_has_no_hits_of_the_one_before(page: Page) -> None:
    """Nothing marked, chosen or counted; an answer that is on its way is not for this log."""
    told = scripted(
        page,
        """
        const { LogViewer } = await import("/log/viewer.js");
        const { Spans } = await import("/log/marking.js");
        const spans = new Spans("/s", { rawOf: () => "", onCome: () => {} });
        part("search").value = "a";
        part("regex").ariaPressed = "true";
        const gone = [];
        const viewer = Object.assign(Object.create(LogViewer.prototype), {
          search, spans, base: "/", attempt: 1, lookOf: { version: 0, marks: new Set() },
          geometry: { clear() {}, shape() {} }, options: { row: 1 }, list: { later() {}, draw() {} },
          strip: { take() {} }, links: { forget: () => gone.push("links") }, setLive() {}, setFollow() {},
          ranks: { forget: () => gone.push("ranks") },
        });
        search.onHits = (hits) => viewer.found(hits);
        found(10, [3, 8]);
        await search.run({ jump: true });
        spans.lines.set(3, [[0, 1]]);
        const before = [viewer.lookOf.marks.size, viewer.lookOf.current];
        const late = search.run({});
        viewer.reset(2);
        await late.catch(() => {});
        const { marks: marked, current } = viewer.lookOf;
        return [before, gone, marked.size, current ?? null, spans.lines.size, spans.question, search.attempt,
          part("told").textContent, part("hit-list").children.length, search.answered];
        """,
    )
    assert told == [[2, 3], ["links", "ranks"], 0, None, 0, "", 2, "", 0, None]


def test_marks_that_did_not_come_are_asked_for_again_and_new_lines_too(page: Page) -> None:
    told = scripted(
        page,
        """
        const { Spans } = await import("/log/marking.js");
        const asked = [];
        let fails = true;
        window.fetch = async (url) => {
          const from = Number(new URL(url, location.href).searchParams.get("from"));
          asked.push(from);
          if (fails) return { ok: false, status: 400 };
          return { ok: true, json: async () => ({ spans: { [from]: [[0, 1]] }, until: from + 500 }) };
        };
        const spans = new Spans("/s", { rawOf: () => "", onCome: () => [0, 1].forEach((each) => spans.need(each)) });
        spans.ask("q=a", { total: 2, lines: 700 });
        spans.need(0);
        await settle();
        fails = false;
        waits.pop()[0]();
        await settle();
        const first = [...asked];
        spans.ask("q=a", { total: 2, lines: 700 });
        spans.need(1);
        spans.ask("q=a", { total: 3, lines: 800 });
        const kept = spans.lines.size;
        spans.need(0);
        spans.need(1);
        await settle();
        return [first, asked, kept];
        """,
    )
    assert told == [[1, 1, 501], [1, 1, 501, 501], 2]


def test_what_the_reader_closed_stays_closed_and_live_groups_stay(page: Page) -> None:
    """Each part of the survey brings the groups anew, and knows less of the end than this page."""
    told = page.evaluate(
        """async () => {
          const { Folds } = await import("/log/folds.js");
          const folds = new Folds(), shown = () => [2, 12, 22].map((line) => folds.isShown(line));
          const group = (first, last) => ({ kind: "group", first, last, title: "" });
          const survey = () => folds.take([group(1, 5), group(10, null)], 11, 0, 3);
          survey();
          const opened = shown();
          folds.live(["::endgroup::", "::group::new", "x", "::endgroup::"], 20);
          folds.toggle(1);
          folds.toggle(10);
          const closed = shown();
          survey();
          return [opened, closed, shown(), folds.all.map((each) => [each.first, each.last])];
        }"""
    )
    closed = [False, False, True]
    assert told == [[True] * 3, closed, closed, [[1, 5], [10, 20], [21, 23]]]
