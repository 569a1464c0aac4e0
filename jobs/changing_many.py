"""Holding back, letting go and putting forward many jobs at once, and what that would do, said before."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from jobs import changing
from jobs.changing import Change
from jobs.consequences import Told
from jobs.models import Job
from jobs.moving import Note, note_all
from jobs.phrases import plural
from jobs.states import JobStatus
from runs import again
from runs.errors import Invalid

HIGHEST = 1_000_000  # priority that anybody can give
AT_ONCE = (
    100  # jobs in one transaction: nobody waits long for their rows, and each has one doorbell
)
NOT_WAITING = "not waiting"
GONE = "deleted"
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


@dataclass(slots=True)
class Changed:
    """Which jobs were changed, and how many of the others were not for which reason."""

    done: list[int] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def words(self, deed: str) -> str:
        """`3 jobs held back; 2 not changed: 1 already held, 1 not waiting.`"""
        told = f"{plural(len(self.done), 'job')} {deed}"
        if left := self.left.total():
            why = ", ".join(f"{count} {reason}" for reason, count in sorted(self.left.items()))
            told += f"; {left} not changed: {why}"
        return told + "."


def hold_all(jobs: QuerySet[Job], *, actor: str, now: datetime) -> Changed:
    """Hold those that wait."""
    change = changing.holding(actor=actor, now=now)
    return _change(jobs, change, "already held", actor=actor, now=now)


def release_all(jobs: QuerySet[Job], *, actor: str, now: datetime) -> Changed:
    """Release those that are held."""
    return _change(jobs, changing.releasing(), "not held", actor=actor, now=now)


def prioritise_all(jobs: QuerySet[Job], priority: int, *, actor: str, now: datetime) -> Changed:
    """Give those that wait another priority."""
    change, old_news = changing.prioritising(priority), f"already of priority {priority}"
    return _change(jobs, change, old_news, actor=actor, now=now)


def move_to_the_top(jobs: QuerySet[Job], *, actor: str, now: datetime) -> Changed:
    """Put those that wait before all others. Raises Invalid where nothing is higher."""
    wish = top(jobs)
    if wish is not None:
        return prioritise_all(jobs, wish, actor=actor, now=now)
    waiting = _waiting(jobs).count()
    return Changed(
        left=+Counter({"already at the top": waiting, NOT_WAITING: jobs.count() - waiting})
    )


def _change(
    jobs: QuerySet[Job], change: Change, old_news: str, *, actor: str, now: datetime
) -> Changed:
    """A transaction for some at a time; whoever is interrupted repeats it. `old_news`: why one that is so stays."""
    numbers = list(jobs.order_by("pk").values_list("pk", flat=True))
    changed = Changed()
    for at in range(0, len(numbers), AT_ONCE):
        some = _change_some(numbers[at : at + AT_ONCE], change, old_news, actor=actor, now=now)
        changed.done += some.done
        changed.left += some.left
    return changed


@again.after_deadlock
@transaction.atomic
def _change_some(
    numbers: list[int], change: Change, old_news: str, *, actor: str, now: datetime
) -> Changed:
    pending = Job.objects.filter(pk__in=numbers, status__in=PENDING)
    jobs = list(pending.select_for_update(of=("self",)).select_related("run").order_by("pk"))
    there = Job.objects.filter(pk__in=numbers).count()
    fresh = [job for job in jobs if change.is_news(job)]
    done = [job.pk for job in fresh]
    Job.objects.filter(pk__in=done).update(**change.columns)
    note_all([Note(job, change.kind, actor, message=change.message) for job in fresh], now=now)
    left = {
        old_news: len(jobs) - len(done),
        NOT_WAITING: there - len(jobs),
        GONE: len(numbers) - there,
    }
    return Changed(done, Counter(left))


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
