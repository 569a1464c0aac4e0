"""What the benchmarks share: figures of samples, memory and CPU time, a table and a JSON file."""

import json
import os
import platform
import statistics
import subprocess
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
Row = dict[str, float]


def wants_quick(text: str) -> bool:
    """Read the command line; true for a short run whose figures are only roughly right."""
    parser = ArgumentParser(description=text)
    parser.add_argument("--quick", action="store_true", help="fewer samples: seconds, not minutes")
    return bool(parser.parse_args().quick)


class Report:
    """Sections of rows. A column's name carries its unit."""

    def __init__(self, name: str, *, quick: bool) -> None:
        self.name = name
        self.quick = quick
        self._load_before = os.getloadavg()[0]
        self._sections: dict[str, dict[str, Row]] = {}
        self._rows: dict[str, Row] = {}
        self.remarks: dict[str, dict[str, str]] = {}
        self._title = ""

    def section(self, title: str) -> None:
        """Begin a section, or go on with it."""
        self._title = title
        self._rows = self._sections.setdefault(title, {})

    def add(self, what: str, **columns: float) -> None:
        """`median_ms=1.5` fills the column "median ms"."""
        self._rows[what] = columns

    def remark(self, what: str, text: str) -> None:
        """Say below the section what its figures cannot, as that something was not measured and why."""
        self.remarks.setdefault(self._title, {})[what] = text

    def close(self) -> None:
        """Print everything and write `results/<name>.json`."""
        for title, rows in self._sections.items():
            print(f"\n{title}\n{table(rows)}")
            for what, text in self.remarks.get(title, {}).items():
                print(f"  {what}: {text}")
        load = [self._load_before, os.getloadavg()[0]]
        print(
            f"\nload average before and after: {load[0]:.1f}, {load[1]:.1f} ({os.cpu_count()} CPUs)"
        )
        facts = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "commit": _commit(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
            "load_average": load,
            "quick": self.quick,
            "sections": self._sections,
            "remarks": self.remarks,
        }
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{self.name}.json").write_text(json.dumps(facts, indent=2) + "\n")


def table(rows: dict[str, Row]) -> str:
    """Rows under the union of their columns, aligned."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [["", *(column.replace("_", " ") for column in columns)]]
    lines += [
        [what, *(_figure(row[column]) if column in row else "" for column in columns)]
        for what, row in rows.items()
    ]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        f"  {line[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def _figure(value: float) -> str:
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def spread(seconds: list[float], *, unit: str = "ms") -> Row:
    """Median, 90th percentile and worst."""
    scale = {"s": 1, "ms": 1e3, "us": 1e6}[unit]
    return {
        f"median_{unit}": statistics.median(seconds) * scale,
        f"p90_{unit}": percentile(seconds, 90) * scale,
        f"worst_{unit}": max(seconds) * scale,
    }


def percentile(samples: list[float], percent: float) -> float:
    """The smallest sample that is not below `percent` of them."""
    place = max(0, -(-len(samples) * percent // 100) - 1)
    return sorted(samples)[int(place)]


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def memory(pid: int) -> Row:
    """Resident and proportional memory of one process; shared pages are divided in the latter."""
    found: Row = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size = line.split()[:2]
        if name in {"Rss:", "Pss:"}:
            found[f"{name[:-1].upper()}_MiB"] = int(size) / 1024
    return found


def memory_of_all(pids: list[int]) -> Row:
    rows = [memory(pid) for pid in pids]
    return {column: sum(row[column] for row in rows) for column in rows[0]}


def cpu_seconds(pid: int) -> float:
    """CPU time of the live threads of a process, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
