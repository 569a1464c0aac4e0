"""From a line that a job prints to the line in a browser: real agent, real server, real chromium."""

import statistics
import sys
from pathlib import Path

from benchmarks import serving
from benchmarks.browsing.chromium import browser
from benchmarks.measuring import Report, percentile

LINES = {False: 60, True: 12}
EVERY = 0.73  # seconds between lines: at no fixed phase of anybody's timer
PROGRAM = """
import time
for n in range({lines}):
    time.sleep({every})
    print(f"printed at {{time.time():.6f}}", flush=True)
"""
SEEN = """
window.__seen = [];
const note = () => {
  const log = document.querySelector("[data-log]");
  for (const [said] of (log?.textContent ?? "").matchAll(/printed at (\\d+\\.\\d{6})/g)) {
    if (window.__known.has(said)) continue;
    window.__known.add(said);
    window.__seen.push([Number(said.slice(11)), Date.now() / 1000]);
  }
};
window.__known = new Set();
document.addEventListener("DOMContentLoaded", () =>
  new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true }));
"""


def measure(report: Report) -> None:
    lines = LINES[report.quick]
    report.section("from a job's print to the browser")
    with serving.stack(with_agent=True) as stack, browser(stack.url, stack.secret) as page:
        page.add_init_script(SEEN)
        client = stack.client()
        program = PROGRAM.format(lines=lines, every=EVERY)
        job = serving.submit(client, sys.executable, "-c", program, workdir=Path("/"))
        page.goto(f"{stack.url}/runs/job-{job}/?tab=log")
        serving.wait_for(client, job, "completed")
        page.wait_for_timeout(1500)
        seen: list[tuple[float, float]] = page.evaluate("window.__seen")
    # The first lines may have been printed before the page was there.
    waits = [shown - printed for printed, shown in seen[3:]]
    if len(waits) < lines - 8:
        raise RuntimeError(f"the browser showed {len(seen)} of {lines} lines")
    report.add(
        "line printed to line seen",
        lines=len(waits),
        median_ms=statistics.median(waits) * 1e3,
        p90_ms=percentile(waits, 90) * 1e3,
        worst_ms=max(waits) * 1e3,
    )
