"""Workers come, go, and are told to take no more."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from jobs import labels, preferring, refusing
from jobs.errors import IllegalMove, Invalid, NotFound, WorkerNameTaken
from jobs.models import Worker, WorkerEvent
from jobs.states import AttemptStatus
from runs import feed
from whirr_site.access import addresses


@dataclass(frozen=True, slots=True)
class Hardware:
    """A node as its agent describes it; memory in MiB."""

    hostname: str
    gpus: list[dict[str, Any]] = field(default_factory=list)
    slots: int = 1
    cpu_count: int = 0
    memory_mb: int = 0
    tags: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    version: str = ""
    python: str = ""
    platform: str = ""


@transaction.atomic
def register(worker_id: str, hardware: Hardware, *, session: str, now: datetime) -> Worker:
    """Make the worker known, or known again. Raises WorkerNameTaken where a live agent of another session holds it."""
    if not worker_id.strip() or "/" in worker_id:  # it stands between slashes in addresses
        problem = "must not be empty or hold a slash"
        raise Invalid(f"worker_id {problem}", fields={"worker_id": [problem]})
    worker = Worker.objects.select_for_update(no_key=True).filter(worker_id=worker_id).first()
    if worker and worker.session not in ("", session) and worker.is_online(now=now):
        raise WorkerNameTaken(
            f"another agent on {worker.hostname} is online as {worker_id!r}; choose a name with --name"
        )
    values = {name: getattr(hardware, name) for name in Hardware.__slots__}
    values |= {"session": session, "heartbeat_at": now, "online": True, "turn": 0}
    worker, _ = Worker.objects.update_or_create(
        worker_id=worker_id, defaults=values, create_defaults={**values, "registered_at": now}
    )
    feed.ring(feed.QUEUE)
    return worker


def unregister(worker_id: str, *, now: datetime) -> Worker:
    """The agent says goodbye. What it still held is found by its leases. Raises NotFound."""
    worker = worker_named(worker_id)
    Worker.objects.filter(pk=worker.pk).update(online=False, heartbeat_at=now)
    preferring.forget(worker)
    feed.ring(feed.QUEUE)
    return worker


def worker_named(worker_id: str) -> Worker:
    """Raises NotFound."""
    worker = Worker.objects.filter(worker_id=worker_id).first()
    if worker is None:
        raise NotFound(f"there is no worker {worker_id!r}; register it first")
    return worker


def set_disabled(worker_id: str, disabled: bool, *, actor: str, now: datetime) -> None:  # noqa: FBT001
    """A disabled worker goes on reporting, and is given nothing. Raises NotFound."""
    kind = "disabled" if disabled else "enabled"
    _set(worker_id, kind, actor=actor, now=now, disabled=disabled)
    if disabled:
        preferring.forget(worker_named(worker_id))


def set_draining(worker_id: str, draining: bool, *, actor: str, now: datetime) -> None:  # noqa: FBT001
    """A draining worker ends what it has, and is given nothing new. Raises NotFound."""
    kind = "draining" if draining else "resumed"
    _set(worker_id, kind, actor=actor, now=now, draining=draining)
    if draining:
        preferring.forget(worker_named(worker_id))


def set_projects(worker_id: str, projects: list[str], *, actor: str, now: datetime) -> None:
    """Let the worker serve jobs of these projects alone; none named: of all. Raises NotFound."""
    told = ", ".join(projects) or "all projects"
    _set(worker_id, "changed", actor=actor, now=now, message=told, projects=projects)


@transaction.atomic
def label(
    worker_id: str,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    actor: str,
    now: datetime,
) -> list[str]:
    """Give the worker tags beside those of its agent, or take such away. What it has then.

    Twice is once. Raises NotFound, Invalid for what `--tags` and `--require` could not name.
    """
    new = labels.checked(add)
    worker = Worker.objects.select_for_update(no_key=True).filter(worker_id=worker_id).first()
    if worker is None:
        raise NotFound(f"there is no worker {worker_id!r}")
    gone = {name.strip() for name in remove} - set(new)
    fresh = sorted(({*worker.labels} - gone) | set(new))
    told = labels.words(worker.labels, fresh)
    if told:
        labels.counted(fresh)
        _set(worker_id, "labelled", actor=actor, now=now, message=told, labels=fresh)
    if gone & {*worker.labels}:
        preferring.forget(worker)
    return fresh


@transaction.atomic
def delete(worker_id: str, *, actor: str, now: datetime) -> None:
    """Forget a worker that is gone; its attempts keep its name. Raises NotFound, IllegalMove while it is of use."""
    worker = Worker.objects.select_for_update(no_key=True).filter(worker_id=worker_id).first()
    if worker is None:
        raise NotFound(f"there is no worker {worker_id!r}")
    running = worker.attempts.filter(status=AttemptStatus.RUNNING).exists()
    if why_not := refusing.to_forget(worker, online=worker.is_online(now=now), running=running):
        raise IllegalMove(why_not)
    worker.delete()
    _note(worker_id, "deleted", actor=actor, now=now)
    feed.ring(feed.QUEUE)


def _set(
    worker_id: str, kind: str, *, actor: str, now: datetime, message: str = "", **values: Any
) -> None:
    worker = worker_named(worker_id)
    Worker.objects.filter(pk=worker.pk).update(**values)
    _note(worker_id, kind, actor=actor, now=now, message=message)
    feed.ring(feed.worker_group(worker_id), feed.QUEUE)


def _note(worker_id: str, kind: str, *, actor: str, now: datetime, message: str = "") -> None:
    WorkerEvent.objects.create(
        worker_name=worker_id,
        kind=kind,
        actor=actor,
        address=addresses.of_actor(actor),
        message=message,
        at=now,
    )
