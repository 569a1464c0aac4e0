"""Direct runs: opened by whoever delivers them; their meta.json ends them, and takes them up again."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from runs import archiving, artifacts, documents, feed, run_file, storage
from runs.errors import InTrash, Invalid, RunTaken
from runs.models import Deletion, Run, RunKind, RunStatus
from runs.moments import moment
from runs.parsing import decode
from whirr_site.access.principals import Principal

ATTEMPT = 1  # it has this one alone
KEY = re.compile(r"local-[0-9]{8}-[0-9]{6}-[0-9a-f]{6}\Z")
SAID = {
    status.value: status for status in (RunStatus.RUNNING, RunStatus.COMPLETED, RunStatus.FAILED)
}


@dataclass(frozen=True, slots=True)
class Opening:
    """What is told of a run before its files come. Its meta.json says it again, and more."""

    key: str
    name: str = ""
    project: str = ""
    tags: list[str] = field(default_factory=list)


def open_run(wish: Opening, *, by: Principal, sees: bool, now: datetime) -> Run:
    """The run with that id, made where there is none. Asked again by the same owner, it is found as it is.

    `sees`: whoever asks has proven to see this server's data folder, and may take a run that was found lying there.
    Raises Invalid, RunTaken, InTrash.
    """
    if not KEY.match(wish.key):
        raise Invalid(f"{wish.key[:80]!r} names no direct run: use local-YYYYMMDD-HHMMSS-6hex")
    if Deletion.objects.filter(run_key=wish.key).exists():
        raise InTrash(f"{wish.key} was deleted for good, and takes nothing more")
    with transaction.atomic():
        run, made = Run.objects.get_or_create(
            key=wish.key,
            defaults={
                "kind": RunKind.DIRECT,
                "status": RunStatus.RUNNING,
                "attempt": ATTEMPT,
                "user": by.name[:150],
                "name": wish.name,
                "project": wish.project,
                "tags": list(dict.fromkeys(wish.tags)),
                "created_at": now,
                "started_at": now,
            },
        )
        if not made:
            run = Run.objects.select_for_update().get(pk=run.pk)
            _take(run, by=by, sees=sees)
    feed.ring(feed.run_group(run.key))
    return run


def _take(run: Run, *, by: Principal, sees: bool) -> None:
    """Whether `by` may deliver this one. Raises RunTaken, InTrash."""
    unowned = not run.user and (sees or by.may("admin"))
    if not (unowned or run.user == by.name or by.may("admin")):
        raise RunTaken(f"{run.key} is somebody else's run: a copy needs an id of its own")
    if run.trashed_at is not None:
        raise InTrash(f"{run.key} is in the trash: restore it first (whirr restore {run.key})")
    if not run.user:
        run.user = by.name[:150]
        run.save(update_fields=["user"])


def follow(run: Run, *, now: datetime) -> None:
    """Take over from its meta.json whether a direct run goes on, and since when or until when it did."""
    if run.kind != RunKind.DIRECT:
        return
    meta = meta_of(run)
    status = SAID.get(str(meta.get("status")))
    if status is not None:
        settle(run, status, meta, now=now)


def meta_of(run: Run) -> dict[str, Any]:
    """Its meta.json; empty where there is none that can be read."""
    try:
        with storage.reading(storage.document_path(run, ATTEMPT, "meta.json")) as file:
            return decode(file.read(documents.LIMIT)) or {}
    except (FileNotFoundError, Invalid):
        return {}


def settle(run: Run, status: RunStatus, meta: dict[str, Any], *, now: datetime) -> None:
    """Let the row say how the run stands. What is in the trash stays as it went there."""
    if status.is_final:  # before it is told: whoever hears of the end finds the files
        artifacts.collect_shared(run, ATTEMPT)
    with transaction.atomic():
        fresh = Run.objects.select_for_update().get(pk=run.pk)
        if fresh.trashed_at is not None:
            return
        before = (fresh.status, fresh.started_at, fresh.finished_at)
        fresh.started_at = moment(meta.get("started_at")) or fresh.started_at or now
        fresh.status = status
        if status.is_final:
            fresh.finished_at = moment(meta.get("finished_at")) or fresh.finished_at or now
        else:
            fresh.finished_at = None
            archiving.come_back([fresh.pk])
        if before != (fresh.status, fresh.started_at, fresh.finished_at):
            fresh.save(update_fields=["status", "started_at", "finished_at"])
            run_file.write_later([fresh])
    feed.ring(feed.run_group(run.key), feed.QUEUE)
