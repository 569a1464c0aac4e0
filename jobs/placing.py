"""Moving a waiting job to another place of the queue, by priorities: nothing else outranks fair share.

The job gets the priority that puts it there. Where jobs above the place are of that priority too, they are raised just
as far as keeps the order in which they stand; jobs below are never touched, since that could be the whole queue.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from jobs import refusing
from jobs.changing_many import AT_ONCE, HIGHEST, PENDING
from jobs.errors import IllegalMove, Invalid, NotFound
from jobs.models import Job
from jobs.moving import Note, note_all
from jobs.phrases import plural
from runs import again


@dataclass(frozen=True, slots=True)
class Spot:
    """A waiting job, as far as its place depends on it."""

    pk: int
    priority: int

    @property
    def order(self) -> tuple[int, int]:
        return -self.priority, self.pk


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the job is now, and how many above it were raised to keep their places."""

    job_id: int
    priority: int
    place: int
    of: int
    raised: int

    @property
    def words(self) -> str:
        """`Job 9 is at place 3 of 12, with priority 1; 2 jobs above it got a higher priority.`"""
        told = f"Job {self.job_id} is at place {self.place} of {self.of}, with priority {self.priority}"
        more = f"; {plural(self.raised, 'job')} above it got a higher priority"
        return f"{told}{more if self.raised else ''}."


@again.after_deadlock
@transaction.atomic
def move(job_id: int, *, beside: int, below: bool, actor: str, now: datetime) -> Moved:
    """Put the job right above the one it goes `beside`, or right `below` it. Raises NotFound, IllegalMove, Invalid."""
    if job_id == beside:
        raise Invalid(f"job {job_id} cannot be moved beside itself")
    wishes = _wishes(job_id, beside, below=below)
    locked = _locked({*wishes, job_id, beside})
    if _wishes(job_id, beside, below=below) != wishes:
        raise IllegalMove("the queue changed in this moment: try again")
    for priority in set(wishes.values()):
        alike = [pk for pk, each in wishes.items() if each == priority]
        Job.objects.filter(pk__in=alike).update(priority=priority)
    note_all(
        [Note(locked[pk], "priority", actor, message=f"priority {wishes[pk]}") for pk in wishes],
        now=now,
    )
    there = Spot(job_id, wishes.get(job_id, locked[job_id].priority))
    place, raised = _before(there).count() + 1, len(wishes.keys() - {job_id})
    return Moved(job_id, there.priority, place, _queue().count(), raised)


def plan(job: Spot, above: Iterable[Spot], under: Spot | None, *, up: bool) -> dict[int, int]:
    """New priorities, of the job and of those `above` its place (the nearest first), for it to stand over `under`.

    Whom it is moved past it really passes: it goes before them, or after them, whatever fair share says.
    """
    nearest_first = iter(above)
    nearest = next(nearest_first, None)
    wish = _wish(job, nearest, under, up=up)
    found = {job.pk: wish}
    last, strict = Spot(job.pk, wish), not up
    while nearest is not None:
        least = last.priority + (strict or nearest.pk > last.pk)
        if nearest.priority >= least:
            break
        found[nearest.pk] = least
        last, strict = Spot(nearest.pk, least), False
        nearest = next(nearest_first, None)
    return found


def _wish(job: Spot, nearest: Spot | None, under: Spot | None, *, up: bool) -> int:
    if under is None:
        return nearest.priority - 1 if nearest else job.priority
    if up:
        return under.priority + 1
    least = under.priority + (job.pk > under.pk)
    return max(least, nearest.priority - 1) if nearest else least


def _wishes(job_id: int, beside: int, *, below: bool) -> dict[int, int]:
    """Nothing where it stands there already. Raises Invalid where that takes more than can be given."""
    job, target = _spot(job_id), _spot(beside)
    rest = _queue().exclude(pk=job.pk)
    under = _first(_after(target, rest)) if below else target
    above = _before(target).exclude(pk=job.pk)
    nearest = target if below else _first(above.order_by("priority", "-pk"))
    if _stands(job, nearest, under):
        return {}
    spots = _spots(above.order_by("priority", "-pk")[: AT_ONCE + 1])
    found = plan(job, [target, *spots] if below else spots, under, up=job.order > target.order)
    if len(found) > AT_ONCE + 1:
        raise Invalid(
            f"more than {AT_ONCE} jobs above that place would need another priority: give job {job.pk} one instead"
        )
    if any(abs(priority) > HIGHEST for priority in found.values()):
        raise Invalid(f"that takes a priority beyond {HIGHEST}, the most that there is")
    return {pk: each for pk, each in found.items() if pk != job.pk or each != job.priority}


def _stands(job: Spot, nearest: Spot | None, under: Spot | None) -> bool:
    return (nearest is None or nearest.order < job.order) and (
        under is None or job.order < under.order
    )


def _locked(numbers: set[int]) -> dict[int, Job]:
    """What was read before is read once more when these are locked."""
    jobs = Job.objects.filter(pk__in=numbers).select_for_update(of=("self",))
    return {job.pk: job for job in jobs.select_related("run").order_by("pk")}


def _spot(job_id: int) -> Spot:
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    if why_not := refusing.to_change(job):
        raise IllegalMove(why_not)
    return Spot(job.pk, job.priority)


def _queue() -> QuerySet[Job]:
    return Job.objects.filter(status__in=PENDING).order_by()


def _before(spot: Spot) -> QuerySet[Job]:
    older = Q(priority=spot.priority, pk__lt=spot.pk)
    return _queue().filter(Q(priority__gt=spot.priority) | older)


def _after(spot: Spot, among: QuerySet[Job]) -> QuerySet[Job]:
    younger = Q(priority=spot.priority, pk__gt=spot.pk)
    return among.filter(Q(priority__lt=spot.priority) | younger).order_by("-priority", "pk")


def _spots(jobs: QuerySet[Job]) -> list[Spot]:
    return [Spot(*each) for each in jobs.values_list("pk", "priority")]


def _first(jobs: QuerySet[Job]) -> Spot | None:
    return next(iter(_spots(jobs[:1])), None)
