"""Handing jobs to a worker: choosing and taking are one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from jobs import matching
from jobs.matching import Free, Place
from jobs.models import Attempt, Job, Requirement, Worker
from jobs.moving import move
from jobs.states import AttemptStatus, JobStatus
from runs import recording
from whirr_site.access import run_tokens


@dataclass(frozen=True, slots=True)
class Order:
    """A claimed job as the agent needs it."""

    job: Job
    attempt: Attempt

    def as_json(self) -> dict[str, Any]:
        """The ORDER of docs/wire-protocol.md."""
        job, gpus = self.job, self.attempt.gpus
        uuids = {gpu["index"]: gpu.get("uuid", "") for gpu in job.worker.gpus} if job.worker else {}
        return {
            "job_id": job.pk,
            "attempt": self.attempt.number,
            "run_id": job.run.key,
            "name": job.name,
            "command_argv": job.command_argv,
            "workdir": job.workdir,
            "env": job.env,
            "config": job.config,
            "gpus": gpus,
            "gpu_uuids": [uuids.get(index, "") for index in gpus],
            "timeout_seconds": job.timeout_seconds,
            "grace_seconds": job.grace_seconds,
            "exclusive": job.exclusive,
            "run_token": run_tokens.make(job.run.key, self.attempt.number),
        }


def running_attempts(worker: Worker) -> list[Attempt]:
    """The attempts that this worker owns, with their jobs."""
    owned = list(Attempt.objects.filter(worker=worker, status=AttemptStatus.RUNNING).order_by())
    if owned:  # mostly there is none, and a plain look costs a fraction of a joined one
        jobs = Job.objects.select_related("run", "worker").in_bulk([each.job_id for each in owned])
        for attempt in owned:
            attempt.job = jobs[attempt.job_id]
    return owned


def free_of(worker: Worker, owned: list[Attempt], *, gpus: list[int], slots: int) -> Free:
    """What the agent says is free, less what the server knows to be taken: a GPU is never given twice."""
    known = {gpu["index"] for gpu in worker.gpus}
    taken = {index for attempt in owned for index in attempt.gpus}
    in_slots = sum(1 for attempt in owned if not attempt.gpus)
    return Free(
        gpus=sorted(known & set(gpus) - taken),
        slots=max(0, min(slots, worker.slots - in_slots)),
    )


def claim(
    worker: Worker,
    free: Free,
    *,
    claim_id: str,
    lease_seconds: int,
    now: datetime,
    most: int = 64,
) -> list[Order]:
    """Take queued jobs, best first, until nothing fits. Inside a transaction that holds the worker's row."""
    orders: list[Order] = []
    most = min(most, len(free.gpus) + free.slots)
    for job in _heads(worker, free, most=most, now=now) if most else ():
        place = matching.place_for(job.requirement, worker, free)
        if place is None:
            continue
        matching.take(place, free)
        orders.append(
            _take(job, worker, place, claim_id=claim_id, lease_seconds=lease_seconds, now=now)
        )
        if len(orders) == most:
            break
    return orders


def _heads(worker: Worker, free: Free, *, most: int, now: datetime) -> list[Job]:
    """The first `most` jobs of every need that fits, in the queue's order; locked, so that no other claim sees them.

    One look at the queue per distinct need: the cost does not grow with the number of queued jobs.
    """
    heads = [
        job
        for need in matching.fitting(_open_needs(now=now), worker, free)
        for job in _offered(now=now).filter(requirement=need)[:most]
    ]
    return sorted(heads, key=lambda job: (-job.priority, job.pk))


def _open_needs(*, now: datetime) -> QuerySet[Requirement]:
    """The distinct needs of jobs that wait for a worker."""
    return Requirement.objects.filter(pk__in=_queued(now=now).values("requirement"))


def _queued(*, now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now),
        status=JobStatus.QUEUED,
        cancel_requested_at__isnull=True,
    )


def _offered(*, now: datetime) -> QuerySet[Job]:
    return (
        _queued(now=now)
        .select_related("run", "requirement")
        .order_by("-priority", "id")
        .select_for_update(skip_locked=True, of=("self",))
    )


def _take(
    job: Job, worker: Worker, place: Place, *, claim_id: str, lease_seconds: int, now: datetime
) -> Order:
    number = job.attempt + 1
    job.worker = worker
    move(
        job,
        JobStatus.RUNNING,
        now=now,
        actor=worker.worker_id,
        message=f"GPU {', '.join(map(str, place.gpus))}" if place.gpus else "",
        attempt=number,
        worker=worker,
        lease_seconds=lease_seconds,
        lease_expires_at=now + timedelta(seconds=lease_seconds),
        not_before=None,
        started_at=job.started_at or now,
    )
    attempt = Attempt.objects.create(
        job=job,
        number=number,
        worker=worker,
        worker_name=worker.worker_id,
        gpus=place.gpus,
        claim_id=claim_id,
        started_at=now,
    )
    recording.begin_attempt(job.run, number, hostname=worker.hostname, now=now)
    return Order(job, attempt)
