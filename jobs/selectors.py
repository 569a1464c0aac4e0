"""Reading the queue: jobs, workers, numbers for the overview."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, QuerySet

from jobs.models import Attempt, Job, Worker
from jobs.models.worker import OFFLINE_AFTER
from jobs.states import FINAL, AttemptStatus, JobStatus, WorkerStatus
from runs.errors import NotFound

ACTIVE = "active"  # every job that has not ended


def jobs(*, status: str = "", tag: str = "", project: str = "") -> QuerySet[Job]:
    """Jobs, newest first, narrowed by what is given (`status` may be ACTIVE); run, worker, requirement come along."""
    found = Job.objects.select_related("run", "worker", "requirement").order_by("-id")
    if status == ACTIVE:
        found = found.exclude(status__in=FINAL)
    elif status:
        found = found.filter(status=status)
    if tag:
        found = found.filter(tags__has=tag)
    if project:
        found = found.filter(project=project)
    return found


def job(job_id: int) -> Job:
    """The job with that number, its attempts prefetched. Raises NotFound."""
    found = jobs().prefetch_related(
        Prefetch("attempts", Attempt.objects.order_by("number")),
    )
    try:
        return found.get(pk=job_id)
    except Job.DoesNotExist:
        raise NotFound(f"there is no job {job_id}") from None


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


def workers(*, now: datetime) -> list[WorkerView]:
    """All workers by name, each with its running attempts; two queries whatever their number."""
    running = Attempt.objects.filter(status=AttemptStatus.RUNNING).select_related("job__run")
    found: Iterable[Worker] = Worker.objects.prefetch_related(
        Prefetch("attempts", running, to_attr="running_attempts")
    )
    return [_view(worker, worker.running_attempts, now=now) for worker in found]  # type: ignore[attr-defined]


def _view(worker: Worker, attempts: list[Attempt], *, now: datetime) -> WorkerView:
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
    rows = Job.objects.order_by().values_list("status").annotate(n=Count("id"))
    online = Worker.objects.filter(online=True, heartbeat_at__gt=now - OFFLINE_AFTER).count()
    by_status = dict.fromkeys(JobStatus.values, 0) | dict(rows)
    return Counts(by_status, online, Worker.objects.count())
