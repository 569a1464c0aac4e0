"""Which server a direct run is delivered to: the one of the environment, otherwise the stack that runs on its folder.

It is looked for again whenever none answers: a stack that is started anew may listen on another port.
"""

from __future__ import annotations

import fcntl
import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from whirr.wire.files import AnyPath

URL, TOKEN, OFFLINE = "WHIRR_SERVER_URL", "WHIRR_TOKEN", "WHIRR_OFFLINE"
_YES = frozenset({"1", "true", "yes", "on"})


class Server:
    """An address, and who asks there."""

    __slots__ = ("token", "url")

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.token = token

    def __repr__(self) -> str:  # never the token
        return f"Server({self.url!r})"


def is_offline(env: Mapping[str, str]) -> bool:
    return env.get(OFFLINE, "").strip().lower() in _YES


def find(env: Mapping[str, str], data_dir: AnyPath) -> Server | None:
    """The server that is known here and now; None without one. It need not answer."""
    url, token = env.get(URL, "").strip().rstrip("/"), env.get(TOKEN, "").strip()
    running = _running(data_dir)
    theirs = str(running["url"]).rstrip("/") if running else ""
    if not (url or theirs):
        return None
    if not token and url in {"", theirs}:  # a folder's secret goes to that folder's own server
        token = _secret(data_dir)
    return Server(url or theirs, token or None)


def _running(data_dir: AnyPath) -> dict[str, Any] | None:
    """What the stack of this folder says of itself, while it lives."""
    told = files.read_json_object(f"{os.fspath(data_dir)}/server.json")
    if told is None or not isinstance(told.get("url"), str):
        return None
    return told if is_held(f"{os.fspath(data_dir)}/stack.lock") else None


def is_held(lock: str) -> bool:
    """Whether a process holds the lock on this file."""
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: what it says may well be true
        return True
    finally:
        os.close(handle)
    return False


def _secret(data_dir: AnyPath) -> str:
    try:
        return files.read_text(f"{os.fspath(data_dir)}/secret").strip()
    except OSError:
        return ""
