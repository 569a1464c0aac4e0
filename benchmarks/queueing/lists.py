"""`GET /status` and the lists with ten thousand jobs: ours, and whirr 0.5.3's on the same PostgreSQL."""

import itertools
import statistics
import tempfile
from pathlib import Path

from benchmarks.measuring import Report, Row, percentile
from benchmarks.queueing import calls, fill, sites
from benchmarks.queueing.load import drive
from benchmarks.queueing.postgres import Postgres
from benchmarks.queueing.sites import Site

WORKERS = 100
PATHS = (
    "/api/v1/status",
    "/api/v1/jobs",
    "/api/v1/jobs?status=queued",
    "/api/v1/jobs?limit=500",
    "/api/v1/runs",
    "/api/v1/workers",
)
REGISTER = (
    "INSERT INTO workers (id, hostname) SELECT 'w' || n, 'bench' FROM generate_series(1, %s) n"
)


def measure(report: Report, postgres: Postgres, *, jobs: int, times: int) -> None:
    """Half of the jobs queued, half completed; one client, one request at a time."""
    report.section(f"lists with {jobs:,} jobs and {WORKERS} workers, {times} times each")
    half = jobs // 2
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder:
        _measure_ours(report, postgres, Path(folder), half=half, times=times)
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder:
        _measure_legacy(report, postgres, Path(folder), half=half, times=times)


def _measure_ours(
    report: Report, postgres: Postgres, folder: Path, *, half: int, times: int
) -> None:
    url = postgres.create("lists")
    with postgres.connect("lists") as connection:
        with sites.ours(url, folder) as site:
            filler = fill.prepare(site, connection)
        filler.add("done", half)
        filler.add("queued", half)
        filler.workers(WORKERS)
        filler.tidy()
        with sites.ours(url, folder) as site:
            for path in ("/health", *PATHS):
                report.add(f"ours: {path}", **_read(site, path, times))


def _measure_legacy(
    report: Report, postgres: Postgres, folder: Path, *, half: int, times: int
) -> None:
    url = postgres.create("lists_legacy")
    with postgres.connect("lists_legacy") as connection, sites.legacy(url, folder) as site:
        fill.fill_legacy(connection, queued=half, done=half)
        connection.execute(REGISTER, [WORKERS])
        for path in ("/health", *PATHS):
            report.add(f"whirr 0.5.3: {path}", **_read(site, path, times))


def _read(site: Site, path: str, times: int) -> Row:
    requests = calls.reads(site.token, path)
    drive(site.port, [itertools.islice(requests, 3)], seconds=30)
    outcome = drive(site.port, [itertools.islice(requests, times)], seconds=30)
    seconds = [answer.seconds for answer in outcome.answers]
    return {
        "median_ms": statistics.median(seconds) * 1e3,
        "p99_ms": percentile(seconds, 99) * 1e3,
        "KiB": len(outcome.answers[-1].body) / 1024,
        "errors_%": 100 * outcome.refused / len(seconds),
    }
