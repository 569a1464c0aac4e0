"""Who in a job's tree waits for a signal: the others would only die of it."""

from __future__ import annotations

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from worker_agent.processes import Process, Table

# It has a handler, or keeps the signal back so that a thread can fetch it.
_WAITING = (b"SigCgt:", b"SigBlk:")


def outermost(tree: Table, number: int) -> list[Process]:
    """Those that listen to the signal and have no listener above them.

    A shell that wraps the training is passed over, and so is a data loader below it: a worker that
    dies of the signal would make the training fail while it saves.
    """
    children: dict[int, list[Process]] = {}
    for process in tree.values():
        above = process.parent if process.parent in tree else 0
        children.setdefault(above, []).append(process)
    found: list[Process] = []
    waiting = children.get(0, [])
    while waiting:
        process = waiting.pop()
        if _listens(process.pid, number):
            found.append(process)
        else:
            waiting.extend(children.get(process.pid, ()))
    return found


def _listens(pid: int, number: int) -> bool:
    bit = 1 << (number - 1)
    with suppress(OSError):
        for line in files.read(f"/proc/{pid}/status").splitlines():
            if line.startswith(_WAITING) and int(line.split()[1], 16) & bit:
                return True
    return False
