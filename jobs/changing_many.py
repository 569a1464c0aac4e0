"""Holding back, letting go and putting forward many jobs at once, and what that would do, said before."""

import contextlib
from collections.abc import Callable
from datetime import datetime

from django.db.models import Max, Min, QuerySet

from jobs import changing
from jobs.consequences import Told
from jobs.errors import IllegalMove
from jobs.models import Job
from jobs.phrases import plural
from jobs.states import JobStatus
from runs.errors import Invalid

HIGHEST = 1_000_000  # priority that anybody can give
PENDING = (JobStatus.WAITING, JobStatus.QUEUED)


def of_holding(jobs: QuerySet[Job]) -> Told:
    """`keeps 3 waiting jobs from starting until somebody releases them; 1 other job stays as it is`"""
    count = _free(jobs).count()
    if not count:
        return Told(0, "none of these waits without being held already")
    them = "it" if count == 1 else "them"
    words = f"keeps {plural(count, 'waiting job')} from starting until somebody releases {them}"
    return Told(count, words + _rest(jobs, count))


def of_releasing(jobs: QuerySet[Job]) -> Told:
    """`lets 3 held jobs start when their turn comes`"""
    count = _held(jobs).count()
    if not count:
        return Told(0, "none of these is held")
    turn = "its turn comes" if count == 1 else "their turn comes"
    return Told(count, f"lets {plural(count, 'held job')} start when {turn}" + _rest(jobs, count))


def of_prioritising(jobs: QuerySet[Job], priority: int) -> Told:
    """`gives 3 waiting jobs the priority 5`"""
    count = _waiting(jobs).exclude(priority=priority).count()
    if not count:
        return Told(0, f"none of these waits with another priority than {priority}")
    words = f"gives {plural(count, 'waiting job')} the priority {priority}"
    return Told(count, words + _rest(jobs, count))


def of_moving_to_the_top(jobs: QuerySet[Job]) -> Told:
    """`gives 3 waiting jobs the priority 11: they go before 23 others`. Raises Invalid where nothing is higher."""
    wish, told = top(jobs), _waiting(jobs).count()
    if wish is None:
        return Told(0, "none of these waits behind another job")
    others = _others(jobs).count()
    they = "it goes" if told == 1 else "they go"
    words = f"gives {plural(told, 'waiting job')} the priority {wish}: {they} before {plural(others, 'other')}"
    return Told(told, words + _rest(jobs, told))


def top(jobs: QuerySet[Job]) -> int | None:
    """The priority that puts those that wait before all others; None where they are. Raises Invalid."""
    highest = _others(jobs).aggregate(most=Max("priority"))["most"]
    lowest = _waiting(jobs).aggregate(least=Min("priority"))["least"]
    if lowest is None or highest is None or lowest > highest:
        return None
    if highest >= HIGHEST:
        raise Invalid(f"another job has the highest priority that there is, {HIGHEST}")
    return int(highest) + 1


def hold_all(jobs: QuerySet[Job], *, actor: str, now: datetime) -> list[int]:
    """Hold those that wait: their numbers. A transaction each; whoever is interrupted repeats it."""
    return _each(_free(jobs), lambda pk: changing.hold(pk, actor=actor, now=now))


def release_all(jobs: QuerySet[Job], *, actor: str, now: datetime) -> list[int]:
    """Release those that are held: their numbers."""
    return _each(_held(jobs), lambda pk: changing.release(pk, actor=actor, now=now))


def prioritise_all(jobs: QuerySet[Job], priority: int, *, actor: str, now: datetime) -> list[int]:
    """Give those that wait another priority: their numbers."""
    others = _waiting(jobs).exclude(priority=priority)
    return _each(others, lambda pk: changing.set_priority(pk, priority, actor=actor, now=now))


def move_to_the_top(jobs: QuerySet[Job], *, actor: str, now: datetime) -> list[int]:
    """Put those that wait before all others: their numbers. Raises Invalid where nothing is higher."""
    wish = top(jobs)
    return [] if wish is None else prioritise_all(jobs, wish, actor=actor, now=now)


def _each(jobs: QuerySet[Job], deed: Callable[[int], Job]) -> list[int]:
    done = []
    for pk in list(jobs.order_by("pk").values_list("pk", flat=True)):
        with contextlib.suppress(IllegalMove):  # it started or ended meanwhile
            done.append(deed(pk).pk)
    return done


def _waiting(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return jobs.filter(status__in=PENDING).order_by()


def _free(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return _waiting(jobs).filter(held_at__isnull=True)


def _held(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return _waiting(jobs).filter(held_at__isnull=False)


def _others(jobs: QuerySet[Job]) -> QuerySet[Job]:
    chosen = _waiting(jobs).values("pk")
    return Job.objects.filter(status__in=PENDING).exclude(pk__in=chosen).order_by()


def _rest(jobs: QuerySet[Job], count: int) -> str:
    left = jobs.count() - count
    return (
        f"; {plural(left, 'other')} chosen stay{'s' if left == 1 else ''} as before" if left else ""
    )
