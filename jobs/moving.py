"""The one place that writes the status of a job or of an attempt."""

from datetime import datetime
from typing import Any

from jobs.errors import IllegalMove, LeaseLost
from jobs.models import Attempt, Job, JobEvent
from jobs.states import ATTEMPT_MOVES, MOVES, AttemptStatus, JobStatus, Reason
from runs import feed, recording
from runs.models import RunStatus

RUN_STATUS = {
    JobStatus.WAITING: RunStatus.PENDING,
    JobStatus.QUEUED: RunStatus.PENDING,
    JobStatus.RUNNING: RunStatus.RUNNING,
    JobStatus.COMPLETED: RunStatus.COMPLETED,
    JobStatus.FAILED: RunStatus.FAILED,
    JobStatus.CANCELLED: RunStatus.CANCELLED,
}


def move(
    job: Job,
    to: JobStatus,
    *,
    now: datetime,
    actor: str,
    reason: str = "",
    message: str = "",
    kind: str = "",
    **changes: Any,
) -> None:
    """Table look-up, guarded update, event, doorbell. Call it inside a transaction, with the job's row locked.

    `changes` are further columns of the job; leaving `running` clears the lease, a final state sets `finished_at`.
    Raises IllegalMove where the table has no such move, LeaseLost where the row changed underneath.
    """
    event = MOVES.get((JobStatus(job.status), to))
    if event is None:
        raise IllegalMove(f"job {job.pk} is {job.status} and cannot become {to}")
    if to != JobStatus.RUNNING:
        changes["lease_expires_at"] = None
    if to.is_final:
        changes |= {"finished_at": now, "reason": reason, "error_message": message}
    unchanged = Job.objects.filter(pk=job.pk, status=job.status, attempt=job.attempt)
    if not unchanged.update(status=to, **changes):
        raise LeaseLost(f"job {job.pk} attempt {job.attempt} was overtaken")
    job.status = to
    for name, value in changes.items():
        setattr(job, name, value)
    note(job, kind or event, now=now, actor=actor, reason=reason, message=message)
    if to != JobStatus.RUNNING:  # a claim begins its attempt in the run itself
        recording.set_status(job.run, RUN_STATUS[to], now=now)


def note(
    job: Job, kind: str, *, now: datetime, actor: str, reason: str = "", message: str = ""
) -> None:
    """Write down what happened and ring whoever watches the job or the queue."""
    JobEvent.objects.create(
        job=job,
        attempt=job.attempt,
        kind=kind,
        reason=reason,
        message=message,
        actor=actor,
        at=now,
    )
    feed.ring(feed.run_group(job.run.key), feed.QUEUE)


def move_attempt(
    attempt: Attempt,
    to: AttemptStatus,
    *,
    now: datetime,
    reason: Reason | None = None,
    message: str = "",
    exit_code: int | None = None,
    signal: int | None = None,
) -> None:
    """End an attempt, or take back its loss. Raises IllegalMove where the table has no such move."""
    if (AttemptStatus(attempt.status), to) not in ATTEMPT_MOVES:
        raise IllegalMove(f"{attempt} is {attempt.status} and cannot become {to}")
    attempt.status = to
    attempt.reason = reason or ""
    attempt.error_message = message
    attempt.exit_code = exit_code
    attempt.signal = signal
    attempt.finished_at = None if to == AttemptStatus.RUNNING else now
    attempt.save()
