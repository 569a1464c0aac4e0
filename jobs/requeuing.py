"""A person takes a job off its worker: it goes back into the queue, for another attempt."""

from datetime import datetime, timedelta

from django.db import transaction

from jobs import leases, preferring, refusing
from jobs.ending import Ended, end, pause
from jobs.errors import IllegalMove
from jobs.locking import locked
from jobs.models import Attempt, Job
from jobs.states import AttemptStatus, JobStatus, Reason
from runs import again, feed

# Beyond lease and grace: an answer on its way, the last SIGKILL, clocks that run at different speeds.
MARGIN = timedelta(seconds=10)


@again.after_deadlock
@transaction.atomic
def requeue(job_id: int, *, actor: str, now: datetime) -> Job:
    """End the running attempt and queue the job once more. Raises NotFound, IllegalMove.

    Its agent is rung, and stops the process with the job's grace, which begins when it hears of it. It reports when
    that is over, and then the job may start again (`is_over`). Without a report it may as soon as the process of an
    exclusive job is over for certain: its agent hears by the end of the lease, or stops it before that by itself. The
    process of any other job goes on at an agent that is cut off, until it hears: then two attempts may run.
    """
    job = locked(job_id, "worker")
    if why_not := refusing.to_requeue(job):
        raise IllegalMove(why_not)
    worker, lease = job.worker, job.lease_expires_at or now
    attempt = job.attempts.get(number=job.attempt)
    message = f"requeued by {actor}"
    ended = Ended(AttemptStatus.PREEMPTED, Reason.PREEMPTED, message, overruled=True)
    end(job, attempt, ended, actor=actor, now=now)
    # The answer to an exchange that is on its way renews the lease as the agent sees it, though no row says so.
    heard = max(lease, now + timedelta(seconds=job.lease_seconds))
    over = heard + timedelta(seconds=job.grace_seconds) + MARGIN
    _start_from(job, max(over, job.not_before or now))
    if worker is not None:
        feed.ring(feed.worker_group(worker.worker_id))
    return job


def was_requeued(job: Job, attempt: Attempt) -> bool:
    """Whether a person took the job off this attempt, and nobody has claimed it since."""
    by_hand = attempt.overruled and attempt.status == AttemptStatus.PREEMPTED
    return by_hand and job.status == JobStatus.QUEUED and job.attempt == attempt.number


def is_over(job: Job, attempt: Attempt, *, now: datetime) -> None:
    """Its agent says that nothing of the requeued attempt runs any more: the job need not wait for that any longer.

    Inside a transaction that holds the job's row. A back-off stays.
    """
    rested = (attempt.finished_at or now) + pause(job, Reason.PREEMPTED)
    soonest = max(now, rested)
    if job.not_before is not None and soonest < job.not_before:
        _start_from(job, soonest)
        feed.ring(feed.WORK)


def had_succeeded(job: Job, attempt: Attempt, *, now: datetime) -> None:
    """Its program had ended well when its agent heard of the requeue: the attempt is taken back, to end as it did."""
    message = "it had succeeded before its worker heard of the requeue"
    leases.restore(
        job, attempt, attempt.worker, message=message, lease_seconds=job.lease_seconds, now=now
    )


def _start_from(job: Job, moment: datetime) -> None:
    job.not_before = moment
    job.prefers_until = moment + preferring.PATIENCE if job.prefers_id else None
    job.save(update_fields=["not_before", "prefers_until"])
