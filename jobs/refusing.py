"""Why a person's wish cannot be met: asked by what would do it, and by pages that say beforehand what would happen."""

from jobs.models import Job, Worker
from jobs.states import JobStatus


def to_cancel(job: Job) -> str:
    """Why the job cannot be cancelled, or nothing. Cancelling what is cancelled does no harm."""
    if job.is_final and job.status != JobStatus.CANCELLED:
        return f"job {job.pk} has ended already: it is {job.status}"
    return ""


def to_change(job: Job) -> str:
    """Why it can neither be held nor released, nor given another priority."""
    if job.status not in (JobStatus.WAITING, JobStatus.QUEUED):
        return f"job {job.pk} is {job.status}; this is for jobs that do not run yet"
    return ""


def to_retry(job: Job) -> str:
    """Why it cannot be queued once more; whether it was before is another question."""
    if not job.is_final:
        return f"job {job.pk} is {job.status}; only a job that has ended can be retried"
    return ""


def to_requeue(job: Job) -> str:
    """Why it cannot be stopped and put back into the queue."""
    if job.status != JobStatus.RUNNING:
        return f"job {job.pk} is {job.status}; only a running job can be requeued"
    if job.cancel_requested:
        return f"job {job.pk} was told to stop: it ends as cancelled"
    return ""


def to_forget(worker: Worker, *, online: bool, running: bool) -> str:
    """Why the worker has to stay known."""
    if online:
        return f"worker {worker.worker_id!r} is online: stop its agent first"
    if running:
        return f"worker {worker.worker_id!r} still owns jobs: wait until their leases have run out"
    return ""
