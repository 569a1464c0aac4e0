"""Ending what an agent left behind when it was killed, by its guard or by its successor."""

from __future__ import annotations

import time

from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING, signal
from worker_agent import processes, trees

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker_agent.records import Record

_PATIENCE = 10.0


def sweep(records: Iterable[Record], data_dir: str) -> int:
    """Kill all that lives of these attempts; how many processes there were.

    Without a grace: their main process died with the agent, by the kernel's hand.
    """
    killed: set[tuple[int, int]] = set()
    for record in records:
        if record.same_boot and record.outcome is None:
            folder = f"{data_dir}/{layout.attempt_path(record.run_id, record.attempt)}"
            killed |= _kill_all(folder, record.process)
    return len(killed)


def _kill_all(folder: str, main: tuple[int, int] | None) -> set[tuple[int, int]]:
    killed: set[tuple[int, int]] = set()
    until = time.monotonic() + _PATIENCE
    # Again and again: what was being forked during one look is found by the next.
    while (alive := trees.left_behind(folder, main)) and time.monotonic() < until:
        for process in alive.values():
            processes.send(process, signal.SIGKILL)
            killed.add(process.identity)
        time.sleep(0.02)
    return killed
