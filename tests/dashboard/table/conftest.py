"""Runs of two people, in three states, with numbers to compare."""

import pytest

from runs.models import Run
from tests.dashboard.conftest import begin, log, run_of
from tests.jobs import factories
from tests.jobs.factories import NOON


@pytest.fixture
def six() -> list[Run]:
    """Jobs 1 to 6: models a and b with three seeds each; the last two still run."""
    worker = factories.make_worker("node1", gpus=16)
    runs = []
    for number in range(6):
        config = {"model": "ab"[number // 3], "seed": number % 3, "opt": {"lr": 0.1}}
        attempt = begin(
            worker,
            now=NOON,
            name=f"run {number}",
            user=["ada", "bo"][number % 2],
            config=config,
            tags=["t"],
        )
        log(attempt, loss=[9.0, float(number)])
        if number < 4:
            factories.finish(attempt, now=NOON)
        runs.append(run_of(attempt))
    return runs
