"""What the end of a job means for others: jobs that wait for it, and the next members of its array.

It happens in the transaction that ends the job, and goes on until nothing more follows, so no dependent waits for ever.
`settle` looks at everything that waits, for what a crash between two statements of ours could have left behind.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from jobs.models import Array, Dependency, Job
from jobs.moving import Move, move_all
from jobs.states import FINAL, After, JobStatus, Reason
from runs import rows

WHIRR = "whirr"  # the actor of what nobody asked for
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)

# Of a job: what it waits for and has not ended; what it waits for and ended otherwise.
_OPEN = Dependency.objects.filter(job=OuterRef("pk")).exclude(on__status__in=FINAL)
_BROKEN = Dependency.objects.filter(
    Q(kind=After.OK, on__status__in=FINAL - {JobStatus.COMPLETED})
    | Q(kind=After.NOT_OK, on__status=JobStatus.COMPLETED),
    job=OuterRef("pk"),
)


def after(ended: Iterable[Job], *, now: datetime) -> None:
    """Release or cancel whatever waited for these jobs, which have just ended, and so on from there.

    Locks dependents by rising number, a wave at a time. Two ends at once may still meet in a deadlock: whoever calls
    this from outside is wrapped in `again.after_deadlock`.
    """
    wave = list(ended)
    while wave:
        doomed = _decide(_dependents(wave), now=now)
        _top_up({job.array_id for job in wave if job.array_id}, now=now)
        wave = doomed


def _dependents(ended: list[Job]) -> list[int]:
    """Numbers of the jobs that wait for these. By hand: every end asks, and mostly nobody waits."""
    numbers = [job.pk for job in ended]
    edges = rows.select(Dependency, f"on_id IN ({rows.among(numbers)})", numbers)
    return [edge.job_id for edge in edges]


def arrive(jobs: Iterable[Job], *, now: datetime) -> None:
    """Jobs that were just submitted as waiting: some may start at once, some never."""
    found = list(jobs)
    after(_decide([job.pk for job in found], now=now), now=now)
    fresh = Job.objects.in_bulk([job.pk for job in found])
    for job in found:
        job.status, job.reason = fresh[job.pk].status, fresh[job.pk].reason
        job.error_message = fresh[job.pk].error_message


def settle(*, now: datetime, limit: int = 1000) -> int:
    """Look at what waits, whatever happened or failed to. Returns how many jobs moved."""
    waiting = Job.objects.filter(status=JobStatus.WAITING)
    before = waiting.count()
    if not before:
        return 0
    unthrottled = Q(array__isnull=True) | Q(array__max_active__isnull=True)
    overlooked = waiting.filter(Exists(_BROKEN) | (~Exists(_OPEN) & unthrottled))
    some = list(overlooked.order_by("pk").values_list("pk", flat=True)[:limit])
    with transaction.atomic():
        after(_decide(some, now=now), now=now)
    full = Array.objects.filter(max_active__isnull=False)
    for array in full.filter(Exists(waiting.filter(array=OuterRef("pk")))).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            _top_up([array], now=now)
    return before - waiting.count()


def _decide(ids: Iterable[int], *, now: datetime) -> list[Job]:
    """Release those of the waiting jobs that have what they wait for, cancel those that never will; the cancelled."""
    wanted = set(ids)
    if not wanted:
        return []
    jobs = {
        job.pk: job
        for job in Job.objects.select_for_update(of=("self",))
        .filter(pk__in=wanted, status=JobStatus.WAITING)
        .select_related("run")
        .order_by("pk")
    }
    # Read after the locks: another transaction may just have ended another one of their parents.
    open_, broken = _dependencies(jobs)
    doomed = [job for pk, job in jobs.items() if pk in broken]
    ready = [job for pk, job in jobs.items() if pk not in broken and pk not in open_]
    move_all([_cancel(job, broken[job.pk]) for job in doomed], now=now)
    throttled = set(
        Array.objects.filter(
            pk__in={job.array_id for job in ready if job.array_id}, max_active__isnull=False
        ).values_list("pk", flat=True)
    )
    free = [job for job in ready if job.array_id not in throttled]
    move_all([_release(job, now=now) for job in free], now=now)
    _top_up(throttled, now=now)
    return doomed


def _dependencies(jobs: Iterable[int]) -> tuple[set[int], dict[int, str]]:
    """(jobs of which some parent has not ended, {job: why it can never start})."""
    unfinished: set[int] = set()
    broken: dict[int, str] = {}
    edges = Dependency.objects.filter(job__in=list(jobs)).order_by("job_id", "on_id")
    for job, on, kind, status in edges.values_list("job", "on", "kind", "on__status"):
        if status not in FINAL:
            unfinished.add(job)
        elif not After(kind).is_met_by(JobStatus(status)):
            broken.setdefault(
                job, f"job {on} is {status}, and this one waits for it to be {After(kind).label}"
            )
    return unfinished, broken


def _cancel(job: Job, why: str) -> Move:
    return Move(job, JobStatus.CANCELLED, WHIRR, Reason.DEPENDENCY_FAILED, why)


def _release(job: Job, *, now: datetime) -> Move:
    return Move(job, JobStatus.QUEUED, WHIRR, changes={"queued_at": now})


def _top_up(arrays: Iterable[int], *, now: datetime) -> None:
    """Release waiting members up to the array's limit. The array's row is the lock that keeps to it."""
    numbers = sorted(set(arrays))
    if not numbers:
        return
    limited = f"id IN ({rows.among(numbers)}) AND max_active IS NOT NULL"
    for array in rows.select(Array, limited, numbers, lock="FOR UPDATE"):
        members = Job.objects.filter(array=array)
        room = (array.max_active or 0) - members.filter(status__in=ACTIVE).count()
        ready = _without_open_parents(members)[: max(0, room)]
        jobs = list(
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk__in=list(ready), status=JobStatus.WAITING)
            .select_related("run")
            .order_by("pk")
        )
        move_all([_release(job, now=now) for job in jobs], now=now)


def _without_open_parents(jobs: QuerySet[Job]) -> QuerySet[Job, int]:
    """Numbers of those that wait for nobody but their turn in the array, the first one first."""
    waiting = jobs.filter(~Exists(_OPEN), ~Exists(_BROKEN), status=JobStatus.WAITING)
    return waiting.order_by("pk").values_list("pk", flat=True)
