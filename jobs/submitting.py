"""Putting a job into the queue."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from jobs.errors import Invalid
from jobs.models import Job
from jobs.moving import note
from jobs.requirements import requirement_for
from jobs.states import JobStatus
from runs import recording, storable


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants run. `gpus=None` asks for one slot of a worker: one GPU where the worker has GPUs."""

    command_argv: list[str]
    workdir: str
    name: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    project: str = ""
    priority: int = 0
    gpus: int | None = None
    min_memory_mb: int = 0
    require_tags: list[str] = field(default_factory=list)
    retries: int = 0
    timeout_seconds: int | None = None
    grace_seconds: int = 30
    exclusive: bool = False


def submit(wish: Submission, *, user: str, now: datetime) -> Job:
    """Queue a job and open its run. Raises Invalid where the wish cannot be meant."""
    _check(wish)
    with transaction.atomic():
        run = recording.open_for_job(
            name=wish.name,
            project=wish.project,
            user=user,
            tags=wish.tags,
            config=wish.config,
            created_at=now,
        )
        job = Job.objects.create(
            run=run,
            user=user,
            status=JobStatus.QUEUED,
            created_at=now,
            queued_at=now,
            requirement=requirement_for(
                gpus=wish.gpus, min_memory_mb=wish.min_memory_mb, tags=wish.require_tags
            ),
            **{name: getattr(wish, name) for name in COPIED},
        )
        recording.name_after_job(run, job.pk)
        note(job, "submitted", now=now, actor=user)
    return job


COPIED = (
    "command_argv",
    "workdir",
    "name",
    "config",
    "tags",
    "env",
    "project",
    "priority",
    "retries",
    "timeout_seconds",
    "grace_seconds",
    "exclusive",
)


def _check(wish: Submission) -> None:
    if not wish.command_argv or not wish.command_argv[0]:
        raise Invalid(
            "command_argv is empty: give the command and its arguments",
            fields={"command_argv": ["must not be empty"]},
        )
    if any("\0" in part for part in (*wish.command_argv, wish.workdir)):
        raise Invalid("a command and its folder cannot hold NUL characters")
    if not wish.workdir.startswith("/"):
        raise Invalid(
            f"workdir {wish.workdir!r} is not an absolute path",
            fields={"workdir": ["must be an absolute path on the worker"]},
        )
    if any("=" in name or not name for name in wish.env):
        raise _refusal("env", "may not have names that are empty or hold '='")
    for field_name in ("env", "config"):
        told = getattr(wish, field_name)
        if told != storable.json(told):
            raise _refusal(
                field_name,
                "may not hold NUL, half a surrogate pair, NaN, infinity or a hundred levels",
            )
    if wish.min_memory_mb and wish.gpus == 0:
        raise _refusal("min_memory_mb", "asks for GPU memory, but gpus is 0")


def _refusal(name: str, problem: str) -> Invalid:
    return Invalid(f"{name} {problem}", fields={name: [problem]})
