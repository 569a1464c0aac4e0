"""The soak's kills: direct runs, one over HTTP and one in the server's own folder, and kill -9 at random moments."""

import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from benchmarks.measuring import Report
from tests.e2e.programs import Site
from tests.support import servers
from tests.support.direct_kills import Kills, Training, judged, total_points

EACH, QUICK = {"SQLite": 25, "PostgreSQL": 10}, 3  # kills of each of the three, of each training
LONGEST = 2.5  # seconds between two kills: the server comes back in some of the pauses, and in others it does not

OnASite = Callable[..., Any]


def direct_runs(report: Report, on_a_site: OnASite, options: Namespace) -> list[str]:
    """Afterwards the store has to equal the files, point for point; what does not, in sentences."""
    problems: list[str] = []
    on_a_site(lambda site: problems.extend(_go(report, site, options, "SQLite")))
    server = servers.start_postgres()
    redis = servers.start_redis()
    try:
        on_a_site(
            lambda site: problems.extend(_go(report, site, options, "PostgreSQL")),
            WHIRR_MODE="server",
            WHIRR_DATABASE_URL=server.url,
            WHIRR_REDIS_URL=redis.url,
        )
    finally:
        redis.stop()
        server.stop()
    return problems


def _go(report: Report, site: Site, options: Namespace, database: str) -> list[str]:
    trainings = [
        Training(site, site.folder / "elsewhere", "http"),
        Training(site, site.data, "shared"),
    ]
    kills = Kills(site, trainings, seed=options.seed, longest=LONGEST)
    began = time.monotonic()
    try:
        kills.go_through(QUICK if options.quick else EACH[database], time.sleep)
        problems = judged(site, trainings)
        points = total_points(trainings)
    finally:
        for training in trainings:
            training.end()
    report.section(f"two direct runs, kill -9 at random moments, {database}")
    for victim, count in sorted(kills.done.items()):
        report.add(f"kills: {victim}", count=count)
    report.add("points logged", count=points)
    report.add("found wrong", count=len(problems))
    report.add("until all was there", s=time.monotonic() - began)
    return problems
