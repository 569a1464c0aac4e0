"""The runs page among ten thousand runs of fifty metrics: what the server takes for it, on both databases."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.browsing.metrics import names
from benchmarks.measuring import ROOT, Report, Row, percentile, timed
from benchmarks.queueing import postgres, sites
from benchmarks.queueing.sites import Site
from benchmarks.serving import environment


@dataclass(frozen=True)
class Shape:
    runs: int
    metrics: int
    times: int  # requests of each kind


FULL, QUICK = Shape(10_000, 50, 100), Shape(500, 50, 10)


def measure(report: Report) -> None:
    shape = QUICK if report.quick else FULL
    for kind in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            site = filled(stack, shape, on_postgres=kind == "PostgreSQL")
            report.section(
                f"{kind}: the runs page among {shape.runs:,} runs x {shape.metrics} metrics"
            )
            _measure(report, site, shape)


def filled(stack: ExitStack, shape: Shape, *, on_postgres: bool) -> Site:
    """A web process on a database with runs of this shape; both are gone when the stack closes."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="whirr-bench-")))
    url = stack.enter_context(postgres.server()).create("shape") if on_postgres else ""
    with sites.ours(url, folder) as made:  # for its tables
        data = made.data
    settings = {"WHIRR_MODE": "server", "WHIRR_DATA_DIR": str(data), "WHIRR_DATABASE_URL": url}
    print(f"  filling {shape.runs:,} runs", file=sys.stderr, flush=True)
    argv = [sys.executable, "-m", "benchmarks.browsing.filling"]
    argv += ["--runs", str(shape.runs), "--metrics", str(shape.metrics)]
    subprocess.run(argv, cwd=ROOT, env=environment(**settings), check=True)
    return stack.enter_context(sites.ours(url, folder))


def _measure(report: Report, site: Site, shape: Shape) -> None:
    client = site.client()
    keys = names(shape.metrics)

    def add(what: str, path: str, **wish: str) -> None:
        """`{}` in the wish is another metric each time."""

        def ask(n: int) -> bytes:
            told = {name: text.replace("{}", keys[n % len(keys)]) for name, text in wish.items()}
            return client.get(path, told).body

        report.add(what, **times(ask, shape.times))

    add("raw limit: an empty request", "/health")
    add("the page", "/runs/")
    add("filtered by a metric", "/runs/", q='metric."{}".last<0.5')
    add("sorted by a metric", "/runs/", sort="-metric.{}")
    add("both", "/runs/", q='metric."{}".min<0.2 state:completed', sort="metric.{}:min")
    add("filtered by config and tag", "/runs/", q="lr>=1e-3 tag:tag-7")
    add("grouped by config", "/runs/", group="config.lr", cols="metric.{}")
    add("completion of a key", "/runs/complete.json", q="part", at="4")
    add("columns to pick", "/runs/columns.json")


def times(ask: Callable[[int], bytes], count: int) -> Row:
    """Of requests over a kept connection of the loopback interface: what the server takes, and a little more."""
    ask(0)  # the first one of a process imports and compiles
    walls = [timed(partial(ask, n)) for n in range(count)]
    return {
        "median_ms": statistics.median(walls) * 1e3,
        "p95_ms": percentile(walls, 95) * 1e3,
        "worst_ms": max(walls) * 1e3,
    }
