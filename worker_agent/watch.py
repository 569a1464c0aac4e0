"""A thread that looks at the machine: its GPUs by nvidia-smi, the room on its disk.

Both may hang (a GPU that fell off the bus, a file server that is away), so neither the main loop nor the conversation
with the server ever waits for them: they take what the last look found.
"""

from __future__ import annotations

import os
import time

from whirr.wire.lean import TYPE_CHECKING
from worker_agent import smi
from worker_agent.gpu_judge import SETTLE, Judge, Look
from worker_agent.smi import Absent, Failed, Smi
from worker_agent.threads import Thread
from worker_agent.wake import Wake

if TYPE_CHECKING:
    from typing import Any, Callable

    from worker_agent.board import Board
    from worker_agent.log import Log
    from worker_agent.smi import Gpu, Seen

_DISK_ALONE = 60.0
_SOON = (0.5, 5.0)  # while a GPU that a job has left was not seen to be free: first, and at most


class Watch:
    """`changed` is called when other GPUs can be handed out than before."""

    def __init__(
        self,
        served: list[Gpu],
        board: Board,
        log: Log,
        *,
        data_dir: str,
        every: float,
        changed: Callable[[], None],
    ) -> None:
        self.wake = Wake()
        self._served = served
        self._board = board
        self._log = log
        self._data_dir = data_dir
        self._every = every  # seconds: as often as the server is told
        self._changed = changed
        self._smi = Smi()
        self._judge = Judge(served, board, log)
        self._asks = bool(served)
        self._has_answered = any(gpu.uuid for gpu in served)
        self._soon = _SOON[0]
        self._trouble = ""
        self._load: list[dict[str, Any]] = []
        self._disk: dict[str, int] = {}
        self._stopping = False
        self._thread = Thread(self._run)

    def start(self) -> None:
        if self._has_answered:
            self._board.used = self.wake.ring
            self._board.unsettle(gpu.index for gpu in self._served)
        self._thread.start()

    def stop(self) -> None:
        """Nobody waits for it: it may be waiting for a dead file server."""
        self._stopping = True
        self.wake.ring()

    def load(self) -> dict[str, Any]:
        """What the last look found, as a sync tells it."""
        found: dict[str, Any] = {"gpus": self._load, **self._disk}
        if self._trouble:
            found["gpu_trouble"] = self._trouble
        return found

    def _run(self) -> None:
        while not self._stopping:
            self.wake.clear()
            try:
                self._look()
            except Exception as error:  # a dead thread would offer no GPU ever again
                self._no_answer(repr(error))
            self.wake.wait(self._pause())

    def _pause(self) -> float:
        if self._asks and self._board.unsettled():
            pause, self._soon = self._soon, min(self._soon * 2, _SOON[1])
            return pause
        self._soon = _SOON[0]
        return self._every if self._asks else _DISK_ALONE

    def _look(self) -> None:
        self._disk = _room(self._data_dir)
        if self._asks:
            self._look_at_gpus()

    def _look_at_gpus(self) -> None:
        waiting = self._board.unsettled()
        try:
            seen = self._smi.look(self._served)
        except Failed as failed:
            if isinstance(failed, Absent) and not (self._has_answered or smi.installed()):
                self._stop_asking(failed)
                return
            self._no_answer(str(failed))
        else:
            self._answered(seen, waiting)

    def _stop_asking(self, why: Absent) -> None:
        """There never was an answer, so nothing is blocked for one."""
        self._log.warning(f"the GPUs are not watched: {why}")
        self._asks = False
        self._board.used = None
        self._give_up_waiting(SETTLE)

    def _answered(self, seen: list[Seen], waiting: dict[int, float]) -> None:
        self._has_answered = True
        self._board.used = self.wake.ring
        try:
            apps = self._smi.apps(seen)
        except Failed as failed:
            apps = None
            self._complain(f"who computes on the GPUs is not known: {failed}")
        else:
            self._content()
        look = Look(seen, apps)
        changed = self._judge.judge(look, waiting, time.monotonic())
        found = [(gpu, look.find(gpu)) for gpu in self._served]
        self._load = [{**each.load, "index": gpu.index} for gpu, each in found if each is not None]
        if changed:
            self._changed()

    def _no_answer(self, why: str) -> None:
        """Nothing is known, so nothing changes; but no GPU is kept from everybody for that."""
        self._complain(f"the GPUs cannot be looked at: {why}")
        self._load = []
        self._give_up_waiting(0.0)

    def _complain(self, why: str) -> None:
        if not self._trouble:
            self._log.warning(why)
        self._trouble = why

    def _content(self) -> None:
        if self._trouble:
            self._log.info("nvidia-smi answers again")
        self._trouble = ""

    def _give_up_waiting(self, head_start: float) -> None:
        late = time.monotonic() - SETTLE + head_start
        overdue = {gpu: since for gpu, since in self._board.unsettled().items() if since <= late}
        for gpu, since in overdue.items():
            self._board.settled(gpu, since)
        if overdue:
            self._changed()


def _room(folder: str) -> dict[str, int]:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return {}
    unit = disk.f_frsize
    return {
        "disk_free_mb": disk.f_bavail * unit // 2**20,
        "disk_total_mb": disk.f_blocks * unit // 2**20,
    }
