"""Bytes that arrive: appended at an offset, whole or not at all. The file's size is the truth."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from runs import diverging, events, feed, indexing, storage
from runs.diverging import Tail
from runs.errors import Diverged, InTrash, Invalid, LeaseLost, OffsetGap, TooLarge
from runs.logs import marks
from runs.logs.marks import Grown
from runs.logs.reading import OUTPUT
from runs.models import Run, RunKind

BODY_LIMIT = 8 * 1024 * 1024
INDEXED = {
    "metrics.jsonl": indexing.index,
    "system.jsonl": indexing.index,
    "events.jsonl": events.index,
}


def may_write(run: Run, attempt: int) -> None:
    """The fence. Raises LeaseLost where a newer attempt exists, Invalid where this one was never begun, InTrash.

    The last bytes of a job may come after its end, so a job's run takes them in the trash, too.
    """
    if run.trashed_at is not None and run.kind == RunKind.DIRECT:
        raise InTrash(f"{run.key} is in the trash: restore it first (whirr restore {run.key})")
    if attempt < run.attempt:
        raise LeaseLost(f"attempt {attempt} of {run.key} was superseded by attempt {run.attempt}")
    if attempt > run.attempt:
        raise Invalid(
            f"attempt {attempt} of {run.key} was never begun; the newest is {run.attempt}"
        )


def append(
    run: Run,
    attempt: int,
    name: str,
    *,
    offset: int,
    data: bytes,
    tail: Tail | None = None,
    now: datetime | None = None,
    grown: Sequence[Grown] = (),
) -> int:
    """Write `data` at `offset` and return the new size.

    Bytes that are there already are passed over, so a repeated request is harmless. Once this returns, the bytes
    survive the death of the server. With a `tail` whose bytes are not those of the file: Diverged, or, where it says
    so, the stream begins anew, without `data`. With `now` a log gets a mark of when it grew, or those that its
    sender saw (`grown`). Raises OffsetGap, LeaseLost, TooLarge, Invalid, too.
    """
    may_write(run, attempt)
    if len(data) > BODY_LIMIT:
        raise TooLarge(f"a request carries at most {BODY_LIMIT} bytes; send {len(data)} in parts")
    path = storage.stream_path(run, attempt, name)
    storage.prepare(run, attempt)
    if tail is not None and _begins_anew(run, attempt, name, offset=offset, tail=tail):
        size = 0
    else:
        size = append_to(path, offset=offset, data=data)
    _mark(run, attempt, name, size=size, now=now, grown=grown)
    _announce(run, attempt, name, size)
    return size


def _begins_anew(run: Run, attempt: int, name: str, *, offset: int, tail: Tail) -> bool:
    """Whether the file has other bytes than the tail, and was put aside. Raises Diverged, OffsetGap, Invalid."""
    tail.check(offset)
    path = storage.stream_path(run, attempt, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as handle:
        size = os.fstat(handle).st_size
        if offset > size:
            raise OffsetGap(size)
        if tail.is_in(handle, offset):
            return False
        if not tail.restart:
            raise Diverged(size)
        diverging.begin_anew(run, attempt, name, path)
    return True


def add(run: Run, attempt: int, name: str, data: bytes) -> int:
    """Whole lines at the end of a stream that this server itself writes; the new size. Raises LeaseLost, TooLarge."""
    may_write(run, attempt)
    if len(data) > BODY_LIMIT:
        raise TooLarge(f"a request carries at most {BODY_LIMIT} bytes; send {len(data)} in parts")
    path = storage.stream_path(run, attempt, name)
    storage.prepare(run, attempt)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as handle:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":  # a server died here: nobody was told
            data = b"\n" + data
        size = _write(handle, data, at=size)
    _announce(run, attempt, name, size)
    return size


def note_size(
    run: Run,
    attempt: int,
    name: str,
    *,
    size: int,
    now: datetime | None = None,
    grown: Sequence[Grown] = (),
) -> int:
    """The file on the disk that agent and server share now has `size` bytes. Raises OffsetGap where it has fewer."""
    may_write(run, attempt)
    there = storage.size_of(storage.stream_path(run, attempt, name))
    if size > there:
        raise OffsetGap(there)
    _mark(run, attempt, name, size=there, now=now, grown=grown)
    _announce(run, attempt, name, there)
    return there


def _mark(
    run: Run, attempt: int, name: str, *, size: int, now: datetime | None, grown: Sequence[Grown]
) -> None:
    if name == OUTPUT and now is not None:
        marks.note(run, attempt, size=size, at=now.timestamp(), grown=grown)


def _announce(run: Run, attempt: int, name: str, size: int) -> None:
    index(run, attempt, name, size=size)
    feed.ring(feed.run_group(run.key))


def index(run: Run, attempt: int, name: str, *, size: int) -> bool:
    """Bring what is made of a stream's first `size` bytes up to date, if anything is; true where it grew."""
    indexed = INDEXED.get(storage.parted(name)[0])
    return indexed is not None and indexed(run, attempt, name, size=size)


def is_indexed(name: str) -> bool:
    """Whether the lines of this stream become rows."""
    return storage.parted(name)[0] in INDEXED


def append_to(path: Path, *, offset: int, data: bytes) -> int:
    """`data` at `offset` of the file, which is made if it is missing; the new size. Raises OffsetGap."""
    if offset < 0:
        raise Invalid(f"offset {offset} is negative")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as handle:
        size = os.fstat(handle).st_size
        if offset > size:
            raise OffsetGap(size)
        return _write(handle, memoryview(data)[size - offset :], at=size)


def _write(handle: int, data: bytes | memoryview, *, at: int) -> int:
    """All of it; where it ends."""
    fresh = memoryview(data)
    while fresh:
        written = os.pwrite(handle, fresh, at)
        at += written
        fresh = fresh[written:]
    return at


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The open file, with every other writer, in this process or another, kept out."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_aside(path, handle):  # since it was opened
                continue
            yield handle
            return
        finally:
            os.close(handle)


def _is_aside(path: Path, handle: int) -> bool:
    """Whether another file has its name now."""
    try:
        return not os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False
