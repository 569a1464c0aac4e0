"""Runs as jobs and programs make them, and the lines that they log."""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from runs import recording, storage, streams
from runs.models import Run, RunKind, RunStatus, Series

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
_numbers = count(1)


def make_run(*, attempt: int = 1, **values: Any) -> Run:
    """A job's run with a running attempt (or none yet, with `attempt=0`)."""
    told = {"name": "", "project": "", "user": "ada", "tags": [], "config": {}, "created_at": NOON}
    (run,) = recording.open_for_jobs([told | values])
    recording.name_after_jobs([(run, next(_numbers))])
    if attempt:
        recording.begin_attempts([(run, attempt, "node1")], now=NOON)
    return run


def make_direct_run(number: int = 0) -> Run:
    """A run that a program made without the queue."""
    return Run.objects.create(
        key=f"local-20300101-120000-{number:06x}",
        kind=RunKind.DIRECT,
        status=RunStatus.RUNNING,
        attempt=1,
        created_at=NOON,
    )


def line(**record: Any) -> bytes:
    """A record as a program writes it: one line of JSON in which NaN stands as NaN."""
    return json.dumps(record).encode() + b"\n"


def log(run: Run, data: bytes, *, name: str = "metrics.jsonl", offset: int | None = None) -> int:
    """Append to a stream of the newest attempt, at its end unless the test says where."""
    at = storage.size_of(storage.stream_path(run, run.attempt, name)) if offset is None else offset
    return streams.append(run, run.attempt, name, offset=at, data=data)


def series(run: Run, key: str = "loss") -> Series:
    return Series.objects.get(run=run, attempt=run.attempt, key=key)
