"""run.json in a run's folder: what only the database would know of it, so that files alone can tell.

Written after the commit, when a run ends, is archived, goes into the trash or comes back, or is changed afterwards;
never when a job is claimed. What programs say themselves (meta.json, config.json) stands in their own files and is
repeated here as it was merged.
"""

import fcntl
import json
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from runs import storable, storage
from runs.models import Run, RunKind, RunStatus
from runs.moments import moment
from runs.parsing import decode

log = logging.getLogger(__name__)

NAME = "run.json"
LIMIT = 8 * 1024 * 1024
# The longest text and the largest number that the row takes.
TEXTS = {
    **{"name": 255, "project": 100, "user": 150, "hostname": 255, "trashed_by": 150},
    **{"archived_by": 150, "notes": 65_536, "notes_by": 150},
}
NUMBERS = {"attempt": 2**31 - 1, "dropped": 2**63 - 1, "resumed": 2**31 - 1}
TIMES = ("created_at", "started_at", "finished_at", "archived_at", "trashed_at", "notes_at")
TREES = {"tags": list, "config": dict, "summary": dict, "facts": dict}
FIELDS = ("kind", "status", *TEXTS, *NUMBERS, *TIMES, *TREES)
BATCH = 200


def write_later(runs: Collection[Run]) -> None:
    """Write the files of these runs as their rows are once the transaction is over."""
    if runs:
        keys = [run.key for run in runs]
        transaction.on_commit(partial(_write_all, keys), robust=True)


def write_if_ended(run: Run) -> None:
    """Something of it changed after its end, or before it, when its end will write the file."""
    if run.is_final:
        write_later([run])


def _write_all(keys: list[str]) -> None:
    for start in range(0, len(keys), BATCH):
        for run in Run.objects.filter(key__in=keys[start : start + BATCH], deleted_at=None):
            try:
                write(run)
            except OSError as error:  # a full disk must not undo what was committed
                log.warning("run.json of %s cannot be written: %s", run.key, error)


def write(run: Run) -> None:
    """Write the file as the row is now; not of a run that is being deleted for good. Raises OSError.

    The row is read with the lock held, so of two that write, the one with the newer row writes last.
    """
    with _alone():
        fresh = Run.objects.filter(pk=run.pk, deleted_at=None).first()
        if fresh is None:
            return
        told: dict[str, Any] = {"id": fresh.key} | {name: getattr(fresh, name) for name in FIELDS}
        for name in TIMES:
            told[name] = told[name].isoformat() if told[name] else None
        with storage.replacing(storage.run_folder(fresh.key) / NAME) as draft:
            draft.write_text(json.dumps(told) + "\n")


def keep_old(run: Run) -> None:
    """Keep what the file says now as run.json.old: it is about to be replaced by something that disagrees."""
    path = storage.run_folder(run.key) / NAME
    with storage.reading(path) as file, storage.replacing(path.with_name(f"{NAME}.old")) as draft:
        draft.write_bytes(file.read(LIMIT))


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time, in all processes that share the data folder; a killed one lets go by dying."""
    path = Path(settings.DATA_DIR) / "run-files.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read(folder: Path) -> dict[str, Any] | None:
    """The columns of a row, as far as the file tells them; None where there is no file, or none that can be meant.

    Raises Invalid where something else than a plain file is in its place.
    """
    try:
        with storage.reading(folder / NAME) as file:
            told = decode(file.read(LIMIT))
    except FileNotFoundError:
        return None
    if told is None or told.get("id") != folder.name:
        return None
    row = {name: _readers[name](told.get(name)) for name in FIELDS}
    sane = None not in (row["kind"], row["status"], row["created_at"])
    return _consistent(row) if sane else None


def _consistent(row: dict[str, Any]) -> dict[str, Any] | None:
    """The database takes an end with a time, and no time without an end."""
    return row if (row["finished_at"] is not None) == row["status"].is_final else None


def _text(told: object, *, longest: int) -> str:
    return storable.text(told)[:longest] if isinstance(told, str) else ""


def _number(told: object, *, most: int) -> int:
    return told if type(told) is int and 0 <= told <= most else 0


def _time(told: object) -> datetime | None:
    return moment(told, zoned=True) if isinstance(told, str) else None


def _tree(told: object, *, kind: type) -> Any:
    return storable.json(told) if isinstance(told, kind) else kind()


def _choice(told: object, *, among: Any) -> Any:
    return among(told) if isinstance(told, str) and told in among.values else None


_readers: dict[str, Any] = {
    "kind": partial(_choice, among=RunKind),
    "status": partial(_choice, among=RunStatus),
    **{name: partial(_text, longest=longest) for name, longest in TEXTS.items()},
    **{name: partial(_number, most=most) for name, most in NUMBERS.items()},
    **dict.fromkeys(TIMES, _time),
    **{name: partial(_tree, kind=kind) for name, kind in TREES.items()},
}
