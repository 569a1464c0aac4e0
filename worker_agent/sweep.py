"""Ending what an agent left behind when it was killed, by its guard or by its successor."""

from __future__ import annotations

import time

from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING
from worker_agent import trees

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker_agent.processes import Table
    from worker_agent.records import Record

_PATIENCE = 10.0
_UNREAD_PATIENCE = 2.0  # for those that wait for a disk: what they are is known when they go on


class Swept:
    """What a sweep came to."""

    def __init__(self) -> None:
        self.killed: set[tuple[int, int]] = set()
        self.stuck: list[tuple[Record, Table]] = []  # whom SIGKILL did not end


def sweep(records: Iterable[Record], data_dir: str) -> Swept:
    """Kill all that lives of these attempts.

    Without a grace: their main process died with the agent, by the kernel's hand.
    """
    swept = Swept()
    unread_until = time.monotonic() + _UNREAD_PATIENCE
    for record in records:
        if record.same_boot and record.outcome is None:
            folder = f"{data_dir}/{layout.attempt_path(record.run_id, record.attempt)}"
            alive = _kill_all(record, folder, swept, unread_until)
            if alive:
                swept.stuck.append((record, alive))
            elif record.cgroup is not None:
                record.cgroup.remove()
    return swept


def _kill_all(record: Record, folder: str, swept: Swept, unread_until: float) -> Table:
    """Who is still there after a while."""

    def look() -> Table:
        found = trees.left_behind(folder, record.process, record.cgroup)
        swept.killed.update(each.identity for each in found.values())
        return found

    until = time.monotonic() + _PATIENCE
    while True:
        alive = look()
        if not alive and (time.monotonic() >= unread_until or not trees.some_are_unread()):
            break
        if record.cgroup is not None:
            record.cgroup.kill()
        trees.kill_all(look)
        if time.monotonic() >= until:
            break
        time.sleep(0.02)
    return alive
