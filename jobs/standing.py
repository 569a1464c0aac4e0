"""Where a job stands in the queue: how many are before it, and what fair share means for it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from jobs import fairness, lanes
from jobs.fairness import Shares
from jobs.models import Job, Scope
from jobs.phrases import gpu_time, plural
from jobs.states import JobStatus

MOST_COUNTED = 10_000  # jobs before one: beyond that only "more than" is said


def is_ready(job: Job, *, now: datetime) -> bool:
    """Whether nothing about the job itself keeps it from starting. As `jobs.lanes` has it in SQL."""
    return (
        job.status == JobStatus.QUEUED
        and not job.is_held
        and not job.cancel_requested
        and (job.not_before is None or job.not_before <= now)
    )


def ready(*, now: datetime) -> QuerySet[Job]:
    """All jobs of which that is true, in their order."""
    return Job.objects.filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now),
        status=JobStatus.QUEUED,
        held_at__isnull=True,
        cancel_requested_at__isnull=True,
    ).order_by("-priority", "id")


def before(job: Job, *, now: datetime) -> QuerySet[Job]:
    """The jobs that are offered before this one, the first one first."""
    higher = Q(priority__gt=job.priority) | Q(priority=job.priority, id__lt=job.pk)
    return ready(now=now).filter(higher)


def ahead(jobs: Iterable[Job], *, now: datetime) -> dict[int, int]:
    """How many are before each, MOST_COUNTED at most; for jobs that follow each other in the queue. One query."""
    standing = [job for job in jobs if is_ready(job, now=now)]
    if not standing:
        return {}
    first = before(standing[0], now=now).values("pk")[:MOST_COUNTED].count()
    return {job.pk: min(first + place, MOST_COUNTED) for place, job in enumerate(standing)}


def ahead_apart(jobs: Iterable[Job], *, now: datetime) -> dict[int, int]:
    """The same for jobs between which others stand. One query, of MOST_COUNTED numbers at most."""
    standing = [job for job in jobs if is_ready(job, now=now)]
    if not standing:
        return {}
    order = ready(now=now).values_list("pk", flat=True)[:MOST_COUNTED]
    places = {pk: place for place, pk in enumerate(order)}
    return {job.pk: places.get(job.pk, MOST_COUNTED) for job in standing}


def places(jobs: Iterable[Job]) -> dict[int, int]:
    """The place of each in the whole queue, from 1 on; those behind the first MOST_COUNTED are left out. One query."""
    wanted = {job.pk for job in jobs}
    if not wanted:
        return {}
    whole = Job.objects.filter(status__in=[JobStatus.WAITING, JobStatus.QUEUED])
    order = whole.order_by("-priority", "id").values_list("pk", flat=True)[:MOST_COUNTED]
    return {pk: place for place, pk in enumerate(order, start=1) if pk in wanted}


def ahead_words(count: int) -> str:
    """`3 jobs are before it`; empty where there is none."""
    if count >= MOST_COUNTED:
        return f"more than {MOST_COUNTED} jobs are before it"
    return f"{plural(count, 'job')} {'is' if count == 1 else 'are'} before it" if count else ""


def share_words(job: Job, *, now: datetime) -> str:
    """What fair share does to the order inside a priority; empty where all that waits is of one account."""
    needs = lanes.open_lanes()
    if not fairness.compete(needs):
        return ""
    shares = Shares.read(now=now)
    mine = shares.score(job.requirement)
    rivals = {
        lane[0].need.user
        for lane in lanes.heads(needs, most=1, now=now)
        if lane[0].priority >= job.priority and shares.score(lane[0].need) < mine
    }
    whose = job.user or "whoever submitted it"
    used = gpu_time(shares.used((Scope.USER.value, job.user)))
    if not rivals:
        return f"fair share: {whose} used {used} lately, and no other who waits used less"
    others = rivals - {job.user}
    who = (
        f"{plural(len(others), 'other')} who wait{'s' if len(others) == 1 else ''}"
        if others
        else "another project"
    )
    return (
        f"fair share: {whose} used {used} lately, {who} used less; "
        "inside a priority such jobs may go first, whatever their age"
    )
