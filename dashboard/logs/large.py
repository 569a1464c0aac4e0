"""Logs that have grown so large that somebody should know: nothing cuts them, so they may fill a disk."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from dashboard.words import size
from jobs.models import Attempt
from runs import storage
from runs.logs.reading import OUTPUT
from runs.models import Run

LARGE = 1 << 30  # bytes
HOUR = timedelta(hours=1)
SOON = 7 * 24  # hours: a disk that lasts longer is no worry


@dataclass(frozen=True, slots=True)
class Large:
    """`text`: `is 3.0 GiB; it prints 1.5 GiB an hour on average, which fills the disk of node1 in 3 h`."""

    run: Run
    text: str


def large(run: Run, attempt: Attempt | None, number: int, *, now: datetime) -> Large | None:
    """Of an attempt's log; None while it is an ordinary one. Where it runs: how fast, and which disk is full when."""
    count = _bytes(run, number)
    if count < LARGE:
        return None
    text = f"is {size(count)}"
    if attempt is None or attempt.finished_at is not None or now <= attempt.started_at:
        return Large(run, text)
    rate = count / ((now - attempt.started_at) / HOUR)
    text += f"; it prints {size(rate)} an hour on average"
    rooms = [(_room_here(), "the server's disk"), *_room_there(attempt)]
    free, whose = min(rooms)
    hours = free / rate
    if hours < SOON:
        text += f", which fills {whose} in {_words(hours)}"
    return Large(run, text)


def of_running(attempts: Iterable[Attempt], *, now: datetime) -> list[Large]:
    """The large logs among those of running attempts."""
    found = (large(each.job.run, each, each.number, now=now) for each in attempts)
    return [each for each in found if each is not None]


def _bytes(run: Run, number: int) -> int:
    """As much as has come to the server; 0 where a link or a pipe lies there."""
    try:
        there = os.lstat(storage.stream_path(run, number, OUTPUT))
    except OSError:
        return 0
    return there.st_size if stat.S_ISREG(there.st_mode) else 0


def _room_here() -> float:
    try:
        disk = os.statvfs(settings.RUNS_DIR)
    except OSError:
        return float("inf")
    return float(disk.f_bavail * disk.f_frsize)


def _room_there(attempt: Attempt) -> list[tuple[float, str]]:
    """What its worker said last, where it did."""
    worker = attempt.worker
    load: Any = worker.load if worker is not None else None
    free = load.get("disk_free_mb") if isinstance(load, dict) else None
    if isinstance(free, bool) or not isinstance(free, int | float) or free < 0:
        return []
    return [(free * 2**20, f"the disk of {attempt.worker_name}")]


def _words(hours: float) -> str:
    return f"{max(1, round(hours * 60))} min" if hours < 1 else f"{hours:.0f} h"
