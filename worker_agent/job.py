"""One running job: watched, stopped in time, and ended together with all that came from it."""

from __future__ import annotations

import time

from whirr.wire.lean import TYPE_CHECKING, signal
from worker_agent import listeners, processes, spawn, unkillable
from worker_agent.oom import Witness
from worker_agent.order import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker_agent.children import Child
    from worker_agent.order import Order
    from worker_agent.processes import Table
    from worker_agent.trees import Tree

_LEFTOVER_GRACE = 10.0  # for what outlives a main process that ended by itself
_REPORT_AFTER = 60.0  # what SIGKILL does not end (state D) must not hide the outcome for longer
_START_PATIENCE = 60.0  # for a file server that lets it wait before it is its program
_STUCK_LOOK = 5.0  # how often to look at what may hang for days
_LOOKS = (0.02, 0.5)  # how often to look at a dying tree: first, and at most


class Job:
    """Time is an argument (`now`, monotonic), so that its states can be tested without waiting."""

    def __init__(self, order: Order, process: Child, tree: Tree) -> None:
        self.order = order
        self.tree = tree
        self.outcome: Outcome | None = None  # set once, when it is over
        self.gone = False  # no process is left
        self.stuck: Table = {}  # what was left when we told the outcome nevertheless
        self._process = process
        self._memory = Witness(tree.cgroup)
        self._wanted: Outcome | None = None  # why we stop it, if we do
        self._kill_at: float | None = None
        self._asked: set[tuple[int, int]] = set()  # who was sent SIGTERM
        self._look_every = _LOOKS[0]
        self._hung_until = 0.0  # no look is worth it before
        limit = order.timeout_seconds
        self._timeout_at = None if limit is None else time.monotonic() + limit
        self._begin_until: float | None = time.monotonic() + _START_PATIENCE  # None: it has begun

    @property
    def ended(self) -> bool:
        """Whether the main process is over (what it left behind may live on)."""
        return self._process.poll() is not None

    def stop(
        self, outcome: Outcome, now: float, grace: float, others: Collection[Tree] = ()
    ) -> None:
        """The stop signal now, SIGKILL to the whole tree after `grace`. The first reason is kept."""
        kill_at = now + min(grace, self.order.grace_seconds)
        if self._wanted is None and not self.ended:
            self._wanted = outcome
        if self._kill_at is None:
            self._ask_to_stop(self.tree.members(others))
            self._kill_at = kill_at
        self._kill_at = min(self._kill_at, kill_at)

    def step(self, now: float, others: Collection[Tree]) -> float | None:
        """Do what is due. Returns when to look again (None: only when something happens)."""
        if self.stuck and now < self._hung_until:
            return self._hung_until
        due = self._step(now, others)
        if self.stuck and not self.gone:
            due = self._hung_until = now + _STUCK_LOOK
        return due

    def _step(self, now: float, others: Collection[Tree]) -> float | None:
        self._look_at_start(now, others)
        if not self.ended:
            due = self._watch(now, others)
            if self._begin_until is not None:
                soon = self._look_soon(now)
                return soon if due is None else min(soon, due)
            return due
        if self._clear_away(now, others):
            self.gone = True
            self._report()
            return None
        return self._look_soon(now)

    def _look_soon(self, now: float) -> float:
        self._look_every = min(self._look_every * 1.5, _LOOKS[1])
        return now + self._look_every

    def _look_at_start(self, now: float, others: Collection[Tree]) -> None:
        """Whether it has become its program, as long as it has not."""
        if self._begin_until is None:
            return
        try:
            begun = self._process.begun()
        except OSError as error:  # it ends by itself
            begun = True
            why = spawn.explain(self.order, error)
            self._wanted = self._wanted or Outcome("never_started", error_message=why)
        if begun:
            self._begin_until = None
        elif now >= self._begin_until:
            self._begin_until = None
            self.stop(Outcome("never_started", error_message=self._why_slow()), now, 0.0, others)

    def _why_slow(self) -> str:
        program, workdir = self.order.command[0], self.order.workdir
        return (
            f"{program!r} did not start within {_START_PATIENCE:g} s: does the file server of "
            f"the program, or of the working directory {workdir}, answer?"
        )

    def _watch(self, now: float, others: Collection[Tree]) -> float | None:
        if self._timeout_at is not None and now >= self._timeout_at:
            self._timeout_at = None
            limit = self.order.timeout_seconds
            self.stop(
                Outcome("timed_out", error_message=f"over its time limit of {limit:g} s"),
                now,
                self.order.grace_seconds,
                others,
            )
        if self._kill_at is not None and now >= self._kill_at:
            self._kill(self._kill_at, now, others)
            return now + _LOOKS[1]
        due = [at for at in (self._kill_at, self._timeout_at) if at is not None]
        return min(due) if due else None

    def _clear_away(self, now: float, others: Collection[Tree]) -> bool:
        """Whether nothing of the tree lives, helping it along."""
        alive = self.tree.members(others)
        if not alive and not self.tree.unclear:
            return True
        if self._kill_at is None:
            self._kill_at = now + min(_LEFTOVER_GRACE, self.order.grace_seconds)
        if not alive:  # somebody hangs, and it will be seen whose it is when that is over
            return now >= self._kill_at + _REPORT_AFTER
        if now < self._kill_at:
            self._ask(alive)
        else:
            self._kill(self._kill_at, now, others)
        return False

    def _kill(self, since: float, now: float, others: Collection[Tree]) -> None:
        alive = self.tree.kill(others)
        if alive and self.outcome is None and now >= since + _REPORT_AFTER:
            self.stuck = alive
            self._report()

    def _report(self) -> None:
        if self.outcome is not None:
            return
        outcome = came_to(self._wanted, self._process.returncode)
        if self._wanted is None:
            outcome = self._memory.judge(outcome)
        if self.stuck:
            outcome.error_message = unkillable.in_words(self.stuck, after=outcome.error_message)
        self.outcome = outcome

    def _ask_to_stop(self, tree: Table) -> None:
        """By the signal that the job wishes for; by SIGTERM where nobody listens to that one."""
        wish = self.order.stop_signal
        listening = [] if wish == signal.SIGTERM else listeners.outermost(tree, wish)
        for process in listening:
            processes.send(process, wish)
        if not listening:
            self._ask(tree)

    def _ask(self, tree: Table) -> None:
        """SIGTERM, once for each process: one may be born while the others are being told."""
        for process in tree.values():
            if process.identity not in self._asked:
                self._asked.add(process.identity)
                processes.send(process, signal.SIGTERM)


def came_to(wanted: Outcome | None, returncode: int | None) -> Outcome:
    """Why it was stopped goes before how it ended; but what was only handed back may have finished its work."""
    if wanted is None:
        return exited(returncode or 0)
    if wanted.kind == "worker_shutdown":
        if returncode == 0:
            return exited(0)
        wanted.exit_code = returncode if returncode is not None and returncode > 0 else None
    return wanted


def exited(returncode: int) -> Outcome:
    """The outcome of a process that ended by itself, or by a signal that was not ours."""
    if returncode >= 0:
        return Outcome("exited", exit_code=returncode)
    return Outcome("exited", signal=-returncode)
