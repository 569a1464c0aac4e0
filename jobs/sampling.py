"""The load of workers over the last hours: a row for each worker and minute, made of what agents report anyway.

It is stored behind the transaction that answers them, at most once a minute and worker by each web process; while the
minute is the same there is no query at all. What is lost is a point of a small chart, so no failure is passed on.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError

from jobs.models import LoadSample, Worker

log = logging.getLogger(__name__)

KEPT = timedelta(hours=3)
PRUNED_EVERY = timedelta(minutes=10)
MOST = 1e9  # beyond it no agent means what it says
MOST_GPUS = 64  # of one worker

Reported = tuple[int, list[dict[str, Any]], Mapping[str, Any]]  # (worker's key, its GPUs, its load)

_stored: dict[int, datetime] = {}  # the minute that this process stored last, by the worker's key
_pruned: list[datetime] = []


def store(reported: Iterable[Reported], *, now: datetime) -> None:
    """Keep what these workers report now, for those of which this minute is not kept yet."""
    minute = now.replace(second=0, microsecond=0)
    fresh = [each for each in reported if each[2] and _stored.get(each[0]) != minute]
    if not fresh:
        return
    _stored.update((worker, minute) for worker, _, _ in fresh)
    try:
        _insert(fresh, minute)
    except DatabaseError as error:
        log.warning("the load of %d workers was not kept: %s", len(fresh), error)


def _insert(fresh: list[Reported], minute: datetime) -> None:
    keys = [worker for worker, _, _ in fresh]
    totals = dict(Worker.objects.filter(pk__in=keys).values_list("pk", "memory_mb"))
    LoadSample.objects.bulk_create(
        [
            LoadSample(worker_id=key, minute=minute, data=sample(load, gpus, totals[key]))
            for key, gpus, load in fresh
            if key in totals
        ],
        ignore_conflicts=True,
    )


def sample(load: Mapping[str, Any], gpus: list[dict[str, Any]], memory_mb: int) -> dict[str, Any]:
    """What a row holds (see LoadSample); what an agent sent may be anything, and a number that is none is left out."""
    known = {gpu.get("index"): gpu for gpu in gpus if isinstance(gpu, dict)}
    told = load.get("gpus")
    rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
    return _there(
        cpu=_share(load.get("cpu_percent"), 100),
        memory=_share(load.get("memory_used_mb"), memory_mb),
        gpus=[_gpu(row, known) for row in rows[:MOST_GPUS] if _index(row) in known] or None,
    )


def _gpu(row: dict[str, Any], known: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    index = _index(row)
    return _there(
        index=index,
        use=_share(row.get("utilization"), 100),
        memory=_share(row.get("memory_used_mb"), known[index].get("memory_mb")),
        celsius=_number(row.get("temperature_c")),
        watts=_number(row.get("power_w")),
    )


def _index(row: dict[str, Any]) -> int | None:
    index = row.get("index")
    return index if type(index) is int else None


def _there(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _share(value: Any, of: Any) -> float | None:
    part, whole = _number(value), _number(of)
    if part is None or not whole:
        return None
    return round(min(max(part / whole, 0.0), 1.0), 3)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(float(value), 1) if -MOST < value < MOST else None


def history(
    workers: Iterable[int], *, since: datetime, until: datetime
) -> dict[int, list[LoadSample]]:
    """The samples of these workers (by key) in that time, the oldest first; one query."""
    found: dict[int, list[LoadSample]] = {key: [] for key in workers}
    rows = LoadSample.objects.filter(worker__in=found, minute__gt=since, minute__lte=until)
    for row in rows.order_by("worker_id", "minute"):
        found[row.worker_id].append(row)
    return found


def prune(*, now: datetime) -> int:
    """Delete what is older than it is kept; how many. Looks at most every ten minutes in each process."""
    if _pruned and timedelta(0) <= now - _pruned[0] < PRUNED_EVERY:
        return 0
    _pruned[:] = [now]
    return LoadSample.objects.filter(minute__lt=now - KEPT).delete()[0]


def forget() -> None:
    """What this process remembers; for tests, which number their workers anew."""
    _stored.clear()
    _pruned.clear()
