"""The states of the queue: the only place that says which exist, which are final and which moves are allowed.

Printed in docs/queue.md; a test compares the two. Everything else (API, pages, command line, tests) asks this table.
"""

from django.db.models import TextChoices


class JobStatus(TextChoices):
    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in FINAL


class AttemptStatus(TextChoices):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    PREEMPTED = "preempted"


class WorkerStatus(TextChoices):
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    DISABLED = "disabled"
    OFFLINE = "offline"


class Reason(TextChoices):
    """Why an attempt, and with its last attempt a job, ended. Part of the API: values are added, never renamed."""

    OK = "ok", "finished"
    EXIT_NONZERO = "exit_nonzero", "exit code was not 0"
    SIGNAL = "signal", "killed by a signal"
    OOM = "oom", "out of memory"
    TIME_LIMIT = "time_limit", "time limit reached"
    CANCELLED_BY = "cancelled_by", "cancelled"
    PREEMPTED = "preempted", "preempted"
    WORKER_SHUTDOWN = "worker_shutdown", "worker was shut down"
    WORKER_LOST = "worker_lost", "worker was lost"
    NEVER_STARTED = "never_started", "could not be started"
    DEPENDENCY_FAILED = "dependency_failed", "a job it depends on failed"
    EVENT_FAILED = "event_failed", "reported failure itself"


class StopSignal(TextChoices):
    """What a job that is told to stop may be told with."""

    TERM = "SIGTERM", "SIGTERM"
    INT = "SIGINT", "SIGINT"
    USR1 = "SIGUSR1", "SIGUSR1"
    USR2 = "SIGUSR2", "SIGUSR2"
    HUP = "SIGHUP", "SIGHUP"


class After(TextChoices):
    """How a job that another one waits for has to end."""

    OK = "ok", "completed"
    ANY = "any", "ended, however"
    NOT_OK = "notok", "failed or was cancelled"

    def is_met_by(self, status: JobStatus) -> bool:
        """Whether a job that ended as `status` lets the other one start. False also while it has not ended."""
        return status in _MET_BY[self]


FINAL = {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}

_MET_BY = {
    After.OK: {JobStatus.COMPLETED},
    After.ANY: FINAL,
    After.NOT_OK: FINAL - {JobStatus.COMPLETED},
}

J, A = JobStatus, AttemptStatus

# (from, to): the kind of event that is written down
MOVES: dict[tuple[JobStatus, JobStatus], str] = {
    (J.WAITING, J.QUEUED): "released",
    (J.WAITING, J.CANCELLED): "cancelled",
    (J.QUEUED, J.CANCELLED): "cancelled",
    (J.QUEUED, J.RUNNING): "claimed",
    (J.RUNNING, J.QUEUED): "requeued",
    (J.RUNNING, J.COMPLETED): "completed",
    (J.RUNNING, J.FAILED): "failed",
    (J.RUNNING, J.CANCELLED): "cancelled",
}

# Two may be taken back, as long as nobody else has claimed the job: `lost`, when the agent turns up again, and
# `preempted` by a person, when the program had succeeded before its agent heard of that.
ATTEMPT_MOVES: set[tuple[AttemptStatus, AttemptStatus]] = {
    (A.RUNNING, A.SUCCEEDED),
    (A.RUNNING, A.FAILED),
    (A.RUNNING, A.CANCELLED),
    (A.RUNNING, A.TIMED_OUT),
    (A.RUNNING, A.LOST),
    (A.RUNNING, A.PREEMPTED),
    (A.LOST, A.RUNNING),
    (A.PREEMPTED, A.RUNNING),
}

REQUEUE_CODE = 85  # a job that exits with it wants to go on later: it saved what it needs for that

# How often a job is given another attempt after one ended for a reason that is not its own doing.
LOST_CAP = 3
NEVER_STARTED_CAP = 5
