"""Which of the served GPUs may be handed out, as one reading after the other shows them.

A GPU is blocked as `foreign` while a process computes there that did not come from this agent (jobs of another agent
on the machine are foreign, too), as `missing` or `error` while nvidia-smi does not list it or complains of it, and as
`memory_held` where memory is in use though none of our jobs runs there.
"""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING
from worker_agent import holders
from worker_agent.board import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Optional

    from worker_agent.board import Board
    from worker_agent.log import Log
    from worker_agent.smi import App, Gpu, Seen

    Verdict = Optional[tuple[str, dict[str, Any]]]

FREE_MB = 1024  # a driver's own share, or a desktop's, is no job's
SETTLE = 30.0  # how long a job's memory may take to be given back
_MOST_NAMED = 16  # processes of one GPU


class Look:
    """What one reading says. `apps` is None where it could not be found out who computes."""

    def __init__(self, seen: Iterable[Seen], apps: Iterable[App] | None) -> None:
        self._seen = list(seen)
        self.knows_apps = apps is not None
        self._apps = [app for app in apps or () if not holders.is_servant(app)]

    def find(self, gpu: Gpu) -> Seen | None:
        """By its UUID, once that is known: numbers move up when a GPU before it is lost."""
        for seen in self._seen:
            if seen.uuid == gpu.uuid if gpu.uuid else seen.index == gpu.index:
                return seen
        return None

    def on(self, gpu: Gpu) -> list[App]:
        return [app for app in self._apps if app.uuid == gpu.uuid]


class Judge:
    def __init__(self, served: Iterable[Gpu], board: Board, log: Log) -> None:
        self._served = list(served)
        self._board = board
        self._log = log
        self._verdicts: dict[int, Verdict] = {}
        self._suspects: dict[int, set[int]] = {}  # processes that no look at /proc could find
        self._full: set[int] = set()  # GPUs with memory in use for no known reason

    def judge(self, look: Look, waiting: dict[int, float], now: float) -> bool:
        """Block and unblock; whether anything changed.

        `waiting` are the GPUs that had been left by a job before the reading began: what it shows of others may be old.
        """
        held, changed = self._board.held(), False
        for gpu in self._served:
            since = waiting.get(gpu.index)
            verdict = self._verdict(gpu, look, held=gpu.index in held, late=_is_late(since, now))
            if since is not None and (verdict or not self._is_full(gpu)):
                self._board.settled(gpu.index, since)
                changed = True
            changed = self._apply(gpu.index, verdict) or changed
        return changed

    def _verdict(self, gpu: Gpu, look: Look, *, held: bool, late: bool | None) -> Verdict:
        """`late`: whether it should be free by now; None where no job has just left it."""
        seen = look.find(gpu)
        if held:
            self._full.discard(gpu.index)
        if seen is None:
            return "missing", {}
        gpu.uuid = gpu.uuid or seen.uuid
        if seen.trouble:
            return "error", {"reason": seen.trouble}
        if seen.index != gpu.index:
            reason = f"nvidia-smi calls it GPU {seen.index} now: start the agent anew"
            return "error", {"reason": reason}
        before = self._verdicts.get(gpu.index)
        if not look.knows_apps and before and before[0] == "foreign":
            return before
        strangers, ghosts = self._sort(gpu, look.on(gpu), held=held, late=late)
        if strangers:
            return "foreign", {"processes": [holders.facts(app) for app in strangers[:_MOST_NAMED]]}
        return None if held else self._memory(gpu, seen, look.on(gpu), ghosts=ghosts, late=late)

    def _sort(
        self, gpu: Gpu, apps: list[App], *, held: bool, late: bool | None
    ) -> tuple[list[App], bool]:
        """(those that are not ours, whether there are some that cannot be told).

        A process that cannot be found has died since, or lives in another world of numbers (a container's): it may be
        our job's as long as one holds the GPU, and is a stranger's when it is there a second time.
        """
        whose = [(app, holders.is_ours(app.pid)) for app in apps]
        lost = {app.pid for app, ours in whose if ours is None and not held}
        before, self._suspects[gpu.index] = self._suspects.get(gpu.index, set()), lost
        left_behind = lost if late else set()  # what a job leaves is given its time
        stay = lost & before if late is None else left_behind
        strangers = [app for app, ours in whose if ours is False or app.pid in stay]
        return strangers, bool(lost)

    def _memory(
        self, gpu: Gpu, seen: Seen, apps: list[App], *, ghosts: bool, late: bool | None
    ) -> Verdict:
        used = seen.load["memory_used_mb"]
        if not ghosts and (used is None or used <= FREE_MB):
            self._full.discard(gpu.index)
            return None
        again = gpu.index in self._full
        self._full.add(gpu.index)
        if late or (late is None and again and (used or 0) > FREE_MB):
            named = [holders.facts(app) for app in apps[:_MOST_NAMED]]
            return "memory_held", {"memory_used_mb": used, "processes": named}
        return None

    def _is_full(self, gpu: Gpu) -> bool:
        return gpu.index in self._full

    def _apply(self, gpu: int, verdict: Verdict) -> bool:
        before = self._verdicts.get(gpu)
        if verdict == before:
            return False
        self._verdicts[gpu] = verdict
        if before is not None and (verdict is None or verdict[0] != before[0]):
            self._board.unblock(gpu, before[0])
        if verdict is not None:
            why, details = verdict
            self._board.block(gpu, why, **details)
        if verdict is None:
            self._log.info(f"GPU {gpu} can be handed out again")
        elif before is None or before[0] != verdict[0]:
            self._log.warning(f"GPU {gpu} {in_words(*verdict)}: handing it to no job")
        return before is None or verdict is None


def _is_late(since: float | None, now: float) -> bool | None:
    return None if since is None else now - since >= SETTLE
