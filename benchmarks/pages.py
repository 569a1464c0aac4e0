"""The pages: tables of 10,000 runs, charts of 500, logs of a million lines, and how soon a line is seen."""

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

# Run as a file, this folder comes first on the path, and its queue.py would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.browsing import charts, latency, logs, tables
from benchmarks.measuring import Report

PARTS: dict[str, Callable[[Report], None]] = {
    "table": tables.measure,
    "charts": charts.measure,
    "log": logs.measure,
    "latency": latency.measure,
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: two minutes")
    parser.add_argument("--only", choices=PARTS, help="one part; written to pages-<part>.json")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report(f"pages-{options.only}" if options.only else "pages", quick=options.quick)
    for name, measure in PARTS.items():
        if options.only in (None, name):
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            measure(report)
    report.close()


if __name__ == "__main__":
    main()
