"""Files of artifacts whose bytes are still arriving, under random names; and whole ones of servers before 1.0."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from runs.errors import Invalid

NAME = re.compile(r"[0-9a-f]{32}\Z")
ANNOUNCED = "a"  # where every other name has the version of its uuid, which is 4


def new(sha256: str = "") -> str:
    """A name that nobody has. Where the content's sha256 was announced, it tells of which one the bytes are."""
    name = uuid4().hex
    return f"{name[:12]}{ANNOUNCED}{name[13:16]}{sha256[:16]}" if sha256 else name


def is_of_another(name: str, sha256: str) -> bool:
    """Whether the bytes in that part file were announced as those of another content."""
    return name[12] == ANNOUNCED and name[16:] != sha256[:16]


def path_of(name: str) -> Path:
    """Where a part file is; the name was made by `new`. Raises Invalid for any other."""
    if not NAME.match(name):
        raise Invalid("not a blob")
    return Path(settings.BLOBS_DIR) / name[:2] / name


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether nobody else, in this process or another, makes a content of that file now.

    The lock is another file's: this one's own is for those who append, and they must not wait for it.
    """
    lock = path_of(name).with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        try:
            yield True
        finally:
            lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


def untouched_since(moment: datetime) -> Iterator[str]:
    """The names of files that nothing was written to since."""
    for path in Path(settings.BLOBS_DIR).glob("??/*"):
        if not NAME.match(path.name):
            continue
        with contextlib.suppress(FileNotFoundError):  # a content since
            if path.stat().st_mtime < moment.timestamp():
                yield path.name
