"""A browser that the server knows, and runs with points and output as an agent would have left them."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jobs import requirements
from jobs.models import Attempt, Worker
from runs import storage, streams
from runs.models import Run
from tests.jobs import factories
from whirr_site.access.principals import owner_account

# The end of a log of a training that had too little memory.
OOM = (
    "Traceback (most recent call last):\n"
    '  File "/home/{who}/train.py", line {line}, in <module>\n'
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {size} GiB (GPU {gpu})\n"
)


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: Path) -> None:
    """Runs have files. Requirements are kept in memory, and every test numbers them anew."""
    requirements.forget()


@pytest.fixture
def browser(db: None) -> Client:
    """The owner's browser, after the door."""
    client = Client()
    client.force_login(owner_account())
    return client


def begin(worker: Worker | None = None, *, now: Any = factories.NOON, **wish: Any) -> Attempt:
    """A job that a worker runs."""
    worker = worker or factories.make_worker("node1", gpus=64, now=now)
    factories.make_job(now=now, **wish)
    return factories.claim(worker, now=now)


def run_of(attempt: Attempt) -> Run:
    return Run.objects.get(job=attempt.job_id)


def say(attempt: Attempt, text: bytes) -> None:
    """More output of a running attempt."""
    _append(attempt, "output.log", text)


def _append(attempt: Attempt, name: str, data: bytes) -> None:
    run = run_of(attempt)
    path = storage.stream_path(run, attempt.number, name)
    size = path.stat().st_size if path.exists() else 0
    streams.append(run, attempt.number, name, offset=size, data=data)


def log(attempt: Attempt, *, first: int = 0, **series: Sequence[float]) -> None:
    """More points of a running attempt, a step each; call it with `first` to go on."""
    log_series(attempt, series, first=first)


def log_series(attempt: Attempt, series: dict[str, Sequence[float]], *, first: int = 0) -> None:
    """The same for keys that are no names."""
    length = max(len(values) for values in series.values())
    lines = []
    for step in range(length):
        values = {key: values[step] for key, values in series.items() if step < len(values)}
        stamp = {"_idx": first + step, "_timestamp": "2030-01-01T12:00:00Z", "step": first + step}
        lines.append(json.dumps(stamp | values) + "\n")
    _append(attempt, "metrics.jsonl", "".join(lines).encode())


NAN = math.nan
