"""The training behind a direct run: whether it still lives, and the end of a run whose training was killed."""

from __future__ import annotations

import os
import time

from whirr.shipping import server
from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Any

    from whirr.wire.files import AnyPath

ENDED = frozenset({"completed", "failed"})  # what meta.json says of a run that is over
KILLED = "the process ended without a word: it was killed, or its machine went down"
LOCK = ".shipper.lock"  # held while the run's shipper lives
_SLACK = 2.0  # seconds: clocks of /proc and of the file system are not the same


class Trainer:
    """One process: a number alone gets reused, so its start is part of its name where /proc tells it."""

    __slots__ = ("pid", "ticks")

    def __init__(self, pid: int, ticks: int) -> None:
        self.pid = pid
        self.ticks = ticks  # clock ticks from boot to its start; 0: not known

    @classmethod
    def here(cls) -> Trainer:
        return cls(os.getpid(), started(os.getpid()))

    def lives(self) -> bool:
        if not is_there(self.pid):
            return False
        ticks = started(self.pid)
        return not (ticks and self.ticks) or ticks == self.ticks


def started(pid: int) -> int:
    """Clock ticks from boot to the start of a process; 0 where that is not to be known."""
    fields = _stat(pid)
    return int(fields[19]) if len(fields) > 19 else 0


def is_there(pid: int) -> bool:
    """Whether a process that is no zombie has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    fields = _stat(pid)
    return not fields or fields[0] not in (b"Z", b"X", b"x")


def _stat(pid: int) -> list[bytes]:
    try:
        text = files.read(f"/proc/{pid}/stat")
    except OSError:
        return []
    return text[text.rfind(b")") + 2 :].split()  # the name in brackets may hold anything


def meta_of(folder: AnyPath) -> dict[str, Any] | None:
    """meta.json, if it can be read."""
    return files.read_json_object(f"{os.fspath(folder)}/{layout.META}")


def is_over(meta: dict[str, Any]) -> bool:
    return meta.get("status") in ENDED


def may_live(folder: AnyPath, meta: dict[str, Any]) -> bool:
    """Whether the process that meta.json names may still be at work; one of another machine may.

    So may one that has a shipper: in a container its number is another one.
    """
    pid = meta.get("pid")
    if meta.get("hostname") != os.uname().nodename or not isinstance(pid, int) or pid <= 0:
        return True
    if server.is_held(f"{os.fspath(folder)}/{LOCK}"):
        return True
    return is_there(pid) and not _is_younger(pid, f"{os.fspath(folder)}/{layout.META}")


def _is_younger(pid: int, path: str) -> bool:
    """Whether the process began only after the file was written: then another one had that number."""
    ticks = started(pid)
    if not ticks:
        return False
    with suppress(OSError, ValueError, IndexError):
        boot = files.read("/proc/stat").split(b"btime ")[1].split()[0]
        began = int(boot) + ticks / os.sysconf("SC_CLK_TCK")
        return began > files.status(path).st_mtime + _SLACK
    return False


def close_if_killed(folder: AnyPath, known: Trainer | None = None) -> bool:
    """Where the run's process is gone and meta.json still says `running`, write that it failed. Whether it did so.

    `known` is the process that the caller watched; of any other one, meta.json has to tell. A run that another
    process has taken up meanwhile is left alone.
    """
    meta = meta_of(folder)
    if meta is None or is_over(meta):
        return False
    watched = known if known is not None and meta.get("pid") == known.pid else None
    if watched.lives() if watched else may_live(folder, meta):
        return False
    meta.update(status="failed", finished_at=_last_sign(folder), reason=KILLED)
    files.write_whole(f"{os.fspath(folder)}/{layout.META}", jsontext.dumps(meta))
    return True


def _last_sign(folder: AnyPath) -> str:
    """When it wrote last, as meta.json tells times."""
    latest = 0.0
    for name in (*layout.streams_in(folder), layout.META):
        with suppress(OSError):
            latest = max(latest, files.status(f"{os.fspath(folder)}/{name}").st_mtime)
    whole, part = divmod(latest or time.time(), 1)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int(part * 1e6):06d}Z"
