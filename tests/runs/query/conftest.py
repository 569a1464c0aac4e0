"""Eight runs, and what is known of each."""

import math
from datetime import timedelta
from typing import Any

import pytest

from runs.models import Run, Series
from tests.runs.factories import NOON
from tests.runs.query.judging import Facts

NOW = NOON + timedelta(hours=1)
CONFIGS: list[dict[str, Any]] = [
    {},
    {"lr": 0.1, "model": "resnet18", "opt": {"lr": 1, "name": "Adam"}, "deep": True},
    {"lr": 1e-4, "model": "ResNet18", "opt.lr": 2, "opt": {"lr": 3}},
    {"lr": "0.1", "model": "", "deep": False, "layers": [1, 2]},
    {"lr": None, "model": "vit\nlarge", "deep": "true", "opt": 5},
    {"lr": 10**400, "model": "100%_x", "opt": {}},
    {"lr": "NaN", "model": "Infinity", "opt": "text"},
    {"lr": 1, "model": "true"},
]
METRICS: list[dict[str, tuple[float | None, float | None]]] = [
    {},
    {"loss": (0.5, 0.1)},
    {"loss": (None, 0.2), "val/loss": (1.0, 1.0)},
    {"loss": (None, None)},
    {"loss": (math.inf, 0.3), "acc": (0.9, 0.1)},
    {"acc": (0.5, 0.5)},
    {"loss": (-1e-300, -2.0)},
    {"loss": (0.2, 0.2), "acc": (0.2, 0.2)},
]
STATES = [
    "pending",
    "running",
    "completed",
    "failed",
    "cancelled",
    "completed",
    "running",
    "failed",
]


def make(number: int) -> Facts:
    """A run, and what is known of it."""
    state, ends = STATES[number], STATES[number] in ("completed", "failed", "cancelled")
    started = NOON - timedelta(days=number) if state != "pending" else None
    ended = started + timedelta(minutes=10 * number) if ends and started else None
    plain: dict[str, Any] = {
        "id": f"job-{number}",
        "name": ["", "seed 0", "Seed 1", "baseline"][number % 4],
        "project": ["", "vision"][number % 2],
        "user": ["ada", "Bo"][number % 2],
        "tag": [[], ["baseline"], ["base", "x y"], ["Baseline"]][number % 4],
        "created": NOON - timedelta(days=number, hours=1),
    }
    run = Run.objects.create(
        key=plain["id"], name=plain["name"], project=plain["project"], user=plain["user"], tags=plain["tag"],
        created_at=plain["created"], kind="job", status=state, attempt=number % 3, config=CONFIGS[number],
        started_at=started, finished_at=ended, hostname="node1" if number % 2 else "",
    )  # fmt: skip
    for key, (last, low) in METRICS[number].items():
        mine = {"run": run, "attempt": run.attempt, "key": key, "count": 3}
        Series.objects.create(**mine, last=last, minimum=low, maximum=low)
        Series.objects.create(**mine, writer="r1", last=99.0, minimum=99.0)  # another writer's
    Series.objects.create(
        run=run, attempt=run.attempt + 7, key="old", count=1, last=1.0
    )  # another attempt's
    plain |= {
        "state": state,
        "started": started,
        "ended": ended,
        "attempt": run.attempt,
        "kind": "job",
    }
    plain |= {"host": run.hostname, "notes": ""}
    plain["duration"] = (ended or NOW) - started if started else None
    plain = {name: None if value == "" else value for name, value in plain.items()}
    return Facts(
        plain,
        CONFIGS[number],
        {key: {"last": a, "min": b} for key, (a, b) in METRICS[number].items()},
    )


@pytest.fixture
def eight() -> list[Facts]:
    return [make(number) for number in range(8)]
