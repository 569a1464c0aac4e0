"""A worker's GPUs kept free for a job that needs many at once, so that small jobs cannot starve it.

Bounded: one worker a job, one job a worker, only those GPUs that the job could use, and only for a job that stands
first and has waited `WHIRR_RESERVE_AFTER`.
Meanwhile a job may pass whose priority is higher, that needs no GPU, or whose time limit ends before the GPUs could be
free anyway (backfill, as batch schedulers call it).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from jobs import matching
from jobs.lanes import Head
from jobs.matching import Free
from jobs.models import Job, Requirement, Worker
from jobs.owning import Owned
from jobs.states import JobStatus


@dataclass(frozen=True, slots=True)
class Reservation:
    """The GPUs (indices) that are kept for a job, and when at the latest it can start, where that is known."""

    job: Job
    gpus: frozenset[int]
    starts_by: datetime | None

    def leaves(self, free: Free, head: Head, *, now: datetime) -> Free:
        """What of `free` the job `head` may take."""
        if self._lets_pass(head, now=now):
            return free
        return Free([index for index in free.gpus if index not in self.gpus], free.slots)

    def _lets_pass(self, head: Head, *, now: datetime) -> bool:
        before = head.job_id <= self.job.pk and head.need.pk == self.job.requirement_id
        if before or head.priority > self.job.priority:
            return True
        if self.starts_by is None or head.timeout is None:
            return False
        return now + timedelta(seconds=head.timeout + head.grace) <= self.starts_by


def of(worker: Worker, owned: list[Owned], free: Free) -> Reservation | None:
    """The worker's reservation; one whose job no longer waits for a place, or can get none here, is taken back."""
    if worker.reserved_for_id is None:
        return None
    job = Job.objects.filter(pk=worker.reserved_for_id).select_related("requirement").first()
    kept = seen(worker, job, owned, free)
    if kept is None:
        drop(worker)
    return kept


def seen(
    worker: Worker, job: Job | None, owned: list[Owned], free: Free | None = None
) -> Reservation | None:
    """What is kept on this worker for `job`, the one that it is reserved for. Takes nothing back.

    `free` is what the agent calls free: what is neither that nor owned belongs to somebody outside, and none of ours.
    """
    if job is None or not _waits_for_a_place(job):
        return None
    return _reservation(worker, job, owned, _in_reach(worker, owned, free))


def _waits_for_a_place(job: Job) -> bool:
    return job.status == JobStatus.QUEUED and not job.is_held and not job.cancel_requested


def drop(worker: Worker) -> None:
    """Nothing is kept any more."""
    _set(worker, None, None)


def make(
    worker: Worker, head: Head, owned: list[Owned], free: Free, *, now: datetime
) -> Reservation | None:
    """Keep GPUs for the job at the front of the queue, if it has waited long enough and has no other worker.

    A job for one GPU needs no such help: it is first in line for each that becomes free.
    """
    patience: timedelta = settings.WHIRR_RESERVE_AFTER
    if (head.need.gpus or 0) < 2 or now - head.queued_at < patience:
        return None
    job = Job.objects.select_related("requirement").get(pk=head.job_id)
    kept = _reservation(worker, job, owned, _in_reach(worker, owned, free))
    if kept is None or not _gives_way(head.job_id, now=now):
        return None
    try:
        with transaction.atomic():
            _set(worker, head.job_id, now)
    except IntegrityError:  # another server was quicker, for a worker of its own
        worker.reserved_for_id = worker.reserved_at = None
        return None
    return kept


def _gives_way(job_id: int, *, now: datetime) -> bool:
    """Whether no other worker is reserved for the job; one that is gone or takes no jobs gives its claim up."""
    other = Worker.objects.filter(reserved_for=job_id).first()
    if other is None:
        return True
    if other.is_online(now=now) and not (other.disabled or other.draining):
        return False
    gone = Worker.objects.filter(pk=other.pk, reserved_for=job_id)
    return bool(gone.update(reserved_for=None, reserved_at=None))


def _in_reach(worker: Worker, owned: list[Owned], free: Free | None) -> set[int]:
    if free is None:
        return set(matching.everything(worker).gpus)
    return {*free.gpus, *(index for each in owned for index in each.gpus)}


def _reservation(
    worker: Worker, job: Job, owned: list[Owned], in_reach: set[int]
) -> Reservation | None:
    """None where the job would not fit even once all that runs there has ended."""
    need = job.requirement
    if matching.place_for(need, worker, Free(sorted(in_reach), 0)) is None:
        return None
    usable = matching.gpus_for(need, worker, in_reach)
    return Reservation(job, frozenset(usable), _starts_by(need, worker, owned, in_reach))


def _set(worker: Worker, job_id: int | None, at: datetime | None) -> None:
    worker.reserved_for_id, worker.reserved_at = job_id, at
    worker.save(update_fields=["reserved_for", "reserved_at"])


def _starts_by(
    need: Requirement, worker: Worker, owned: list[Owned], in_reach: set[int]
) -> datetime | None:
    """When the running jobs' time limits will have made room; None where one of those in the way has none."""
    holders = [each for each in owned if each.gpus]
    left = in_reach - {index for each in holders for index in each.gpus}
    for end, gpus in sorted((each.ends_by, each.gpus) for each in holders if each.ends_by):
        left |= set(gpus)
        if matching.place_for(need, worker, Free(sorted(left), 0)) is not None:
            return end
    return None
