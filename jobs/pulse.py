"""What every web process does on the side: it says that it is alive, and notices what other processes changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from jobs import following, leases, overtime, sampling
from jobs.leases import extend_all
from jobs.models import JobEvent, Pulse
from jobs.moving import BRINGS_NO_WORK
from runs import clock, feed

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between looks
ALIVE_EVERY = 5  # looks between signs of life
SWEEP_EVERY = 10  # looks between sweeps: Celery is quicker, where it runs
PAGE, PAGES = 500, 20  # events that one look rings for
SILENT_AFTER = timedelta(seconds=20)

InPool = Callable[..., Awaitable[Any]]


def say_alive(*, now: datetime) -> None:
    """A web process answers requests."""
    Pulse.objects.update_or_create(pk=1, defaults={"at": now})


def web_is_alive(*, now: datetime) -> bool:
    """False while no web process could have taken a renewal: then no lease may be called expired."""
    return Pulse.objects.filter(pk=1, at__gt=now - SILENT_AFTER).exists()


def sweep(*, now: datetime) -> int:
    """What must happen though nobody asks for it: lost leases, overrun limits, jobs that wait for nothing any more."""
    rescued = leases.requeue_expired(now=now) + overtime.end_overdue(now=now)
    sampling.prune(now=now)
    return rescued + following.settle(now=now)


def begin(*, now: datetime) -> int:
    """A web process starts: leases get their grace before anybody may sweep them. Returns the newest event's id."""
    extend_all(grace=settings.WHIRR_RESTART_GRACE, now=now)
    say_alive(now=now)
    return _newest_event()


def _newest_event() -> int:
    return JobEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def ring_for_news(seen: int) -> int:
    """Ring for every event after `seen`, whoever wrote it; the newest event's id.

    A doorbell of another process does not reach an in-memory channel layer; the event's row does.
    """
    groups: set[str] = set()
    for _ in range(PAGES):
        fresh = JobEvent.objects.filter(pk__gt=seen).order_by("pk")
        page = fresh.values_list("pk", "kind", "job__run__key", "job__worker__worker_id")[:PAGE]
        for newest, kind, run, worker in page:
            seen = newest
            groups.add(feed.run_group(run))
            if kind not in BRINGS_NO_WORK:
                groups.add(feed.WORK)
            if worker:
                groups.add(feed.worker_group(worker))
        if len(page) < PAGE:
            break
    else:  # more than anybody could watch: look at the newest again
        seen = _newest_event()
        groups.add(feed.WORK)
    if groups:
        feed.ring_here(feed.QUEUE, *groups)
    return seen


def side_work(look: int, *, now: datetime | None = None) -> None:
    """What is due at the n-th look: a sign of life, a sweep.

    After a silence (the database was away) nobody could have renewed, as after a restart: the same grace.
    """
    now = now or clock.now()
    if look % ALIVE_EVERY == 0:
        if not web_is_alive(now=now):
            extend_all(grace=settings.WHIRR_RESTART_GRACE, now=now)
        say_alive(now=now)
    if look % SWEEP_EVERY == 0:
        sweep(now=now)


async def beat_forever(in_pool: InPool) -> None:
    """The loop round the steps above; an error (the database is away) is logged, and the next look tries again."""
    seen: int | None = None
    looks = 0
    while True:
        try:
            if seen is None:
                seen = await in_pool(lambda: begin(now=clock.now()))
            seen = await in_pool(ring_for_news, seen)
            looks += 1
            await in_pool(side_work, looks)
        except Exception:
            log.exception("the pulse missed a beat")
        await asyncio.sleep(EVERY)
