"""Reading the queue: jobs, workers, numbers for the overview."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Prefetch, QuerySet

from jobs import blocked, versions
from jobs.blocked import Blocked
from jobs.models import Array, Attempt, Dependency, Job, JobEvent, Worker
from jobs.models.worker import OFFLINE_AFTER
from jobs.states import FINAL, AttemptStatus, JobStatus, WorkerStatus
from runs.errors import NotFound

ACTIVE = "active"  # every job that has not ended
UNFINISHED = sorted(set(JobStatus) - FINAL)


def jobs(
    *,
    ids: Collection[int] | None = None,
    status: str = "",
    tag: str = "",
    project: str = "",
    user: str = "",
    name: str = "",
    worker: str = "",
    array: int | None = None,
) -> QuerySet[Job]:
    """Jobs, newest first, narrowed by what is given (`status` may be ACTIVE); run, worker, requirement come along."""
    found = Job.objects.select_related("run", "worker", "requirement").order_by("-id")
    if status == ACTIVE:
        found = found.filter(status__in=UNFINISHED)
    elif status:
        found = found.filter(status=status)
    if tag:
        found = found.filter(tags__has=tag)
    equal = {"project": project, "user": user, "name": name, "worker__worker_id": worker}
    found = found.filter(**{column: value for column, value in equal.items() if value})
    if array is not None:
        found = found.filter(array=array)
    return found if ids is None else found.filter(pk__in=ids)


def chosen(
    *, ids: Collection[int] | None = None, array: int | None = None, **narrow: str
) -> QuerySet[Job]:
    """As `jobs`, for whoever is going to change them: raises NotFound for a number that is none."""
    if ids is not None:
        there = set(Job.objects.filter(pk__in=ids).values_list("pk", flat=True))
        if missing := sorted(set(ids) - there):
            raise NotFound(f"there is no job {', '.join(map(str, missing[:10]))}")
    if array is not None and not Array.objects.filter(pk=array).exists():
        raise NotFound(f"there is no array A{array}")
    return jobs(ids=ids, array=array, **narrow)


def job(job_id: int) -> Job:
    """The job with that number, its attempts and dependencies prefetched. Raises NotFound."""
    found = jobs().prefetch_related(
        Prefetch("attempts", Attempt.objects.order_by("number")),
        Prefetch("dependencies", Dependency.objects.select_related("on").order_by("on_id")),
    )
    try:
        return found.get(pk=job_id)
    except Job.DoesNotExist:
        raise NotFound(f"there is no job {job_id}") from None


def events(job_id: int) -> QuerySet[JobEvent]:
    """What happened to the job, the first thing first. Raises NotFound."""
    if not Job.objects.filter(pk=job_id).exists():
        raise NotFound(f"there is no job {job_id}")
    return JobEvent.objects.filter(job=job_id)


def queue() -> QuerySet[Job]:
    """Waiting and queued jobs in the order in which they will be offered."""
    return (
        jobs().filter(status__in=[JobStatus.WAITING, JobStatus.QUEUED]).order_by("-priority", "id")
    )


def running() -> QuerySet[Job]:
    """Running jobs, the longest-running first, with their running attempt as `attempts`."""
    return (
        jobs()
        .filter(status=JobStatus.RUNNING)
        .order_by("started_at", "id")
        .prefetch_related(
            Prefetch("attempts", Attempt.objects.filter(status=AttemptStatus.RUNNING))
        )
    )


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker with what it is doing now: `by_gpu` maps a GPU's index to the attempt that holds it."""

    worker: Worker
    status: WorkerStatus
    attempts: list[Attempt]
    by_gpu: dict[int, Attempt]

    @property
    def blocked(self) -> list[Blocked]:
        """GPUs that its agent hands to no job; of an agent that is gone nothing is known."""
        return [] if self.status == WorkerStatus.OFFLINE else blocked.of(self.worker)

    @property
    def skew(self) -> versions.Skew:
        """How its agent's version stands to ours."""
        return versions.skew(self.worker.version, settings.WHIRR_VERSION)


def workers(*, now: datetime) -> list[WorkerView]:
    """All workers by name, each with its running attempts; two queries whatever their number."""
    return [view(worker, now=now) for worker in busy_workers()]


def worker(worker_id: str, *, now: datetime) -> WorkerView:
    """One worker. Raises NotFound."""
    found = busy_workers().filter(worker_id=worker_id).first()
    if found is None:
        raise NotFound(f"there is no worker {worker_id!r}")
    return view(found, now=now)


def busy_workers() -> QuerySet[Worker]:
    """Workers by name, with what `view` needs."""
    running = Attempt.objects.filter(status=AttemptStatus.RUNNING).select_related("job__run")
    return Worker.objects.prefetch_related(
        Prefetch("attempts", running, to_attr="running_attempts")
    )


def view(worker: Worker, *, now: datetime) -> WorkerView:
    """A worker of `busy_workers` as it is now."""
    attempts: list[Attempt] = worker.running_attempts  # type: ignore[attr-defined]
    by_gpu = {index: attempt for attempt in attempts for index in attempt.gpus}
    return WorkerView(worker, worker.status(now=now, busy=bool(attempts)), attempts, by_gpu)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs stand where, and how many workers are there."""

    by_status: dict[str, int]
    workers_online: int
    workers_total: int


def counts(*, now: datetime) -> Counts:
    """Numbers for `/api/v1/status` and the overview."""
    # One look into the index for each status: asked for groups, PostgreSQL reads the whole table.
    each = [
        Job.objects.filter(status=status).order_by().values_list("status").annotate(n=Count("*"))
        for status in JobStatus.values
    ]
    rows = each[0].union(*each[1:], all=True)
    online = Worker.objects.filter(online=True, heartbeat_at__gt=now - OFFLINE_AFTER).count()
    by_status = dict.fromkeys(JobStatus.values, 0) | dict(rows)
    return Counts(by_status, online, Worker.objects.count())
