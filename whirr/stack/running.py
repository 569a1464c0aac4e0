"""Running the stack of a folder: lock, port, children, server.json, and the end of all that."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from whirr.stack import lock, ports, roster
from whirr.stack.folder import Folder
from whirr.stack.roster import Shape
from whirr.stack.supervisor import Plan, Supervisor, Timing
from whirr.wire import Client, WireError

HEALTH_TIMEOUT = 2.0
Say = Callable[[str], None]
OnReady = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Wish:
    """What was asked for: a shape whose port may give way, unless `exact_port`."""

    shape: Shape
    exact_port: bool


def run(folder: Folder, wish: Wish, *, say: Say, on_ready: OnReady) -> int:
    """Supervise the folder's stack until it is stopped; returns the exit code.

    Raises lock.Held where one runs already and ports.PortTaken where none can listen.
    """
    folder.make()
    handle = lock.acquire(folder.lock_file)
    say = _unfailing(say)
    try:
        _tidy(folder)  # what a killed stack has left must not be taken for this one
        shape = _with_port(wish, say)
        folder.secret()
        return Supervisor(_plan(folder, shape, say, on_ready), folder.path, handle, Timing()).run()
    finally:
        _tidy(folder)
        os.close(handle)


def _tidy(folder: Folder) -> None:
    for leftover in (folder.server_file, folder.open_page):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _unfailing(say: Say) -> Say:
    """A full disk or a closed pipe behind the messages must not end the stack."""

    def quietly(line: str) -> None:
        with contextlib.suppress(OSError):
            say(line)

    return quietly


def is_healthy(url: str, timeout: float = HEALTH_TIMEOUT) -> bool:
    """Whether a whirr server answers there."""
    client = Client(url, timeout=timeout)
    try:
        answer = client.get("/health").json()
    except WireError:
        return False
    finally:
        client.close()
    return isinstance(answer, dict) and answer.get("status") == "healthy"


def _with_port(wish: Wish, say: Say) -> Shape:
    wanted = wish.shape.port
    port = ports.choose(wish.shape.host, wanted, exactly=wish.exact_port)
    if port != wanted:
        say(f"port {wanted} is taken by another program; using {port}")
    return replace(wish.shape, port=port)


def _plan(folder: Folder, shape: Shape, say: Say, on_ready: OnReady) -> Plan:
    def announce() -> None:
        facts = {
            "url": shape.url,
            "pid": os.getpid(),
            "host": shape.host,
            "port": shape.port,
            "mode": shape.mode,
            "auth": os.environ.get("WHIRR_AUTH", "").strip() or "token",
            "started_at": time.time(),
        }
        folder.announce(facts)
        on_ready(facts)

    later = [roster.background(folder, shape)]
    if shape.with_agent:
        later.append(roster.agent(folder, shape))
    return Plan(
        web=roster.web(folder, shape),
        later=later,
        healthy=lambda: is_healthy(shape.url),
        on_ready=announce,
        say=say,
    )
