"""A worker's GPUs kept free for a job that needs many at once, so that small jobs cannot starve it.

Bounded: one worker a job, one job a worker, only those GPUs that the job could use, and only for a job that stands
first and has waited `WHIRR_RESERVE_AFTER`.
Meanwhile a job may pass whose priority is higher, that needs no GPU, or whose time limit ends before the GPUs could be
free anyway (backfill, as batch schedulers call it).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

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


def of(worker: Worker, owned: Iterable[Owned]) -> Reservation | None:
    """The worker's reservation; one whose job no longer waits for a place is taken back."""
    if worker.reserved_for_id is None:
        return None
    job = Job.objects.filter(pk=worker.reserved_for_id).select_related("requirement").first()
    kept = seen(worker, job, owned)
    if kept is None:
        drop(worker)
    return kept


def seen(worker: Worker, job: Job | None, owned: Iterable[Owned]) -> Reservation | None:
    """What is kept on this worker for `job`, the one that it is reserved for. Takes nothing back."""
    if job is None or not _waits_for_a_place(job) or not _could_serve(worker, job.requirement):
        return None
    return _reservation(worker, job, owned)


def _waits_for_a_place(job: Job) -> bool:
    return job.status == JobStatus.QUEUED and not job.is_held and not job.cancel_requested


def drop(worker: Worker) -> None:
    """Nothing is kept any more."""
    _set(worker, None, None)


def make(
    worker: Worker, head: Head, owned: Iterable[Owned], *, now: datetime
) -> Reservation | None:
    """Keep GPUs for the job at the front of the queue, if it has waited long enough and has no other worker.

    A job for one GPU needs no such help: it is first in line for each that becomes free.
    """
    patience: timedelta = settings.WHIRR_RESERVE_AFTER
    if (head.need.gpus or 0) < 2 or now - head.queued_at < patience:
        return None
    if not _could_serve(worker, head.need):
        return None
    if Worker.objects.filter(reserved_for=head.job_id).exists():
        return None
    _set(worker, head.job_id, now)
    job = Job.objects.select_related("requirement").get(pk=head.job_id)
    return _reservation(worker, job, owned)


def _could_serve(worker: Worker, need: Requirement) -> bool:
    return matching.place_for(need, worker, matching.everything(worker)) is not None


def _reservation(worker: Worker, job: Job, owned: Iterable[Owned]) -> Reservation:
    all_gpus = matching.everything(worker).gpus
    usable = matching.gpus_for(job.requirement, worker, all_gpus)
    return Reservation(job, frozenset(usable), _starts_by(job, worker, owned))


def _set(worker: Worker, job_id: int | None, at: datetime | None) -> None:
    worker.reserved_for_id, worker.reserved_at = job_id, at
    worker.save(update_fields=["reserved_for", "reserved_at"])


def _starts_by(job: Job, worker: Worker, owned: Iterable[Owned]) -> datetime | None:
    """When the running jobs' time limits will have made room; None where one of those in the way has none."""
    free = matching.everything(worker)
    holders = [each for each in owned if each.gpus]
    for each in holders:
        free.gpus = [index for index in free.gpus if index not in each.gpus]
    for end, gpus in sorted((each.ends_by, each.gpus) for each in holders if each.ends_by):
        free = Free(sorted({*free.gpus, *gpus}), free.slots)
        if matching.place_for(job.requirement, worker, free) is not None:
            return end
    return None
