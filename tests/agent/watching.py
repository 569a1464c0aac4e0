"""Looking at the world until it is as expected; never waiting longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 20.0


def wait_for(what: Callable[[], T], why: str = "it never happened") -> T:
    until = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < until, why
        time.sleep(0.01)
    return found


def alive(mark: str) -> list[int]:
    """Processes (zombies aside) whose command line holds a text."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in line:
            found.append(int(folder.name))
    return found


def asleep(nap: str) -> list[int]:
    """The `sleep` processes of a test: they got going, and are not just in a shell's plan."""
    return [pid for pid in alive(f"sleep {nap}") if _command(pid).startswith(b"sleep")]


def _command(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def must_be_gone(mark: str) -> None:
    wait_for(lambda: not alive(mark), f"still alive: {mark}")
