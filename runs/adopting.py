"""Direct runs whose files lie in the server's own data folder: found by looking, since their program tells nobody."""

import logging
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from runs import artifacts, documents, feed, indexing, storage
from runs.errors import DomainError
from runs.models import Run, RunKind, RunStatus
from runs.parsing import decode

log = logging.getLogger(__name__)

ENDS = {"completed": RunStatus.COMPLETED, "failed": RunStatus.FAILED}


def adopt_all(*, now: datetime) -> int:
    """Bring the rows of all direct runs that may still change up to date; how many that were. Safe to repeat."""
    ended = set(
        Run.objects.filter(kind=RunKind.DIRECT, finished_at__isnull=False).values_list(
            "key", flat=True
        )
    )
    adopted = 0
    for folder in _direct_folders():
        if folder.name in ended:
            continue
        try:
            adopted += adopt(folder, now=now)
        except (DomainError, OSError) as error:
            log.warning("direct run %s cannot be read: %s", folder.name, error)
    return adopted


def _direct_folders() -> Iterator[Path]:
    root = Path(settings.RUNS_DIR)
    if not root.is_dir():
        return
    for entry in sorted(root.iterdir()):
        if entry.name.startswith("local-") and storage.KEY.match(entry.name) and entry.is_dir():
            yield entry


def adopt(folder: Path, *, now: datetime) -> bool:
    """Read one run's folder into the database; false where it has no meta.json yet."""
    meta = _document(folder, "meta.json")
    if meta is None:
        return False
    started = documents.moment(meta.get("started_at")) or now
    run, made = Run.objects.get_or_create(
        key=folder.name,
        defaults={
            "kind": RunKind.DIRECT,
            "status": RunStatus.RUNNING,
            "attempt": 1,
            "created_at": started,
            "started_at": started,
        },
    )
    grew = indexing.index(run, 1, "metrics.jsonl", size=storage.size_of(folder / "metrics.jsonl"))
    status = _status(meta)
    if made or grew or status.is_final:
        _describe(run, folder)
        feed.ring(feed.run_group(run.key))
    if status.is_final:
        artifacts.collect_shared(run, 1)
        finished = documents.moment(meta.get("finished_at")) or now
        Run.objects.filter(pk=run.pk).update(status=status, finished_at=finished)
    return True


def _describe(run: Run, folder: Path) -> None:
    for name in ("meta.json", "config.json"):
        if (folder / name).is_file():
            documents.note_shared(run, 1, name)


def _document(folder: Path, name: str) -> dict[str, Any] | None:
    try:
        return decode((folder / name).read_bytes()[: documents.LIMIT])
    except FileNotFoundError:
        return None


def _status(meta: dict[str, Any]) -> RunStatus:
    """What meta.json says; a run that says `running` while its process on this machine is gone has failed."""
    said = ENDS.get(str(meta.get("status")), RunStatus.RUNNING)
    pid = meta.get("pid")
    here = meta.get("hostname") == socket.gethostname()
    if said == RunStatus.RUNNING and here and isinstance(pid, int) and not _lives(pid):
        return RunStatus.FAILED
    return said


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
