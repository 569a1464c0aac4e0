"""From a click to the first chart: five hundred runs of fifty metrics, and a hundred runs of a million points each."""

import statistics
from contextlib import ExitStack
from urllib.parse import urlencode

from playwright.sync_api import Page

from benchmarks import serving
from benchmarks.browsing.chromium import browser
from benchmarks.browsing.tables import Shape, filled
from benchmarks.measuring import Report, Row
from benchmarks.trackers import reading
from benchmarks.trackers.reading import copies, of_stack

TIMES = 5
RUNS, METRICS = 500, 50
LONG, POINTS = 100, 1_000_000
# When the first line of a chart has been drawn and shown; milliseconds since the navigation began.
PAINTED = """
(() => {
  const look = () => {
    if (document.querySelector(".scatterlayer .js-line[d], canvas[data-painted]"))
      requestAnimationFrame(() => { window.__painted = performance.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
DRAWN = """
() => [...document.querySelectorAll("[data-plot]")].flatMap((plot) => plot.data ?? [])
  .reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0)
"""


def measure(report: Report) -> None:
    _many_runs(report)
    _long_runs(report)


def _many_runs(report: Report) -> None:
    runs = 50 if report.quick else RUNS
    report.section(f"the first chart of {runs} runs x {METRICS} metrics")
    with ExitStack() as stack:
        site = filled(stack, Shape(runs, METRICS, 1), on_postgres=False)
        url = f"http://127.0.0.1:{site.port}"
        page = stack.enter_context(browser(url, site.token))
        for what, path in (
            ("compare", f"{url}/compare/?{urlencode({'q': 'project:shape'})}"),
            ("table with charts", f"{url}/runs/?size=500"),
        ):
            report.add(what, **painting(page, path))


def _long_runs(report: Report) -> None:
    runs, points = (10, 100_000) if report.quick else (LONG, POINTS)
    report.section(f"the first chart of {runs} runs x {points:,} points")
    with serving.stack(with_agent=False) as stack:
        server = of_stack(stack)
        first = reading.sent(server, points)
        reading.await_merged(stack)
        keys = [first, *copies(stack.data / "whirr.db", first, runs - 1)]
        with browser(stack.url, stack.secret) as page:
            told = urlencode({"runs": ",".join(keys)})
            report.add("compare", **painting(page, f"{stack.url}/compare/?{told}"))


def painting(page: Page, address: str) -> Row:
    """From the start of a navigation to the first line on the screen; the first has nothing in the browser's cache."""
    page.add_init_script(PAINTED)
    walls = []
    for _ in range(TIMES):
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => window.__painted", timeout=60_000)
        walls.append(float(page.evaluate("window.__painted")))
    return {
        "first_ms": walls[0],
        "median_ms": statistics.median(walls),
        "worst_ms": max(walls),
        "points_drawn": float(page.evaluate(DRAWN)),
    }
