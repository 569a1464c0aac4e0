"""The one place that writes the status of a job or of an attempt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.errors import IllegalMove, LeaseLost
from jobs.models import Attempt, Job, JobEvent
from jobs.states import ATTEMPT_MOVES, MOVES, AttemptStatus, JobStatus, Reason
from runs import feed, recording, rows
from runs.models import RunStatus
from whirr_site.access import addresses

RUN_STATUS = {
    JobStatus.WAITING: RunStatus.PENDING,
    JobStatus.QUEUED: RunStatus.PENDING,
    JobStatus.RUNNING: RunStatus.RUNNING,
    JobStatus.COMPLETED: RunStatus.COMPLETED,
    JobStatus.FAILED: RunStatus.FAILED,
    JobStatus.CANCELLED: RunStatus.CANCELLED,
}

# Events after which no worker can find more to do than before. An end may make room under somebody's quota.
BRINGS_NO_WORK = {"claimed", "reinstated", "cancel_requested"}


@dataclass(slots=True)
class Move:
    """One step of one job. `changes` are further columns of the job; `kind` names the event, if not by the table."""

    job: Job
    to: JobStatus
    actor: str
    reason: str = ""
    message: str = ""
    kind: str = ""
    changes: dict[str, Any] = field(default_factory=dict)


def move_all(moves: list[Move], *, now: datetime) -> None:
    """Table look-up, guarded update, event, doorbell, for each. Inside a transaction that holds the jobs' rows.

    Leaving `running` clears the lease, a final state sets `finished_at`. Raises IllegalMove where the table has no
    such move, LeaseLost where a row changed underneath; nothing may be kept then.
    """
    by_columns: dict[tuple[str, ...], list[tuple[Move, str]]] = {}
    for each in moves:
        event = MOVES.get((JobStatus(each.job.status), each.to))
        if event is None:
            raise IllegalMove(f"job {each.job.pk} is {each.job.status} and cannot become {each.to}")
        _complete(each, now=now)
        by_columns.setdefault(tuple(sorted(each.changes)), []).append((each, each.kind or event))
    for columns, alike in by_columns.items():
        _write(columns, [each for each, _ in alike])
    note_all(
        [
            Note(each.job, kind, each.actor, each.reason, each.message)
            for alike in by_columns.values()
            for each, kind in alike
        ],
        now=now,
    )
    recording.set_statuses(
        [
            (each.job.run, RUN_STATUS[each.to])
            for each in moves
            if each.to != JobStatus.RUNNING  # a claim begins its attempt in the run itself
        ],
        now=now,
    )


def _complete(step: Move, *, now: datetime) -> None:
    if step.to != JobStatus.RUNNING:
        step.changes |= {"lease_expires_at": None, "overdue_at": None}
    if step.to.is_final:
        step.changes |= {
            "finished_at": now,
            "reason": step.reason,
            "error_message": step.message,
        }
    step.changes["status"] = step.to


def _write(columns: tuple[str, ...], moves: list[Move]) -> None:
    changed = rows.update(
        Job,
        columns,
        ("id", "status", "attempt"),
        [
            [
                *(each.changes[name] for name in columns),
                *(each.job.pk, each.job.status, each.job.attempt),
            ]
            for each in moves
        ],
    )
    if changed != len(moves):
        names = ", ".join(f"job {each.job.pk} attempt {each.job.attempt}" for each in moves[:10])
        raise LeaseLost(f"{names}: overtaken")
    for each in moves:
        for name, value in each.changes.items():
            setattr(each.job, name, value)


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
    """`move_all` for one job."""
    move_all([Move(job, to, actor, reason, message, kind, changes)], now=now)


@dataclass(frozen=True, slots=True)
class Note:
    """An event that is to be written down."""

    job: Job
    kind: str
    actor: str
    reason: str = ""
    message: str = ""


def note_all(notes: Iterable[Note], *, now: datetime) -> None:
    """Write down what happened and ring whoever watches these jobs or the queue."""
    told = list(notes)
    rows.insert(
        JobEvent,
        [
            {
                "job": each.job,
                "attempt": each.job.attempt,
                "kind": each.kind,
                "reason": each.reason,
                "message": each.message,
                "actor": each.actor,
                "address": addresses.of_actor(each.actor),
                "at": now,
            }
            for each in told
        ],
    )
    if told:
        feed.ring(feed.QUEUE, *(feed.run_group(each.job.run.key) for each in told))
    if not BRINGS_NO_WORK.issuperset(each.kind for each in told):
        feed.ring(feed.WORK)


def note(
    job: Job, kind: str, *, now: datetime, actor: str, reason: str = "", message: str = ""
) -> None:
    """`note_all` for one event."""
    note_all([Note(job, kind, actor, reason, message)], now=now)


def move_attempt(
    attempt: Attempt,
    to: AttemptStatus,
    *,
    now: datetime,
    reason: Reason | None = None,
    message: str = "",
    exit_code: int | None = None,
    signal: int | None = None,
    overruled: bool = False,
) -> None:
    """End an attempt, or take back its loss: then its worker may be another row of the same name.

    Raises IllegalMove where the table has no such move, LeaseLost where the row changed underneath.
    """
    if (AttemptStatus(attempt.status), to) not in ATTEMPT_MOVES:
        raise IllegalMove(f"{attempt} is {attempt.status} and cannot become {to}")
    changes = {
        "status": to,
        "reason": reason or "",
        "error_message": message,
        "exit_code": exit_code,
        "signal": signal,
        "overruled": overruled,
        "finished_at": None if to == AttemptStatus.RUNNING else now,
        "worker": attempt.worker_id,
    }
    if not rows.update(
        Attempt,
        list(changes),
        ("id", "status"),
        [[*changes.values(), attempt.pk, attempt.status]],
    ):
        raise LeaseLost(f"{attempt} was overtaken")
    for name, value in changes.items():
        setattr(attempt, "worker_id" if name == "worker" else name, value)
