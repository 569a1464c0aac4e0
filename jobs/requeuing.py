"""A person takes a job off its worker: it goes back into the queue, for another attempt."""

from datetime import datetime, timedelta

from django.db import transaction

from jobs import preferring, refusing
from jobs.ending import Ended, end
from jobs.errors import IllegalMove
from jobs.locking import locked
from jobs.models import Job
from jobs.states import AttemptStatus, Reason
from runs import again, feed


@again.after_deadlock
@transaction.atomic
def requeue(job_id: int, *, actor: str, now: datetime) -> Job:
    """End the running attempt and queue the job once more. Raises NotFound, IllegalMove.

    Its agent is rung, and stops the process with the job's grace. The job starts again when that is over and the
    lease would have run out: an agent that cannot be reached has stopped by itself then, and never do two attempts run.
    """
    job = locked(job_id, "worker")
    if why_not := refusing.to_requeue(job):
        raise IllegalMove(why_not)
    worker, lease = job.worker, job.lease_expires_at or now
    attempt = job.attempts.get(number=job.attempt)
    message = f"requeued by {actor}"
    ended = Ended(AttemptStatus.PREEMPTED, Reason.PREEMPTED, message, overruled=True)
    end(job, attempt, ended, actor=actor, now=now)
    job.not_before = max(lease, now + timedelta(seconds=job.grace_seconds), job.not_before or now)
    job.prefers_until = job.not_before + preferring.PATIENCE if job.prefers_id else None
    job.save(update_fields=["not_before", "prefers_until"])
    if worker is not None:
        feed.ring(feed.worker_group(worker.worker_id))
    return job
