"""Whether the program behind a direct run may still be at work, as far as this machine can tell."""

import fcntl
import os
import socket
from pathlib import Path
from typing import Any

LOCK = ".shipper.lock"  # held while the run's own shipper lives
SLACK = 2.0  # seconds: clocks of /proc and of the file system are not the same


def may_live(folder: Path, meta: dict[str, Any]) -> bool:
    """False only where meta.json names a process of this machine that is gone, and nobody delivers the run."""
    pid = meta.get("pid")
    if meta.get("hostname") != socket.gethostname() or not isinstance(pid, int) or pid <= 0:
        return True
    return _is_delivered(folder) or (_exists(pid) and not _is_younger(pid, folder / "meta.json"))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_younger(pid: int, file: Path) -> bool:
    """Whether the process began only after the file was written: then another one had that number."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
        boot = float(Path("/proc/stat").read_bytes().split(b"btime ")[1].split()[0])
        return boot + ticks / os.sysconf("SC_CLK_TCK") > file.stat().st_mtime + SLACK
    except (OSError, ValueError, IndexError):
        return False


def _is_delivered(folder: Path) -> bool:
    """Whether a shipper holds its lock: in a container, its program's process ids are not ours."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False
