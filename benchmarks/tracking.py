"""The record beside its peers from PyPI: what a training script pays, what a server takes, and how fast it shows it."""

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

# Run as a file, this folder comes first on the path, and its queue.py would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Report
from benchmarks.trackers import empty, importing, ingesting, lists, logging_calls, reading, shape
from benchmarks.trackers.servers import Field

PARTS: dict[str, Callable[[Report, Field], None]] = {
    "import": lambda report, _: importing.measure(report),
    "empty": lambda report, _: empty.measure(report),
    "log": logging_calls.measure,
    "ingest": ingesting.measure,
    "read": reading.measure,
    "shape": shape.measure,
    "lists": lists.measure,
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: two minutes")
    parser.add_argument("--only", choices=PARTS, help="one part; written to tracking-<part>.json")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the peers' servers end with this
    report = Report(f"tracking-{options.only}" if options.only else "tracking", quick=options.quick)
    with Field() as field:
        for name, measure in PARTS.items():
            if options.only in (None, name):
                print(f"measuring: {name}", file=sys.stderr, flush=True)
                measure(report, field)
    report.close()


if __name__ == "__main__":
    main()
