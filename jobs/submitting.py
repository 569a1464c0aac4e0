"""Putting jobs into the queue."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from jobs import arrays, checking, following, quotas
from jobs.errors import Invalid
from jobs.models import Array, Dependency, Job
from jobs.models.requirement import COMMAND
from jobs.moving import Note, note_all
from jobs.requirements import Needs, requirement_for
from jobs.states import After, JobStatus, StopSignal
from runs import recording

MOST_EDGES = 100_000  # dependencies that one submit may make


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants run. `gpus=None` asks for one slot of a worker: one GPU where the worker has GPUs.

    `after` names jobs by number and how they have to end. `key` makes a repeated submit of the same user answer with
    the jobs of the first.
    """

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
    gpu_model: str = ""
    require_tags: list[str] = field(default_factory=list)
    kind: str = COMMAND
    retries: int = 0
    retry_exit_codes: list[int] = field(default_factory=list)
    timeout_seconds: int | None = None
    grace_seconds: int = 30
    stop_signal: str = StopSignal.TERM
    exclusive: bool = False
    after: list[tuple[int, After]] = field(default_factory=list)
    held: bool = False
    key: str = ""

    def needs(self, user: str) -> Needs:
        return Needs(
            gpus=self.gpus,
            min_memory_mb=self.min_memory_mb,
            gpu_model=self.gpu_model,
            tags=tuple(self.require_tags),
            kind=self.kind,
            project=self.project,
            user=user,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """What tells one job of a submission from the others."""

    index: int | None = None
    array: Array | None = None
    retry_of: Job | None = None


def submit(wish: Submission, *, user: str, now: datetime) -> Job:
    """Queue a job and open its run. Raises Invalid where the wish cannot be meant, LimitReached over a quota."""
    checking.check(wish)
    return _once(wish, user, lambda: queue(wish, [Member()], user=user, now=now))[0]


def submit_array(wish: Submission, spec: str, *, user: str, now: datetime) -> list[Job]:
    """Queue a job for each index of the range, all or none. Raises as `submit`, and Invalid for what is no range."""
    checking.check(wish)
    wanted = arrays.parse(spec)

    def make() -> list[Job]:
        array = Array.objects.create(
            spec=spec, max_active=wanted.max_active, user=user, created_at=now
        )
        members = [Member(index, array) for index in wanted.indices]
        return queue(wish, members, user=user, now=now)

    return _once(wish, user, make)


def _once(wish: Submission, user: str, make: Callable[[], list[Job]]) -> list[Job]:
    """What `make` queues; or the jobs of the submit with the same key, even of one that was quicker by a moment."""
    try:
        with transaction.atomic():
            return _before(wish, user) or make()
    except IntegrityError:
        if known := _before(wish, user):
            return known
        raise


def _before(wish: Submission, user: str) -> list[Job]:
    """The jobs that an earlier submit with the same key made."""
    if not wish.key:
        return []
    first = Job.objects.filter(user=user, submission_key=wish.key).select_related("run").first()
    if first is None or first.array_id is None:
        return [first] if first else []
    members = Job.objects.filter(array=first.array_id, retry_of__isnull=True)
    return list(members.select_related("run").order_by("pk"))


def queue(wish: Submission, members: Sequence[Member], *, user: str, now: datetime) -> list[Job]:
    """A job for each member, inside a transaction: at once in the queue, or waiting for others to end."""
    parents = _parents(wish)  # before the quota: a claim locks jobs first too
    quotas.check_queue(user, wish.project, more=len(members))
    if len(parents) * len(members) > MOST_EDGES:
        problem = f"may make at most {MOST_EDGES} pairs with the members of an array"
        raise Invalid(f"after {problem}", fields={"after": [problem]})
    array = members[0].array
    waits = bool(parents) or (array is not None and array.max_active is not None)
    wishes = [_of_member(wish, member) for member in members]
    runs = recording.open_for_jobs(
        {
            "name": each.name,
            "project": each.project,
            "user": user,
            "tags": each.tags,
            "config": each.config,
            "created_at": now,
        }
        for each in wishes
    )
    requirement = requirement_for(wish.needs(user))
    jobs = Job.objects.bulk_create(
        Job(
            run=run,
            user=user,
            status=JobStatus.WAITING if waits else JobStatus.QUEUED,
            created_at=now,
            queued_at=now,
            requirement=requirement,
            array=member.array,
            array_index=member.index,
            retry_of=member.retry_of,
            held_at=now if wish.held else None,
            held_by=user if wish.held else "",
            submission_key=wish.key if member is members[0] else "",
            **{name: getattr(each, name) for name in COPIED},
        )
        for each, member, run in zip(wishes, members, runs, strict=True)
    )
    recording.name_after_jobs((job.run, job.pk) for job in jobs)
    note_all([Note(job, "submitted", user) for job in jobs], now=now)
    Dependency.objects.bulk_create(
        Dependency(job=job, on_id=on, kind=kind) for job in jobs for on, kind in parents
    )
    if waits:
        following.arrive(jobs, now=now)
    return jobs


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
    "retry_exit_codes",
    "timeout_seconds",
    "grace_seconds",
    "stop_signal",
    "exclusive",
)


def _of_member(wish: Submission, member: Member) -> Submission:
    """The index shows in the job's name, and in its config, where comparing runs finds it."""
    if member.index is None or member.retry_of is not None:
        return wish
    name = f"{wish.name[:240]}[{member.index}]" if wish.name else ""
    return replace(wish, name=name, config={"array_index": member.index} | wish.config)


def _parents(wish: Submission) -> list[tuple[int, After]]:
    """What the job waits for, locked, so that none of them ends unnoticed. Raises Invalid for one that is not there."""
    wanted = dict(wish.after)
    parents = Job.objects.select_for_update(of=("self",)).filter(pk__in=list(wanted))
    found = set(parents.order_by("pk").values_list("pk", flat=True))
    if missing := sorted(set(wanted) - found):
        names = _some(missing)
        raise Invalid(f"after: there is no job {names}", fields={"after": [f"no job {names}"]})
    return sorted(wanted.items())


def _some(numbers: Iterable[int]) -> str:
    listed = list(map(str, numbers))
    return ", ".join(listed[:10]) + (" and more" if len(listed) > 10 else "")
