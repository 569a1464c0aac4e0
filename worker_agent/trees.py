"""Which processes belong to a job: all that came from it, however they tried to get away.

While the agent lives it is the subreaper, so each process of each job is below it. After it was
killed, what is left is known by the recorded main process and by marks that jobs bear.
"""

from __future__ import annotations

import os

from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING, signal
from worker_agent import processes

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Callable

    from worker_agent.cgroup import Cgroup
    from worker_agent.processes import Process, Table

_ROUNDS = 50


def bears_the_mark(process: Process, folder: str) -> bool:
    """Whether a process has what only this attempt's processes have: its folder's name in the
    environment, or its log as standard output.

    What hangs in the kernel (state D) may hold the lock of its memory: reading its environment would hang, too.
    """
    if not _hangs(process) and processes.environment_has(process.pid, f"WHIRR_RUN_DIR={folder}"):
        return True
    return processes.writes_to(process.pid, f"{folder}/{layout.OUTPUT}")


def _hangs(process: Process) -> bool:
    return process.state == "D"


def some_are_unread() -> bool:
    """Whether a program hangs just now, whose environment was therefore not read."""
    kernel_threads = 2  # their parent; they are no programs, and hang as a matter of course
    return any(
        _hangs(each) and each.parent != kernel_threads for each in processes.table().values()
    )


class Tree:
    """The processes of one running job of this agent."""

    def __init__(
        self, pid: int, folder: str, cgroup: Cgroup | None = None, *, alone: bool = True
    ) -> None:
        self.pid = pid
        self.cgroup = cgroup
        self._folder = folder
        self._alone = alone  # what comes to the agent can only be a job's
        self._seen: set[tuple[int, int]] = set()  # members at the last look
        self.unclear = False  # at the last look somebody hung who may be a member

    def members(self, others: Collection[Tree]) -> Table:
        """Those that live. `others` are the trees of the jobs that run beside it."""
        everything = processes.table()
        orphans = _children_of_jobs(everything)
        mine = [pid for pid in orphans if self._owns(pid, everything, others)]
        self.unclear = self.cgroup is None and any(
            _hangs(everything[pid])
            and pid not in mine
            and not any(tree._knows(everything[pid]) for tree in others)
            for pid in orphans
        )
        if self.cgroup is not None:
            mine += self.cgroup.members()
        found = processes.descendants(everything, mine)
        self._seen = {each.identity for each in found.values()}
        return found

    def kill(self, others: Collection[Tree]) -> Table:
        """SIGKILL to all of it; who was still to be seen in the last look."""
        if self.cgroup is not None:
            self.cgroup.kill()
        return kill_all(lambda: self.members(others))

    def _owns(self, pid: int, everything: Table, others: Collection[Tree]) -> bool:
        if self._claims(pid, everything):
            return True
        # An orphan that shed session and marks: it is ours if it can be nobody else's.
        return self._alone and not others

    def _claims(self, pid: int, everything: Table) -> bool:
        process = everything[pid]
        return self._knows(process) or bears_the_mark(process, self._folder)

    def _knows(self, process: Process) -> bool:
        if process.pid == self.pid or process.session == self.pid:
            return True
        return process.identity in self._seen


def none_but(ours: Collection[int]) -> bool:
    """Whether nothing is below this process but these, and nothing can come to it from elsewhere.

    An entry script may have started something and then become the agent; and to the first process of a
    container comes what `docker exec` leaves there.
    """
    me = os.getpid()
    below = processes.descendants(processes.table(), [me])
    return me != 1 and not below.keys() - {me, *ours}


def kill_all(look: Callable[[], Table]) -> Table:
    """SIGKILL, until a look shows nobody new: some are born while the others die."""
    told: set[tuple[int, int]] = set()
    alive = look()
    for _ in range(_ROUNDS):
        fresh = [each for each in alive.values() if each.identity not in told]
        if not fresh:
            break
        for process in fresh:
            told.add(process.identity)
            processes.send(process, signal.SIGKILL)
        alive = look()
    return alive


def _children_of_jobs(everything: Table) -> list[int]:
    """Our children that are jobs or were orphaned by jobs.

    What the agent starts for itself stays in its session; a job, and all that comes from it, cannot
    be in there, for the job began with a session of its own.
    """
    me, session = os.getpid(), os.getsid(0)
    return [
        process.pid
        for process in everything.values()
        if process.parent == me and process.session != session
    ]


def left_behind(folder: str, main: tuple[int, int] | None, cgroup: Cgroup | None = None) -> Table:
    """What lives of an attempt whose agent is gone. Never a stranger: each root is proven."""
    everything = processes.table()
    everything.pop(os.getpid(), None)
    roots = [pid for pid, process in everything.items() if bears_the_mark(process, folder)]
    if main is not None and main[0] in everything and everything[main[0]].identity == main:
        roots.append(main[0])
        # As long as the leader lives, its session number can mean nobody else.
        roots += [each.pid for each in everything.values() if each.session == main[0]]
    if cgroup is not None:
        roots += cgroup.members()
    return processes.descendants(everything, roots)
