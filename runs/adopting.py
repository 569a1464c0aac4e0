"""Direct runs whose files lie in the server's own data folder: found by looking, since their program may tell nobody.

A look costs next to nothing for what has not changed. Folders of runs that go on are looked at each time; those of
runs that have ended in turn, some hundred each time, since one may be taken up again, or grow. What they were like is
remembered in this process; the first look at an ended run compares it with its rows.
"""

import logging
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from runs import direct, documents, facts, feed, living, storage, streams
from runs.errors import DomainError, InTrash, Invalid
from runs.models import Deletion, Run, RunKind, RunStatus, Stream
from runs.moments import moment
from runs.parsing import decode

log = logging.getLogger(__name__)

IN_TURN = 200  # folders of ended runs that one look takes in
ASKED_AT_ONCE = 500  # keys in one query
SETTLED = 2.0  # seconds after which a folder's time of change can be relied on
READ = ("config.json", *facts.OF_DOCUMENT)  # documents that are read into the row

Files = dict[str, tuple[int, int]]  # size and time of change in ns of streams and documents


@dataclass(slots=True)
class Memory:
    """What this process knows of one folder of runs."""

    listed_at: int = 0  # its time of change when it was listed
    going_on: set[str] = field(default_factory=set)
    ended: deque[str] = field(default_factory=deque)  # the next one in turn first
    known: set[str] = field(default_factory=set)
    files: dict[str, Files] = field(default_factory=dict)  # as they were when they were read
    complained: dict[str, str] = field(default_factory=dict)


_memories: dict[str, Memory] = {}
_alone = threading.Lock()


def adopt_all(*, now: datetime) -> int:
    """Bring the rows of direct runs up to date with their folders; how many had changed. Safe to repeat."""
    root = Path(settings.RUNS_DIR)
    if not _alone.acquire(blocking=False):
        return 0
    try:
        memory = _memories.setdefault(str(root), Memory())
        _list(root, memory)
        adopted = sum(_look(root / name, memory, now=now) for name in sorted(memory.going_on))
        return adopted + _look_in_turn(root, memory, now=now)
    finally:
        _alone.release()


def forget() -> None:
    """Begin as a new process would; for whoever changed the rows behind our back."""
    _memories.clear()


def _list(root: Path, memory: Memory) -> None:
    """Take note of new folders, where there may be some."""
    try:
        changed = root.stat().st_mtime_ns
    except FileNotFoundError:
        return
    if changed == memory.listed_at:
        return
    with os.scandir(root) as entries:
        there = {
            entry.name
            for entry in entries
            if direct.KEY.match(entry.name) and entry.is_dir(follow_symlinks=False)
        }
    new = there - memory.known
    over, sent = _recorded(root, new)
    memory.known = there
    memory.going_on = (memory.going_on & there) | (new - over - sent)
    memory.ended = deque(name for name in memory.ended if name in there)
    memory.ended.extend(sorted(over))
    for name in memory.files.keys() - there:
        del memory.files[name]
    if time.time() - changed / 1e9 > SETTLED:
        memory.listed_at = changed  # at last: a database that does not answer has it listed again


def _recorded(root: Path, names: Iterable[str]) -> tuple[set[str], set[str]]:
    """Of these, those whose rows say that they have ended; and those that are sent here over HTTP.

    The latter are indexed as they come, and their program's own folder is another one: the library would have made
    `artifacts/` there first.
    """
    told, ended, sent = sorted(names), set(), set()
    for at in range(0, len(told), ASKED_AT_ONCE):
        some = Run.objects.filter(key__in=told[at : at + ASKED_AT_ONCE])
        for key, user, finished in some.values_list("key", "user", "finished_at"):
            if user and not (root / key / "artifacts").is_dir():
                sent.add(key)
            elif finished:
                ended.add(key)
    return ended, sent


def _look_in_turn(root: Path, memory: Memory, *, now: datetime) -> int:
    """Some of the ended runs: those that are not as they were are read again."""
    turn = [memory.ended.popleft() for _ in range(min(IN_TURN, len(memory.ended)))]
    memory.ended.extend(turn)
    files = {name: _files_now(root / name) for name in turn}
    unknown = [name for name in turn if name not in memory.files]
    for name in _as_recorded(root, unknown, files) if unknown else ():
        memory.files[name] = files[name]
    changed = [name for name in turn if memory.files.get(name) != files[name]]
    return sum(_look(root / name, memory, now=now) for name in changed)


def _as_recorded(root: Path, names: list[str], files: dict[str, Files]) -> list[str]:
    """Those that their rows describe as they are; asked once a process for each."""
    rows = {run.key: run for run in Run.objects.filter(key__in=names)}
    indexed: dict[str, dict[str, int]] = {}
    found = Stream.objects.filter(run__key__in=names, attempt=direct.ATTEMPT)
    for key, name, size in found.values_list("run__key", "name", "indexed"):
        indexed.setdefault(key, {})[name] = size
    return [
        name
        for name in names
        if name in rows and _is_known(rows[name], root / name, files[name], indexed.get(name, {}))
    ]


def _is_known(run: Run, folder: Path, files: Files, indexed: dict[str, int]) -> bool:
    try:
        return _agrees(run, folder, files, indexed)
    except Exception:
        return False  # it is read again, and whoever does that says what is wrong with it


def _agrees(run: Run, folder: Path, files: Files, indexed: dict[str, int]) -> bool:
    meta = _meta_of(folder) or {}
    said = direct.SAID.get(str(meta.get("status")))
    if said is not None and said.is_final:
        same = run.status == said and run.finished_at == moment(meta.get("finished_at"))
    else:
        same = not living.may_live(folder, meta)
    return same and all(
        size == indexed.get(name, 0)
        for name, (size, _) in files.items()
        if storage.is_stream(name) and streams.is_indexed(name)
    )


def _look(folder: Path, memory: Memory, *, now: datetime) -> bool:
    """Read one folder again, unless it is as it was; whether there was something new. It stops no other."""
    name = folder.name
    try:
        files = _files_of(folder)
        if memory.files.get(name) == files and not _has_died(folder, name, memory):
            return False
        ended = adopt(folder, before=memory.files.get(name, {}), now=now)
    except InTrash:  # nothing was read: once it is restored, all of it is
        memory.files.pop(name, None)
        _sort(name, memory, ended=True)
        return False
    except Exception as error:
        _complain(name, error, memory)
        return False
    if ended is None:  # it has no meta.json yet
        return False
    memory.files[name] = files
    _sort(name, memory, ended=ended)
    return True


def _complain(name: str, error: Exception, memory: Memory) -> None:
    """Once for each problem of a folder; with the way there where it is one that nobody thought of."""
    told = str(error) or type(error).__name__
    if memory.complained.get(name) != told:
        memory.complained[name] = told
        unforeseen = not isinstance(error, (DomainError, OSError))
        log.warning("direct run %s cannot be read: %s", name, told, exc_info=unforeseen)


def _has_died(folder: Path, name: str, memory: Memory) -> bool:
    if name not in memory.going_on:
        return False
    meta = _meta_of(folder)
    return meta is not None and not living.may_live(folder, meta)


def _sort(name: str, memory: Memory, *, ended: bool) -> None:
    if ended and name in memory.going_on:
        memory.going_on.discard(name)
        memory.ended.append(name)
    elif not ended and name not in memory.going_on:
        memory.going_on.add(name)
        memory.ended.remove(name)


def adopt(folder: Path, *, now: datetime, before: Files | None = None) -> bool | None:
    """Read what a run's folder holds, except for files that are as `before`; whether it has ended.

    None where it has no meta.json yet. Raises DomainError and OSError; InTrash where it may come back. What was deleted
    for good counts as ended.
    """
    meta = _meta_of(folder)
    if meta is None:
        return None
    if Deletion.objects.filter(run_key=folder.name).exists():
        return True
    run = _row(folder.name, meta, now=now)
    if run.trashed_at is not None:
        raise InTrash(f"{run.key} is in the trash")
    changed = {
        name: size
        for name, (size, at) in _files_of(folder).items()
        if (before or {}).get(name) != (size, at)
    }
    for name, size in changed.items():
        if name in READ and size:
            documents.note_shared(run, direct.ATTEMPT, name)
        elif name not in storage.DOCUMENTS:
            streams.note_size(run, direct.ATTEMPT, name, size=size)
    status = _status(folder, meta)
    direct.settle(run, status, meta, now=now)
    feed.ring(feed.run_group(run.key))
    return status.is_final


def _row(key: str, meta: dict[str, Any], *, now: datetime) -> Run:
    started = moment(meta.get("started_at")) or now
    run, _ = Run.objects.get_or_create(
        key=key,
        defaults={
            "kind": RunKind.DIRECT,
            "status": RunStatus.RUNNING,
            "attempt": direct.ATTEMPT,
            "created_at": started,
            "started_at": started,
        },
    )
    return run


def _status(folder: Path, meta: dict[str, Any]) -> RunStatus:
    """What meta.json says; a run that says `running` while its process on this machine is gone has failed."""
    said = direct.SAID.get(str(meta.get("status")), RunStatus.RUNNING)
    if said == RunStatus.RUNNING and not living.may_live(folder, meta):
        return RunStatus.FAILED
    return said


def _meta_of(folder: Path) -> dict[str, Any] | None:
    try:
        with storage.reading(folder / "meta.json") as file:
            return decode(file.read(documents.LIMIT))
    except (FileNotFoundError, Invalid):
        return None


def _files_now(folder: Path) -> Files:
    """Nothing where the folder is gone, or cannot be read."""
    try:
        return _files_of(folder)
    except OSError:
        return {}


def _files_of(folder: Path) -> Files:
    found: Files = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name in storage.DOCUMENTS or storage.is_stream(entry.name)):
                continue
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode):
                found[entry.name] = (info.st_size, info.st_mtime_ns)
    return found
