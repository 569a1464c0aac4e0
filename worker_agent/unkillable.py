"""Processes that SIGKILL did not end: they hang in the kernel (state D), and may still hold a GPU."""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING
from worker_agent import processes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker_agent.board import Board
    from worker_agent.log import Log
    from worker_agent.processes import Table

_LOOK_EVERY = 5.0


class Unkillable:
    """Keeps their GPUs out until they are gone."""

    def __init__(self, board: Board, log: Log) -> None:
        self._board = board
        self._log = log
        self._watched: list[tuple[tuple[int, ...], Table]] = []

    def add(self, gpus: Iterable[int], stuck: Table) -> None:
        """Take these GPUs out. What is known of the processes is shown with them."""
        held = tuple(gpus)
        self._watched.append((held, stuck))
        names = [{"pid": pid, "name": processes.name_of(pid)} for pid in sorted(stuck)]
        for gpu in held:
            self._board.block(gpu, "unkillable", processes=names)
        self._log.error(f"{in_words(stuck)}{_taken_out(held)}")

    def step(self, now: float) -> float | None:
        """Give back what is free again. Returns when to look again (None: nothing to look at)."""
        for watched in list(self._watched):
            gpus, stuck = watched
            if not any(processes.lives(each) for each in stuck.values()):
                self._watched.remove(watched)
                for gpu in gpus:
                    self._board.unblock(gpu, "unkillable")
                self._log.info(f"processes that could not be killed are gone: {_numbers(stuck)}")
        return now + _LOOK_EVERY if self._watched else None


def in_words(stuck: Table, *, after: str = "") -> str:
    """For the person who reads why the job ended."""
    each = [f"{pid} ({processes.name_of(pid)}, state {stuck[pid].state})" for pid in sorted(stuck)]
    hanging = any(process.state == "D" for process in stuck.values())
    why = "the kernel itself is stuck there (see dmesg)" if hanging else "may the agent kill it?"
    text = f"SIGKILL did not end {', '.join(each)}: {why}"
    return f"{after}; {text}" if after else text


def _numbers(stuck: Table) -> str:
    return ", ".join(map(str, sorted(stuck)))


def _taken_out(gpus: tuple[int, ...]) -> str:
    if not gpus:
        return ""
    return f"; until they are gone GPU {','.join(map(str, gpus))} is handed out to nobody"
