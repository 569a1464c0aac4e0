"""Signals as events: the supervisor sleeps until one arrives or a deadline comes."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wakeup:
    """Counts requests to stop and wakes `wait` on these and on a child's end."""

    def __init__(self) -> None:
        self.stop_requests = 0
        self._reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, self._note_child)
        for number in STOP_SIGNALS:
            # Ignored on purpose (nohup, a shell's `&`): it stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note_stop)

    def wait(self, seconds: float | None) -> None:
        """Return at a signal, or after so many seconds."""
        select.select([self._reader], [], [], seconds)
        try:
            while os.read(self._reader, 512):
                pass
        except BlockingIOError:
            pass

    def _note_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_requests += 1

    def _note_child(self, number: int, frame: FrameType | None) -> None:
        """Only there so that SIGCHLD, ignored by default, reaches the wake-up descriptor."""
