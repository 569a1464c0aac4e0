"""An agent reports the end of an attempt."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import TextChoices

from jobs import requeuing
from jobs.ending import Ended, end
from jobs.errors import LeaseLost, NotFound
from jobs.leases import reinstate
from jobs.models import Attempt, Job
from jobs.states import REQUEUE_CODE, AttemptStatus, Reason
from runs import again, rows
from runs.models import Run


class Outcome(TextChoices):
    """What the agent saw."""

    EXITED = "exited"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    NEVER_STARTED = "never_started"
    WORKER_SHUTDOWN = "worker_shutdown"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Report:
    """The end of an attempt as its agent saw it. `exit_code` or `signal` is None where there was none.

    `oom`: the kernel killed one of its processes for want of memory. `may_requeue`: exit code 85 is no failure.
    Without `started` nothing of it ever ran.
    """

    worker_id: str
    outcome: Outcome
    exit_code: int | None = None
    signal: int | None = None
    message: str = ""
    oom: bool = False
    may_requeue: bool = True
    started: bool = True


@again.after_deadlock
@transaction.atomic
def finish(job_id: int, number: int, report: Report, *, now: datetime) -> Job:
    """End attempt `number`. Repeating it changes nothing and answers the same.

    Accepted after the lease ran out, as long as no newer attempt exists and the job has not ended.
    Raises NotFound, or LeaseLost where another attempt owns the job or another worker owned this one.
    """
    job, attempt = _locked(job_id, number)
    attempt.job = job
    if number < job.attempt:
        raise LeaseLost(f"attempt {number} of job {job_id} was superseded by attempt {job.attempt}")
    if attempt.worker_name != report.worker_id:
        raise LeaseLost(f"attempt {number} of job {job_id} belongs to worker {attempt.worker_name}")
    if attempt.status == AttemptStatus.LOST and report.outcome != Outcome.LOST:
        if not _came_back(attempt, job, now=now):
            raise LeaseLost(
                f"attempt {number} of job {job_id} was lost, and the job is {job.status}"
            )
        job.refresh_from_db()
        attempt.refresh_from_db()
    ended = _judge(report)
    if requeuing.was_requeued(job, attempt):
        _after_requeue(job, attempt, ended, now=now)
    if attempt.status == AttemptStatus.RUNNING:  # otherwise told before
        end(job, attempt, ended, actor=report.worker_id, now=now)
    return job


def _after_requeue(job: Job, attempt: Attempt, ended: Ended, *, now: datetime) -> None:
    """A person took the job off this attempt, and nobody else has it yet: what ended well need not be done again."""
    if ended.status == AttemptStatus.SUCCEEDED:
        requeuing.had_succeeded(job, attempt, now=now)
    else:
        requeuing.is_over(job, attempt, now=now)


def _locked(job_id: int, number: int) -> tuple[Job, Attempt]:
    """Raises NotFound."""
    if job_id >= 2**63 or number >= 2**31:  # more than the columns hold
        raise NotFound(f"there is no attempt {number} of job {job_id}")
    jobs = rows.select(Job, "id = %s", [job_id], lock="FOR UPDATE")
    attempts = rows.select(Attempt, "job_id = %s AND number = %s", [job_id, number])
    if not jobs or not attempts:
        raise NotFound(f"there is no attempt {number} of job {job_id}")
    (job,), (attempt,) = jobs, attempts
    (job.run,) = rows.select(Run, "id = %s", [job.run_id])
    return job, attempt


def _came_back(attempt: Attempt, job: Job, *, now: datetime) -> bool:
    """A hold is about starting: what has ended meanwhile is not thrown away for it."""
    return reinstate(
        attempt, attempt.worker, lease_seconds=job.lease_seconds, now=now, though_held=True
    )


def _judge(report: Report) -> Ended:
    status, reason = _VERDICTS.get(report.outcome) or _of_exit(report)
    message = report.message
    if reason == Reason.PREEMPTED:
        message = f"asked to be requeued (exit code {REQUEUE_CODE})"
    elif not message and reason == Reason.OOM:
        message = "the kernel ended it: out of memory; it needs less of it, or a machine with more"
    elif not message and report.signal:
        message = f"killed by signal {report.signal}"
    elif not message and report.exit_code:
        message = f"exit code {report.exit_code}"
    return Ended(status, reason, message, report.exit_code, report.signal, started=report.started)


def _of_exit(report: Report) -> tuple[AttemptStatus, Reason]:
    if report.exit_code == REQUEUE_CODE and report.may_requeue:
        return AttemptStatus.PREEMPTED, Reason.PREEMPTED
    if report.oom and (report.signal or report.exit_code):
        return AttemptStatus.FAILED, Reason.OOM
    if report.signal:
        return AttemptStatus.FAILED, Reason.SIGNAL
    if report.exit_code:
        return AttemptStatus.FAILED, Reason.EXIT_NONZERO
    return AttemptStatus.SUCCEEDED, Reason.OK


_VERDICTS = {
    Outcome.CANCELLED: (AttemptStatus.CANCELLED, Reason.CANCELLED_BY),
    Outcome.TIMED_OUT: (AttemptStatus.TIMED_OUT, Reason.TIME_LIMIT),
    Outcome.NEVER_STARTED: (AttemptStatus.FAILED, Reason.NEVER_STARTED),
    Outcome.WORKER_SHUTDOWN: (AttemptStatus.PREEMPTED, Reason.WORKER_SHUTDOWN),
    Outcome.LOST: (AttemptStatus.LOST, Reason.WORKER_LOST),
}
