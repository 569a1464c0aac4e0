"""Changing one's mind about a job: hold it back, let it go, give it another priority."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from jobs import refusing
from jobs.errors import IllegalMove
from jobs.locking import locked
from jobs.models import Job
from jobs.moving import note
from runs import again


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a job, by which event; `is_news` is false of a job that is so already."""

    kind: str
    columns: dict[str, Any]
    is_news: Callable[[Job], bool]
    message: str = ""


def holding(*, actor: str, now: datetime) -> Change:
    return Change("held", {"held_at": now, "held_by": actor}, lambda job: not job.is_held)


def releasing() -> Change:
    return Change("unheld", {"held_at": None, "held_by": ""}, lambda job: job.is_held)


def prioritising(priority: int) -> Change:
    """The higher, the sooner."""
    news = f"priority {priority}"
    return Change(
        "priority", {"priority": priority}, lambda job: job.priority != priority, message=news
    )


def hold(job_id: int, *, actor: str, now: datetime) -> Job:
    """Keep a job that does not run yet from starting. Twice is once. Raises NotFound, IllegalMove."""
    return _change(job_id, holding(actor=actor, now=now), actor=actor, now=now)


def release(job_id: int, *, actor: str, now: datetime) -> Job:
    """Undo a hold. Raises NotFound, IllegalMove."""
    return _change(job_id, releasing(), actor=actor, now=now)


def set_priority(job_id: int, priority: int, *, actor: str, now: datetime) -> Job:
    """The higher, the sooner. Raises NotFound, IllegalMove."""
    return _change(job_id, prioritising(priority), actor=actor, now=now)


@again.after_deadlock
@transaction.atomic
def _change(job_id: int, change: Change, *, actor: str, now: datetime) -> Job:
    job = locked(job_id, "worker", "requirement")
    if why_not := refusing.to_change(job):
        raise IllegalMove(why_not)
    if change.is_news(job):
        for name, value in change.columns.items():
            setattr(job, name, value)
        job.save(update_fields=list(change.columns))
        note(job, change.kind, now=now, actor=actor, message=change.message)
    return job
