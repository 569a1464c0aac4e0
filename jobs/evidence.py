"""What the rows say about why some jobs do not run: for a page of jobs as many queries as for one."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from jobs import standing
from jobs.following import ACTIVE
from jobs.models import Array, Attempt, Dependency, Job
from jobs.states import FINAL, JobStatus
from jobs.verdicts import Judge
from jobs.world import World


@dataclass(frozen=True, slots=True)
class Turn:
    """An array that lets so many members run at a time."""

    array: Array
    active: int


@dataclass(frozen=True, slots=True)
class Parents:
    """What a job still waits for: one of them, and how many there are."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """By the job's number, for those jobs that have it."""

    now: datetime
    world: World
    judge: Judge
    parents: dict[int, Parents]
    turns: dict[int, Turn]
    failed: dict[int, Attempt]  # the attempt after which a job pauses
    ahead: dict[int, int]


def read(jobs: Collection[Job], *, now: datetime, apart: bool = False) -> Evidence:
    """About jobs that wait; they follow each other in the queue, unless others stand between them (`apart`)."""
    waiting = [job for job in jobs if job.status == JobStatus.WAITING]
    world = World.read([job.requirement for job in jobs], now=now)
    return Evidence(
        now=now,
        world=world,
        judge=Judge(world),
        parents=_parents(waiting),
        turns=_turns(job for job in waiting if job.array_id),
        failed=_failed(job for job in jobs if is_pausing(job, now=now)),
        ahead=(standing.ahead_apart if apart else standing.ahead)(jobs, now=now),
    )


def is_pausing(job: Job, *, now: datetime) -> bool:
    """It failed, and is not tried again yet."""
    return job.status == JobStatus.QUEUED and job.not_before is not None and job.not_before > now


def _parents(waiting: Iterable[Job]) -> dict[int, Parents]:
    ids = [job.pk for job in waiting]
    if not ids:
        return {}
    open_ = Dependency.objects.filter(job__in=ids).exclude(on__status__in=FINAL).order_by()
    found = open_.values_list("job").annotate(first=Min("on"), count=Count("pk"))
    return {job: Parents(first, count) for job, first, count in found}


def _turns(waiting: Iterable[Job]) -> dict[int, Turn]:
    arrays = {job.pk: job.array_id for job in waiting if job.array_id}
    if not arrays:
        return {}
    rows = Array.objects.in_bulk(set(arrays.values()))
    members = Job.objects.filter(array__in=rows, status__in=ACTIVE).order_by()
    active = dict(members.values_list("array").annotate(n=Count("pk")))
    return {
        job: Turn(rows[array], active.get(array, 0))
        for job, array in arrays.items()
        if rows[array].max_active is not None
    }


def _failed(pausing: Iterable[Job]) -> dict[int, Attempt]:
    ids = [job.pk for job in pausing]
    attempts = Attempt.objects.filter(job__in=ids).order_by("number") if ids else ()
    return {attempt.job_id: attempt for attempt in attempts}
