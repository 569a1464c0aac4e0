"""One stack per folder: a lock on a file that lives exactly as long as the stack's processes."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

# `is_held` takes the lock for a moment to test it; a starting stack waits that out.
PATIENCE_SECONDS = 0.2


class Held(Exception):
    """Another stack has the lock."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


def acquire(path: Path) -> int:
    """Lock the file for this process and whoever inherits the returned descriptor. Raises Held."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise Held(_pid_in(path)) from None
            time.sleep(0.02)
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()}\n".encode())
    return handle


def is_held(path: Path) -> bool:
    """Whether a stack runs on this lock, however it was started."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def holder(path: Path) -> int | None:
    """The process id of the stack that holds the lock; None when nobody does."""
    return _pid_in(path) if is_held(path) else None


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text().strip() or "0") or None
    except (OSError, ValueError):
        return None
