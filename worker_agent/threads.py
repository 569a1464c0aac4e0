"""Threads by `_thread`, without the megabyte that `threading` costs."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Callable


class Thread:
    """A thread that does not keep the process alive."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self._busy = allocate_lock()  # held while it runs

    def start(self) -> None:
        self._busy.acquire()
        start_new_thread(self._main, ())

    def is_alive(self) -> bool:
        return self._busy.locked()

    def join(self, timeout: float = -1) -> None:
        """Wait until it has ended: as long as it takes, or so many seconds."""
        if self._busy.acquire(timeout=timeout):
            self._busy.release()

    def _main(self) -> None:
        try:
            self._run()
        finally:
            self._busy.release()
