"""Processes as /proc shows them. A process is (pid, start ticks): the number alone gets reused."""

from __future__ import annotations

import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, signal, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable


class Process:
    __slots__ = ("parent", "pid", "session", "state", "ticks")

    def __init__(self, pid: int, ticks: int, parent: int, session: int, state: str) -> None:
        self.pid = pid
        self.ticks = ticks  # clock ticks from boot to its start
        self.parent = parent
        self.session = session
        self.state = state

    @property
    def identity(self) -> tuple[int, int]:
        return self.pid, self.ticks


Table = dict[int, Process]


def look(pid: int) -> Process | None:
    """One process, zombies included; None when there is none."""
    try:
        text = files.read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name in brackets may hold anything, brackets and blanks too: count from the last one.
    fields = text[text.rfind(b")") + 2 :].split()
    if len(fields) < 20:
        return None
    return Process(pid, int(fields[19]), int(fields[1]), int(fields[3]), fields[0].decode())


def table() -> Table:
    """All processes of this machine that live (zombies and dying ones are left out)."""
    found: Table = {}
    for name in files.names_in("/proc"):
        if name.isdigit():
            process = look(int(name))
            if process is not None and process.state not in "ZXx":
                found[process.pid] = process
    return found


def lives(process: Process) -> bool:
    """Whether exactly this process is still there, zombies aside."""
    now = look(process.pid)
    return now is not None and now.identity == process.identity and now.state not in "ZXx"


def name_of(pid: int) -> str:
    """Its short name. The command line is not read: where a process hangs, reading that hangs, too."""
    try:
        return files.read_text(f"/proc/{pid}/comm").strip()
    except OSError:
        return "?"


def descendants(processes: Table, roots: Iterable[int]) -> Table:
    """The roots (those that live) and everything below them."""
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found: Table = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid in found:
            continue
        if pid in processes:
            found[pid] = processes[pid]
        waiting.extend(children.get(pid, ()))
    return found


def environment_has(pid: int, assignment: str) -> bool:
    """Whether the process was started with NAME=value; False where we may not look."""
    try:
        block = files.read(f"/proc/{pid}/environ")
    except OSError:
        return False
    return os.fsencode(assignment) in block.split(b"\0")


def writes_to(pid: int, path: str) -> bool:
    """Whether its standard output or error is this file."""
    for fd in ("1", "2"):
        with suppress(OSError):
            if files.target_of(f"/proc/{pid}/fd/{fd}") == path:
                return True
    return False


def send(process: Process, number: int) -> None:
    """Signal exactly this process: never one that got its number meanwhile."""
    with suppress(ProcessLookupError, PermissionError):
        try:
            pidfd = os.pidfd_open(process.pid)
        except (AttributeError, OSError):  # an old kernel: a race of microseconds remains
            if _still(process):
                os.kill(process.pid, number)
            return
        try:
            if _still(process):  # the pidfd holds on to whoever has the number now
                signal.pidfd_send_signal(pidfd, number)
        finally:
            os.close(pidfd)


def _still(process: Process) -> bool:
    now = look(process.pid)
    return now is not None and now.identity == process.identity
