"""Fill an empty data folder's database with runs that differ, as many as the pages are measured with.

    WHIRR_DATA_DIR=/tmp/somewhere python -m benchmarks.browsing.filling --runs 10000 --metrics 50

The shape is the one that users of trackers have published (G-Research/fasttrackml, issue 860), made smaller: tens of
metrics, 20 to 150 steps, parameters and tags. Rows are written as the server's own ingestion leaves them; there are no
files, since no page that is measured here reads any.
"""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")
django.setup()

from django.db import transaction  # noqa: E402

from benchmarks.browsing.metrics import names  # noqa: E402
from runs.models import Chunk, Run, Series  # noqa: E402

START = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
STEPS = 40
PARAMS, TAGS = 30, 10
AT_ONCE = 500  # runs in a transaction
BATCH = 5_000  # rows in a statement


def fill(*, runs: int, metrics: int) -> None:
    """In batches of their own transactions."""
    chance = np.random.default_rng(7)
    for first in range(0, runs, AT_ONCE):
        with transaction.atomic():
            _some(range(first, min(first + AT_ONCE, runs)), names(metrics), chance)


def _some(numbers: range, keys: list[str], chance: np.random.Generator) -> None:
    runs = Run.objects.bulk_create(Run(**_run(n, chance)) for n in numbers)
    steps = np.arange(STEPS, dtype="<i8")
    times = START.timestamp() + steps * 2.0
    columns = {"steps": steps.tobytes(), "times": times.astype("<f8").tobytes()}
    curves = [(run, key, _curve(chance)) for run in runs for key in keys]
    series = Series.objects.bulk_create(
        (Series(run=run, key=key, **_told(values, times)) for run, key, values in curves),
        batch_size=BATCH,
    )
    Chunk.objects.bulk_create(
        (
            Chunk(series=each, start=0, count=STEPS, values=values.tobytes(), **columns)
            for each, (_, _, values) in zip(series, curves, strict=True)
        ),
        batch_size=BATCH,
    )


def _curve(chance: np.random.Generator) -> NDArray[np.float64]:
    steps = np.arange(STEPS)
    noise = chance.normal(0, 0.01, STEPS)
    return np.asarray(chance.uniform(0.01, 2) + np.exp(-steps / 20) + noise, dtype="<f8")


def _run(number: int, chance: np.random.Generator) -> dict[str, Any]:
    began = START + timedelta(minutes=number)
    config = {f"param_{n}": round(float(chance.uniform()), 6) for n in range(PARAMS)}
    return {
        "key": f"local-20260115-103000-{number:06x}",
        "kind": "direct",
        "name": f"model-{number % 40}",
        "project": "shape",
        "user": ("ada", "grace", "edsger")[number % 3],
        "status": "failed" if number % 25 == 0 else "completed",
        "attempt": 1,
        "tags": [f"tag-{(number + n) % 50}" for n in range(TAGS)],
        "config": config | {"lr": 10.0 ** -(number % 5), "seed": number % 8},
        "created_at": began,
        "started_at": began,
        "finished_at": began + timedelta(minutes=30 + number % 60),
    }


def _told(values: NDArray[np.float64], times: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "attempt": 1,
        "count": STEPS,
        "last": float(values[-1]),
        "last_step": STEPS - 1,
        "last_time": float(times[-1]),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "first_time": float(times[0]),
    }


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--metrics", type=int, required=True)
    options = parser.parse_args()
    fill(runs=options.runs, metrics=options.metrics)


if __name__ == "__main__":
    main()
