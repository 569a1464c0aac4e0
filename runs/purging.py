"""Deleting for good: a run's files, its rows in short transactions, then what hangs on it. Goes on after a crash.

A run whose deletion has begun (`deleted_at`) is gone for everybody. The order is: its folder gets a name that nothing
else uses, the folder goes, rows go, contents that nobody else keeps go, its own row goes last. Whatever is interrupted
is found by its row, or by its Deletion, and done from where it stands.
"""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from runs import artifacts, feed, manifest, measuring, storage, ties, trees
from runs.errors import Busy, DomainError
from runs.measuring import A_ROW, TABLES, Table
from runs.models import Artifact, Deletion, Run

log = logging.getLogger(__name__)

ASIDE = ".deleting-"  # what a folder is called from the moment on at which nothing may find it
CONTENTS_AT_ONCE = 200
PAGES_AT_ONCE = 2000  # of SQLite, given back in one transaction


@dataclass(slots=True)
class Purged:
    """What was deleted: ids, and the bytes that this freed. `kept`: ids that stay for now, each with why.

    `left`: how many more are due; a call ends when its time is over.
    """

    keys: list[str] = field(default_factory=list)
    freed: int = 0
    kept: dict[str, str] = field(default_factory=dict)
    left: int = 0


def due(*, now: datetime, all_of_it: bool = False) -> QuerySet[Run]:
    """Runs to delete for good: those past the grace (or all in the trash), and those where that has begun."""
    if all_of_it:
        return Run.objects.filter(trashed_at__isnull=False).order_by("id")
    past = Q(trashed_at__lte=now - settings.WHIRR_TRASH_GRACE)
    return Run.objects.filter(
        past | Q(deleted_at__isnull=False), trashed_at__isnull=False
    ).order_by("id")


def purge(
    *,
    by: str,
    now: datetime,
    all_of_it: bool = False,
    patience: float | None = None,
    only: Collection[int] | None = None,
) -> Purged:
    """Delete for good what is due, for at most `patience` seconds, though one run at least. Raises Busy.

    With `only`: those of these runs (by primary key) that are in the trash, due or not, and no others.
    """
    purged = Purged()
    until = None if patience is None else time.monotonic() + patience
    with _alone():
        doomed = due(now=now, all_of_it=all_of_it) if only is None else _named(only)
        runs = list(doomed.values_list("pk", "key"))
        for at, (pk, key) in enumerate(runs):
            if at and until is not None and time.monotonic() > until:
                purged.left = len(runs) - at
                break
            try:
                _purge_one(pk, purged, by=by, now=now)
            except Exception as error:  # one that cannot be deleted keeps no other
                purged.kept[key] = _why_not(key, error)
        if purged.keys:
            _give_back()
            log.info(
                "%d runs deleted for good, %s freed",
                len(purged.keys),
                measuring.human(purged.freed),
            )
    feed.ring(feed.QUEUE)
    return purged


def _named(only: Collection[int]) -> QuerySet[Run]:
    """The newest first: what repeats another one goes before it, and nothing has to stay for its sake."""
    return Run.objects.filter(pk__in=only, trashed_at__isnull=False).order_by("-id")


def _purge_one(pk: int, purged: Purged, *, by: str, now: datetime) -> None:
    begun = _begin(pk, by=by, now=now)
    if begun is None:
        return
    run, deletion, why = begun
    if why:
        purged.kept[run.key] = why
        return
    if (
        deletion is None or deletion.ended_at is not None
    ):  # only its row is left, for the sake of another job
        _forget(run)
        return
    _empty(run, deletion)
    _forget(run)
    deletion.refresh_from_db()
    purged.keys.append(run.key)
    purged.freed += deletion.freed
    Deletion.objects.filter(pk=deletion.pk).update(ended_at=now)


def _why_not(key: str, error: Exception) -> str:
    foreseen = isinstance(error, OSError | DomainError)
    log.warning("%s cannot be deleted yet: %s", key, error, exc_info=not foreseen)
    if not foreseen:
        return "it cannot be deleted yet: see the server's log"
    return f"its files cannot be deleted: {getattr(error, 'strerror', None) or error}"


@transaction.atomic
def _begin(pk: int, *, by: str, now: datetime) -> tuple[Run, Deletion | None, str] | None:
    """Take the run for deletion; None where somebody restored it. The text says who still needs it."""
    run = Run.objects.select_for_update().filter(pk=pk, trashed_at__isnull=False).first()
    if run is None:
        return None
    if run.deleted_at is not None:
        return run, Deletion.objects.filter(run_key=run.key).first(), ""
    why = ties.needed([run.pk]).get(run.pk, "")
    if why:
        return run, None, why
    run.deleted_at = now
    run.save(update_fields=["deleted_at"])
    told = {name: getattr(run, name) for name in ("name", "project", "user", "trashed_by")}
    deletion, _ = Deletion.objects.update_or_create(
        run_key=run.key,
        defaults=told | {"deleted_by": by[:150], "begun_at": now, "ended_at": None},
    )
    feed.ring(feed.run_group(run.key))
    return run, deletion, ""


def _empty(run: Run, deletion: Deletion) -> None:
    _remove_folder(run.key, deletion)
    _release(deletion, deletion.loose)
    while _delete_artifacts(run, deletion):
        pass
    for table in TABLES:
        while _delete_rows(table, run, deletion):
            pass
    manifest.remove(run.key)
    _remove_folder(run.key, deletion)  # again: somebody may have been about to write a last file


def sweep_aside() -> int:
    """Remove the folders of deletions that began in a database which is lost since; how many. Raises Busy, OSError."""
    with _alone():
        aside = {
            path.name.removeprefix(ASIDE): path
            for path in Path(settings.RUNS_DIR).glob(f"{ASIDE}*")
        }
        doomed = {key for key in aside if storage.KEY.match(key)}
        doomed -= set(Run.objects.filter(key__in=doomed).values_list("key", flat=True))
        for key in doomed:
            _remove(aside[key])
            if not storage.run_folder(key).exists():
                manifest.remove(key)
        return len(doomed)


def _remove_folder(key: str, deletion: Deletion) -> None:
    """Raises OSError. Links are removed and never followed."""
    home = storage.run_folder(key)
    aside = home.with_name(ASIDE + key)
    if not os.path.lexists(aside):
        try:
            home.rename(aside)
        except FileNotFoundError:
            return
    if not deletion.freed_files:  # told before the first file goes, or a crash would lose it
        _add(deletion, "freed_files", measuring.folder_bytes(aside))
    _remove(aside)


def _remove(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
    else:
        trees.remove(folder)


def _delete_artifacts(run: Run, deletion: Deletion) -> int:
    """Some artifacts, and of their contents those that nobody else keeps. The number of artifacts."""
    with transaction.atomic():
        found = Artifact.objects.filter(run=run).order_by("pk").values_list("pk", "blob")
        some = dict(found[:CONTENTS_AT_ONCE])
        loose = sorted({blob for blob in some.values() if blob})
        Artifact.objects.filter(pk__in=some).delete()
        Deletion.objects.filter(pk=deletion.pk).update(loose=loose)
        _add(deletion, "freed_database", A_ROW * len(some))
    _release(deletion, loose)
    return len(some)


def _release(deletion: Deletion, loose: list[str]) -> None:
    if loose:
        freed = artifacts.release(loose)
        Deletion.objects.filter(pk=deletion.pk).update(
            loose=[], freed_files=F("freed_files") + freed
        )


@transaction.atomic
def _delete_rows(table: Table, run: Run, deletion: Deletion) -> int:
    """Some rows of a table; how many."""
    rows: QuerySet[Any] = table.model._default_manager.filter(**{table.run: run}).order_by()
    some = list(rows.values_list("pk", flat=True)[: table.at_once])
    if some:
        chosen = table.model._default_manager.filter(pk__in=some).order_by()
        freed = chosen.aggregate(bytes=measuring.length(table))["bytes"]
        chosen.delete()
        _add(deletion, "freed_database", freed)
    return len(some)


def _add(deletion: Deletion, column: str, size: int) -> None:
    Deletion.objects.filter(pk=deletion.pk).update(**{column: F(column) + size})


@transaction.atomic
def _forget(run: Run) -> None:
    """The run's own row, and all that hangs on it. It stays, empty and unseen, while another job's history names it."""
    if ties.let_go(run):
        run.delete()


def _give_back() -> None:
    """SQLite: give the pages that became free back to the disk, some at a time. Older files keep and reuse them."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        if cursor.execute("PRAGMA auto_vacuum").fetchone()[0] != 2:
            return
        _repeat(lambda: _vacuum_some(cursor))


def _vacuum_some(cursor: Any) -> bool:
    before = int(cursor.execute("PRAGMA freelist_count").fetchone()[0])
    cursor.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
    after = int(cursor.execute("PRAGMA freelist_count").fetchone()[0])
    return 0 < after < before


def _repeat(step: Callable[[], bool]) -> None:
    while step():
        pass


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time, in all processes that share the data folder; a killed one lets go by dying. Raises Busy."""
    handle = os.open(
        Path(settings.DATA_DIR) / "purging.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("the trash is being emptied already; look again in a moment") from None
        yield
    finally:
        os.close(handle)
