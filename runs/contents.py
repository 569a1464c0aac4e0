"""Contents of artifacts: each one once, under its sha256, however many artifacts of however many runs have it.

An upload that finds its content already there and a deletion that takes its last artifact away may meet. Both hold the
lock of that content (`locked`) while they look and act: whoever comes second sees what the first one did. A slow
transfer to a bucket happens before the lock, and is repeated where a deletion came between. What a bucket is asked with
the lock held is asked outside of any transaction.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import connection, transaction

from runs.errors import Invalid, NotFound

DIGEST = re.compile(r"[0-9a-f]{64}\Z")
PIECE = 1024 * 1024
TRIES = 5


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that can be read: `opened(start, stop)` gives a file whose first byte is number `start`."""

    size: int
    opened: Callable[[int, int], BinaryIO]
    digest: str = ""  # sha256 in hexadecimal, where it is known

    def read(self) -> bytes:
        """All of it: for what is known to be small."""
        with self.opened(0, self.size) as file:
            return file.read(self.size)


class LocalFile(File):  # type: ignore[type-arg]
    """A local file on its way into the storage, which may take it by its path."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def is_digest(text: str) -> bool:
    """Whether it looks like a sha256 in hexadecimal."""
    return bool(DIGEST.match(text))


def digest_of(path: Path) -> str:
    """The sha256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of(digest: str) -> Content:
    """The content of that sha256. Raises NotFound where the storage has lost it."""
    name = _name(digest)
    try:
        size = _store().size(name)
    except FileNotFoundError:
        raise NotFound("the file's content is gone from the server's storage") from None
    return Content(size, lambda start, stop: _store().opened(name, start, stop), digest)


def of_path(path: Path) -> Content:
    """The content of a file that lies here under a name of its own."""
    return Content(path.stat().st_size, lambda start, stop: opened_at(path, start))


def opened_at(path: Path, start: int) -> BinaryIO:
    """The open file, to be read from byte `start` on."""
    file = path.open("rb")
    file.seek(start)
    return file


def size_of(digest: str) -> int | None:
    """How many bytes are stored; None where there is no such content."""
    try:
        return int(_store().size(_name(digest)))
    except FileNotFoundError:
        return None


def keep(path: Path, digest: str, *, then: Callable[[], int]) -> bool:
    """Store the file's bytes, and call `then`, which makes rows name them, in a transaction with the lock held.

    False where `then` changed nothing. The file itself stays.
    """
    for _ in range(TRIES):
        _put(path, digest)
        with locked(digest):
            if (
                size_of(digest) is not None
            ):  # else the last artifact that had it was deleted meanwhile
                with transaction.atomic():
                    return then() > 0
    raise Invalid("the file's content is being deleted over and over; send it again")


@contextmanager
def locked(digest: str) -> Iterator[None]:
    """Nobody else does anything about this content meanwhile.

    No transaction is begun for it: a bucket may take its time to answer, and nobody else's work shall wait for that.
    So what is written within has to be committed within. PostgreSQL has a lock for a number of our choosing, which
    holds between servers; with SQLite all processes share the disk, and its locks.
    """
    with (
        _locked_by_postgres(digest)
        if connection.vendor == "postgresql"
        else _locked_by_disk(digest)
    ):
        yield


@contextmanager
def _locked_by_postgres(digest: str) -> Iterator[None]:
    number = int.from_bytes(bytes.fromhex(digest[:16]), signed=True)
    with connection.cursor() as cursor:
        if connection.in_atomic_block:  # of a caller: it is over when that is committed
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            yield
            return
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


@contextmanager
def _locked_by_disk(digest: str) -> Iterator[None]:
    """A file that goes when it is let go; whoever waited for one that is gone begins anew."""
    path = Path(settings.BLOBS_DIR) / digest[:2] / f"{digest}.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still(path, handle):
                try:
                    yield
                finally:
                    path.unlink()
                return
        finally:
            os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def discard(digest: str) -> int:
    """Remove a content, under its lock; how many bytes that freed."""
    size = size_of(digest)
    if size is not None:
        _store().delete(_name(digest))
    return size or 0


def check() -> None:
    """Whether the storage can be used. Raises StorageAway, OSError."""
    _store().check()


def stored() -> Iterable[str]:
    """Every content that is there."""
    store = _store()
    for number in range(256):
        try:
            _, names = store.listdir(f"{number:02x}")
        except FileNotFoundError:
            continue
        yield from filter(is_digest, names)


def is_older(digest: str, moment: datetime) -> bool:
    """Whether a content was stored before that; not where it is gone."""
    try:
        return bool(_store().get_modified_time(_name(digest)) < moment)
    except FileNotFoundError:
        return False


def _put(path: Path, digest: str) -> None:
    if size_of(digest) == path.stat().st_size:  # a power cut may have left a shorter one
        return
    with path.open("rb") as file:
        _store().save(_name(digest), LocalFile(file, name=str(path)))


def _name(digest: str) -> str:
    if not is_digest(digest):
        raise Invalid("not a sha256")
    return f"{digest[:2]}/{digest}"


def _store() -> Any:
    return storages["artifacts"]
