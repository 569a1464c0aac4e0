"""A log of a million lines in a browser: to its end, through all of it, and past it while more arrives."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from playwright.sync_api import Page

from benchmarks import serving
from benchmarks.browsing.chromium import browser
from benchmarks.measuring import Report, Row, percentile
from benchmarks.serving import LightAgent, Stack
from benchmarks.trackers.reading import of_stack, timing
from whirr.wire import Client

LINES = {False: 1_000_000, True: 100_000}
PIECE = 10_000  # lines of a PUT
TIMES = 5
NEEDLE = "needle"  # in one line of a hundred thousand
ARRIVING, BEATS = 1_000, 20  # lines a second, in so many pieces
SECONDS = 6

# When the line has been shown, in milliseconds since the navigation began.
SHOWN = """
(() => {
  const look = () => {
    const lines = document.querySelector("[data-log-lines]");
    if (lines?.textContent.includes(WANTED)) requestAnimationFrame(() => { window.__shown = performance.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
FRAMES = """
([seconds, by]) => new Promise((done) => {
  const view = document.querySelector("[data-log-view]"), times = [];
  const first = performance.now();
  const frame = (now) => {
    times.push(now);
    if (by) view.scrollTop += by;
    if (now - first < seconds * 1000) requestAnimationFrame(frame);
    else done(times.slice(1).map((each, at) => each - times[at]));
  };
  requestAnimationFrame(frame);
})
"""
TOLD = "() => /[0-9]/.test(document.querySelector('[data-log-told]').textContent)"
UNTOLD = "() => !/[0-9]/.test(document.querySelector('[data-log-told]').textContent)"
HEAP = "performance.memory.usedJSHeapSize / 2 ** 20"
NODES = "document.querySelectorAll('*').length"


def measure(report: Report) -> None:
    lines = LINES[report.quick]
    report.section(f"a log of {lines:,} lines")
    with serving.stack(with_agent=False) as stack, browser(stack.url, stack.secret) as page:
        client = stack.client()
        writer = Writer(client)
        writer.write(lines)
        report.add("opened at its end", **_opening(page, stack, writer))
        report.add("searched through, in the page", **_searching(page))
        for what, told in (
            ("a word", {"q": NEEDLE}),
            ("a pattern", {"q": "need.e [0-9]+", "kind": "regex"}),
        ):
            ask = partial(_search, client, writer.run, told)
            report.add(f"searched for {what}, on the server", **timing(of_stack(stack), ask, TIMES))
        before = _weight(page)
        with writer.writing():
            report.add("following 1,000 lines a second", **_frames(page, 0))
            report.add("scrolling through them meanwhile", **_frames(page, -1700))
        report.add("the tab before", **before)
        report.add("the tab afterwards", **_weight(page))


class Writer:
    """The output of one run, sent as its agent would."""

    def __init__(self, client: Client) -> None:
        self._client = client
        serving.submit(client, "true")
        (order,) = LightAgent(client, "writer", 1).claim()
        self.run = str(order["run_id"])
        self._path = f"/api/v1/runs/{self.run}/attempts/1/streams/output.log"
        self._size = self.lines = 0

    def write(self, count: int) -> None:
        for first in range(self.lines, self.lines + count, PIECE):
            last = min(first + PIECE, self.lines + count)
            data = "".join(map(line, range(first, last))).encode()
            self._client.put(self._path, data, {"offset": self._size})
            self._size += len(data)
        self.lines += count

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A thousand lines a second until the end of the block."""
        over = threading.Event()

        def write() -> None:
            due = time.monotonic()
            while not over.is_set():
                self.write(ARRIVING // BEATS)
                due += 1 / BEATS
                over.wait(max(0.0, due - time.monotonic()))

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def line(number: int) -> str:
    hit = f"  {NEEDLE} {number}" if number % 100_000 == 50_000 else ""
    return f"step {number:>8}  loss {1 / (number + 1):.9f}  4812 images/s  gradient norm 1.25  lr 0.0003{hit}\n"


def _opening(page: Page, stack: Stack, writer: Writer) -> Row:
    wanted = f'"step {writer.lines - 1:>8}"'
    page.add_init_script(SHOWN.replace("WANTED", wanted))
    walls = []
    for _ in range(TIMES):
        page.goto(f"{stack.url}/runs/{writer.run}/?tab=log", wait_until="commit")
        page.wait_for_function("() => window.__shown", timeout=60_000)
        walls.append(float(page.evaluate("window.__shown")))
    return {"first_ms": walls[0], "median_ms": statistics.median(walls), "worst_ms": max(walls)}


def _searching(page: Page) -> Row:
    walls = []
    box = page.locator("[data-log-search]")
    for text in (
        NEEDLE,
        NEEDLE[1:],
        NEEDLE[:-1],
        f"{NEEDLE} ",
        f"{NEEDLE} 5",
    ):  # each for the first time
        box.fill("")
        page.wait_for_function(UNTOLD)
        began = time.perf_counter()
        box.fill(text)
        box.press("Enter")
        page.wait_for_function(TOLD)
        walls.append((time.perf_counter() - began) * 1e3)
    box.fill("")
    return {"median_ms": statistics.median(walls), "worst_ms": max(walls)}


def _search(client: Client, run: str, told: dict[str, str]) -> bytes:
    return client.get(f"/runs/{run}/log/search", {"attempt": 1, **told}).body


def _frames(page: Page, by: int) -> Row:
    gaps: list[float] = page.evaluate(FRAMES, [SECONDS, by])
    return {
        "frames_per_s": len(gaps) / (sum(gaps) / 1e3),
        "p95_ms": percentile(gaps, 95),
        "worst_ms": max(gaps),
    }


def _weight(page: Page) -> Row:
    page.evaluate("window.gc && gc()")
    return {"heap_MiB": page.evaluate(HEAP), "elements": page.evaluate(NODES)}
