"""Burying the dead: nobody else will, and zombies hold process ids."""

from __future__ import annotations

import os
import time

from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import children

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker_agent.guard import Guard
    from worker_agent.log import Log

_LATER = 1.0  # how long one that somebody else waits for may hide those behind it


class Reaper:
    """Buries orphans of jobs, and replaces the guard when it is among the dead."""

    def __init__(self, guard: Guard | None, log: Log) -> None:
        self._guard = guard
        self._log = log

    def step(self, mains: Collection[int]) -> float | None:
        """Bury who died. When to look again; None: when the next one dies.

        Main processes of jobs are buried by their jobs, nvidia-smi by the thread that asks it.
        """
        with suppress(ChildProcessError):
            while True:
                dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if dead is None:
                    break
                if dead.si_pid in mains or children.is_awaited(dead.si_pid):
                    return time.monotonic() + _LATER
                children.abandoned.discard(dead.si_pid)
                os.waitpid(dead.si_pid, os.WNOHANG)
                if self._guard is not None and dead.si_pid == self._guard.pid:
                    self._replace(self._guard)
        return None

    def _replace(self, guard: Guard) -> None:
        try:
            guard.replace()
        except OSError as error:
            self._log.error(
                f"the guard was killed, and no other could be started ({error.strerror or error}): "
                "if this agent is killed, too, what its jobs started may live on; start it anew"
            )
        else:
            self._log.warning("the guard was killed: another one took its place")
