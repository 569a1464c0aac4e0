"""Changing one's mind about a job: hold it back, let it go, give it another priority."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from jobs import refusing
from jobs.errors import IllegalMove
from jobs.locking import locked
from jobs.models import Job
from jobs.moving import note
from runs import again


def hold(job_id: int, *, actor: str, now: datetime) -> Job:
    """Keep a job that does not run yet from starting. Twice is once. Raises NotFound, IllegalMove."""
    changes = {"held_at": now, "held_by": actor}
    return _change(job_id, lambda job: not job.is_held, changes, "held", actor=actor, now=now)


def release(job_id: int, *, actor: str, now: datetime) -> Job:
    """Undo a hold. Raises NotFound, IllegalMove."""
    changes = {"held_at": None, "held_by": ""}
    return _change(job_id, lambda job: job.is_held, changes, "unheld", actor=actor, now=now)


def set_priority(job_id: int, priority: int, *, actor: str, now: datetime) -> Job:
    """The higher, the sooner. Raises NotFound, IllegalMove."""
    return _change(
        job_id,
        lambda job: job.priority != priority,
        {"priority": priority},
        "priority",
        message=f"priority {priority}",
        actor=actor,
        now=now,
    )


@again.after_deadlock
@transaction.atomic
def _change(
    job_id: int,
    is_news: Callable[[Job], bool],
    changes: dict[str, Any],
    kind: str,
    *,
    message: str = "",
    actor: str,
    now: datetime,
) -> Job:
    job = locked(job_id, "worker", "requirement")
    if why_not := refusing.to_change(job):
        raise IllegalMove(why_not)
    if is_news(job):
        for name, value in changes.items():
            setattr(job, name, value)
        job.save(update_fields=list(changes))
        note(job, kind, now=now, actor=actor, message=message)
    return job
