"""Whose a process is: one of our jobs', somebody else's, or of a world that we cannot see."""

from __future__ import annotations

import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import processes

if TYPE_CHECKING:
    from typing import Any

    from worker_agent.smi import App

_TRIES = 3  # a parent may die while the way up is being walked
# They serve whoever computes there, or draw a desktop, and hold no GPU of their own.
_SERVANTS = ("nvidia-cuda-mps-server", "Xorg", "Xwayland", "gnome-shell")


def is_ours(pid: int) -> bool | None:
    """Whether it came from this agent, which is the subreaper of all its jobs; None where there is no such process.

    Another agent's job is not ours.
    """
    me = os.getpid()
    for _ in range(_TRIES):
        at = pid
        while at != me:
            process = processes.look(at)
            if process is None:
                break
            if process.parent <= 0 or at == 1:
                return False
            at = process.parent
        else:
            return True
        if at == pid:
            return None
    return None


def is_servant(app: App) -> bool:
    return _base(app.name) in _SERVANTS


def facts(app: App) -> dict[str, Any]:
    """A process as a sync tells it; without a user where it cannot be seen from here."""
    uid = _uid(app.pid)
    return {
        "pid": app.pid,
        "user": "" if uid is None else _user(uid),
        "name": _name(app),
        "memory_mb": app.memory_mb,
    }


def _name(app: App) -> str:
    if app.name and not app.name.startswith("["):  # "[Not Found]", "[Insufficient Permissions]"
        return _base(app.name)[:100]
    with suppress(OSError):
        return files.read_text(f"/proc/{app.pid}/comm").strip()
    return ""


def _base(name: str) -> str:
    """The program's name of a path, or of a whole command line."""
    return name.split(" ", 1)[0].rsplit("/", 1)[-1] if name.startswith("/") else name


def _uid(pid: int) -> int | None:
    with suppress(OSError):
        for line in files.read_text(f"/proc/{pid}/status").splitlines():
            if line.startswith("Uid:"):
                return int(line.split()[1])
    return None


def _user(uid: int) -> str:
    """From /etc/passwd alone: asking a directory service may take as long as it likes."""
    with suppress(OSError):
        for line in files.read_text("/etc/passwd").splitlines():
            fields = line.split(":")
            if len(fields) > 2 and fields[2] == str(uid):
                return fields[0]
    return f"uid {uid}"
