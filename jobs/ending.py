"""What follows from the end of an attempt: the job ends too, or goes back into the queue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from jobs import fairness, following, preferring
from jobs.models import Attempt, Job
from jobs.moving import move, move_attempt
from jobs.states import LOST_CAP, NEVER_STARTED_CAP, AttemptStatus, JobStatus, Reason
from runs import artifacts

FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=10)
QUICK = timedelta(seconds=30)  # who asks to be requeued sooner has done nothing worth while
MOST_QUICK = 12  # then the back-off has long reached its end


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended."""

    status: AttemptStatus
    reason: Reason
    message: str = ""
    exit_code: int | None = None
    signal: int | None = None
    overruled: bool = False  # by the server, while the agent still runs it
    started: bool = True  # False where its agent handed it back unbegun


def end(job: Job, attempt: Attempt, ended: Ended, *, actor: str, now: datetime) -> None:
    """End the running attempt and move its job. Inside a transaction that holds the job's row."""
    if job.cancel_requested:  # cancel wins every race
        by = job.cancel_requested_by or "somebody"
        ended = Ended(
            AttemptStatus.CANCELLED,
            Reason.CANCELLED_BY,
            f"cancelled by {by}",
            ended.exit_code,
            ended.signal,
            ended.overruled,
        )
    move_attempt(
        attempt,
        ended.status,
        now=now,
        reason=ended.reason,
        message=ended.message,
        exit_code=ended.exit_code,
        signal=ended.signal,
        overruled=ended.overruled,
    )
    # On a shared disk nobody sends artifacts. After the commit: looking may take a while, and must undo nothing.
    transaction.on_commit(partial(artifacts.collect_shared, job.run, attempt.number), robust=True)
    to, message, wait = _what_follows(job, ended)
    changes: dict[str, Any] = {"exit_code": ended.exit_code}
    if not to.is_final:
        changes |= {"worker": None, "queued_at": now, "not_before": now + wait if wait else None}
        changes |= preferring.after(attempt, started=ended.started, now=now, runs_from=now + wait)
    move(job, to, now=now, actor=actor, reason=ended.reason, message=message, **changes)
    if to.is_final:
        following.after([job], now=now)
    fairness.charge(attempt, now=now)


def _what_follows(job: Job, ended: Ended) -> tuple[JobStatus, str, timedelta]:
    """(next status, message, how long to wait before another attempt)."""
    if ended.status == AttemptStatus.SUCCEEDED:
        return JobStatus.COMPLETED, "", timedelta()
    if ended.status == AttemptStatus.CANCELLED:
        return JobStatus.CANCELLED, ended.message, timedelta()
    if ended.status == AttemptStatus.PREEMPTED:
        return JobStatus.QUEUED, ended.message, pause(job, ended.reason)
    if not _is_worth_a_retry(job, ended):
        return JobStatus.FAILED, ended.message, timedelta()
    times = _times(job, ended)
    cap, backs_off = _cap(job, ended)
    if times <= cap:
        return JobStatus.QUEUED, ended.message, _backoff(times) if backs_off else timedelta()
    message = ended.message
    if cap and ended.reason == Reason.WORKER_LOST:
        message = f"gave up: {times} workers were lost while running it; last: {message}"
    elif cap:
        message = f"gave up after {times} attempts; last: {message or ended.reason.label}"
    return JobStatus.FAILED, message, timedelta()


def _is_worth_a_retry(job: Job, ended: Ended) -> bool:
    """False for an exit code that is not among those that were chosen for retries, where some were."""
    chosen = ended.reason != Reason.EXIT_NONZERO or not job.retry_exit_codes
    return chosen or ended.exit_code in job.retry_exit_codes


def pause(job: Job, reason: str) -> timedelta:
    """None for what was handed back; a growing one for a job that does nothing but ask for it again and again."""
    if reason != Reason.PREEMPTED:
        return timedelta()
    past = job.attempts.exclude(status=AttemptStatus.RUNNING).order_by("-number")
    latest = past.values_list("reason", "started_at", "finished_at")[:MOST_QUICK]
    quick = 0
    for why, started, finished in latest:
        if why != Reason.PREEMPTED or finished is None or finished - started >= QUICK:
            break
        quick += 1
    return _backoff(quick) if quick else timedelta()


def _backoff(times: int) -> timedelta:
    """Doubled each time; beyond some thousand years no timedelta could hold the product."""
    doublings = min(times - 1, 20)
    return min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF)


def _cap(job: Job, ended: Ended) -> tuple[int, bool]:
    """How many attempts may end this way before the job fails, and whether the next one waits a while."""
    if ended.reason == Reason.WORKER_LOST:
        return LOST_CAP - 1, False
    if ended.reason == Reason.NEVER_STARTED:
        return NEVER_STARTED_CAP - 1, True
    return job.retries, True


def _times(job: Job, ended: Ended) -> int:
    """How many attempts of the job, this one included, ended for the same kind of reason."""
    past = job.attempts.exclude(status=AttemptStatus.RUNNING)
    if ended.reason in (Reason.WORKER_LOST, Reason.NEVER_STARTED):
        return past.filter(reason=ended.reason).count()
    own = past.filter(status__in=[AttemptStatus.FAILED, AttemptStatus.TIMED_OUT])
    return own.exclude(reason=Reason.NEVER_STARTED).count()
