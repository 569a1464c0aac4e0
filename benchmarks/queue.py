"""The queue: claims against the raw limit and whirr 0.5.3, lists, held requests, submit to start, cancel to dead."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

# Run as a file, this folder comes first on the path, and this file would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Report
from benchmarks.queueing import claims, embedded, held, lists, postgres, tables


def measure_claims(report: Report) -> None:
    plan = claims.QUICK if report.quick else claims.FULL
    tables.add_claims(report, claims.measure(plan))


def measure_lists(report: Report) -> None:
    with postgres.server() as running:
        lists.measure(report, running, jobs=10_000, times=20 if report.quick else 200)


def measure_held(report: Report) -> None:
    with postgres.server() as running:
        held.measure(report, running, held.QUICK if report.quick else held.FULL)


PARTS: dict[str, Callable[[Report], None]] = {
    "claims": measure_claims,
    "held": measure_held,
    "lists": measure_lists,
    "latency": embedded.measure,
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: a minute and a half")
    parser.add_argument("--only", choices=PARTS, help="one part; written to queue-<part>.json")
    options = parser.parse_args()
    report = Report(f"queue-{options.only}" if options.only else "queue", quick=options.quick)
    for name, measure in PARTS.items():
        if options.only in (None, name):
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            measure(report)
    report.close()


if __name__ == "__main__":
    main()
