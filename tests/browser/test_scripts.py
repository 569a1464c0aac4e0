"""The page's own scripts in a real browser, one at a time."""

import math
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from runs.models import Run, Series
from runs.points import Points, thin
from runs.series import binary
from runs.series.reading import Reading
from tests.browser.modules import empty_page


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    """An empty page that can import our modules; every request it makes is written down."""
    with empty_page(chrome) as page:
        yield page


def test_series_of_the_binary_form_are_typed_arrays(page: Page) -> None:
    """The browser reads what the server writes: an exact series, a thinned one, odd numbers, and steps beyond 2**53."""
    found = [_reading(50, width=10), _reading(3, width=10), _reading(2, width=10, first=2**60)]
    data = binary.encode(found, missing=["job-9"])
    told = page.evaluate(
        """async (bytes) => {
          const { decode } = await import("/series.js");
          const { series, missing } = decode(new Uint8Array(bytes).buffer);
          const listed = (column) => Array.from(column, (each) => String(each));
          return [missing, series.map((each) => [each.key, each.exact, each.points.step.constructor.name,
            listed(each.points.step), listed(each.points.min), listed(each.points.count)])];
        }""",
        list(data),
    )
    big = ["1152921504606846976", "1152921504606846977"]
    assert told == [
        ["job-9"],
        [
            ["loss", False, "Float64Array", [str(n) for n in range(4, 50, 5)], ["NaN"] * 10, ["5"] * 10],
            ["loss", True, "Float64Array", ["0", "1", "2"], ["NaN"] * 3, ["1"] * 3],
            ["loss", True, "BigInt64Array", big, ["NaN"] * 2, ["1"] * 2],
        ],
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"WHIRRSR2" + bytes(8), b"<!doctype html>"])
def test_bytes_that_are_no_series_are_refused(page: Page, data: bytes) -> None:
    told = page.evaluate(
        """async (bytes) => {
          const { decode } = await import("/series.js");
          try { return decode(new Uint8Array(bytes).buffer); } catch (error) { return error.message; }
        }""",
        list(data),
    )
    assert told == "these bytes are no series of whirr"


def test_a_part_is_fetched_once_at_a_time_and_the_slower_it_comes_the_rarer(page: Page) -> None:
    """By a clock of its own: a hundred changes while an answer is on its way are one request, five times as late."""
    told = page.evaluate(
        """async () => {
          const { Pace } = await import("/pace.js");
          let time = 0, sent = 0, typing = true;
          const timers = [];
          const later = (deed, wait) => timers.push([time + wait, deed]);
          const pace = new Pace(() => {
            if (typing) return false;
            sent += 1;
            pace.sent();
            return true;
          }, { now: () => time, later });
          const go = (to) => {
            timers.splice(0).forEach(([at, deed]) => {
              if (at > to) return timers.push([at, deed]);
              time = at;
              deed();
            });
            time = to;
          };
          const wishes = () => { for (let i = 0; i < 100; i++) pace.wish(); return sent; };
          const found = [wishes()];                                     // somebody types in it
          typing = false;
          go(2000); found.push(sent);                                   // and does no more
          go(5000); found.push(wishes());                               // the answer is on its way, for three seconds
          pace.ended(); found.push(wishes());
          go(19999); found.push(wishes());
          go(20000); found.push(sent);
          go(20100); pace.ended();                                      // a quick one
          go(22099); found.push(wishes());
          go(22100); found.push(sent, timers.length);
          return found;
        }"""
    )
    assert told == [0, 1, 1, 1, 1, 2, 2, 3, 0]


def test_the_header_and_the_log_of_a_run_say_how_old_they_are_while_nothing_comes(
    page: Page,
) -> None:
    """What runs is told as of then, too; the header is fetched without a socket, the log comes by it alone."""
    told = page.evaluate(
        """async () => {
          const made = [];
          const real = window.WebSocket;
          window.WebSocket = class { constructor() { made.push(this); } close() {} };
          const { LiveSocket } = await import("/live.js");
          const { followAge } = await import("/run/age.js");
          const begun = new Date(Date.now() - 100_000).toISOString();
          const time = `<time datetime="${begun}" data-elapsed>1 m</time>`;
          document.body.innerHTML = `<div id="head">${time}</div><div id="log"></div>`;
          const [head, log] = document.body.children;
          const marks = () => [head, log].map((part) => part.querySelectorAll("[data-stale] [data-ago]").length);
          const clock = () => {
            const [found] = head.querySelectorAll("[data-elapsed], [data-stopped]");
            return `${"elapsed" in found.dataset ? "" : "stopped at "}${found.textContent.replace(/ [0-9]+ s$/, "")}`;
          };
          const fetched = (successful, target = head) => {
            const detail = { target, successful, requestConfig: { verb: "get" } };
            document.body.dispatchEvent(new CustomEvent("htmx:afterRequest", { detail }));
          };
          const found = [];
          const look = () => found.push(`${marks()} ${clock()}`);
          const socket = new LiveSocket("/ws", { onMessage() {}, onDown: followAge({ head, log }) });
          made[0].onopen(); look();
          made[0].onclose({ code: 1006 }); look();
          fetched(true, log); look();
          fetched(true); look();                         // the header is as it is, the log is not
          fetched(false); look();
          socket.retryNow(); made[1].onopen(); look();
          socket.end();
          window.WebSocket = real;
          document.body.replaceChildren();
          return found;
        }"""
    )
    live, old = "1 m", "stopped at 1 m"
    assert told == [
        "0,0 1 m",
        f"1,1 {old}",
        f"1,1 {old}",
        f"0,1 {live}",
        f"1,1 {old}",
        f"0,0 {live}",
    ]


def test_a_field_in_which_somebody_began_to_type_outlives_the_answer_on_its_way(page: Page) -> None:
    """It is asked for again, and comes when they are done; what they look for themselves comes at once."""
    told = page.evaluate(
        """async () => {
          const real = [window.WebSocket, window.setTimeout, window.htmx];
          window.WebSocket = class { close() {} };
          const timers = [], asked = [];
          document.body.innerHTML = "<div data-live='/ws'><input><input type='checkbox'></div>";
          const part = document.body.firstElementChild;
          const { followParts } = await import("/live.js");
          window.setTimeout = (deed) => timers.push(deed);
          window.htmx = { trigger: (of, name) => asked.push(name) };
          followParts();
          let answers = 0;
          const answer = (type) => {
            const requestConfig = { verb: "get", triggeringEvent: new Event(type) };
            const xhr = { responseText: `${(answers += 1)}` };
            const detail = { target: part, requestConfig, shouldSwap: true, successful: true, xhr };
            part.dispatchEvent(new CustomEvent("htmx:beforeSend", { bubbles: true, detail }));
            part.dispatchEvent(new CustomEvent("htmx:beforeSwap", { bubbles: true, detail }));
            part.dispatchEvent(new CustomEvent("htmx:afterRequest", { bubbles: true, detail }));
            return detail.shouldSwap;
          };
          const [field, box] = part.children;
          const found = [answer("refresh")];
          box.focus(); found.push(answer("refresh"));
          field.focus(); found.push(answer("input"), answer("refresh"), asked.length);
          timers.splice(0).forEach((deed) => deed()); found.push(asked.length, timers.length); // they still type
          [window.WebSocket, window.setTimeout, window.htmx] = real;
          document.body.replaceChildren();
          return found;
        }"""
    )
    assert told == [True, True, True, False, 0, 0, 1]


def test_paper_is_light_whatever_the_screen_is(chrome: Browser) -> None:
    with empty_page(chrome, color_scheme="dark") as page:
        page.add_script_tag(url="/theme.js")
        is_dark = "() => document.documentElement.dataset.theme === 'dark'"
        is_light = "() => document.documentElement.dataset.theme === 'light'"
        page.wait_for_function(is_dark)
        page.emulate_media(media="print")  # the page hears of it with its next frame
        page.wait_for_function(is_light)
        page.emulate_media(media="screen")
        page.wait_for_function(is_dark)


def _reading(count: int, *, width: int, first: int = 0) -> Reading:
    steps = [first + each for each in range(count)]
    points = Points.of(steps, [math.nan] * count, [0.0] * count)
    thinned = thin(points, width)
    series = Series(run=Run(key="job-1"), attempt=1, key="loss", count=count)
    return Reading(series, thinned, thinned.points.steps.astype("<f8"))
