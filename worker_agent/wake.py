"""A doorbell between threads, signals and held calls: a pipe that can be waited for."""

from __future__ import annotations

import os
import select

from whirr.wire.lean import suppress


class Wake:
    def __init__(self) -> None:
        self._read_fd, self.write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        return self._read_fd

    def ring(self) -> None:
        with suppress(BlockingIOError):  # full: it rings already
            os.write(self.write_fd, b"!")

    def clear(self) -> None:
        """Take the ringing back. Always before looking at what changed, never after."""
        with suppress(BlockingIOError):
            while os.read(self._read_fd, 4096):
                pass

    def wait(self, seconds: float | None) -> bool:
        """Whether it rang within that time (None: wait as long as it takes)."""
        poll = select.poll()
        poll.register(self._read_fd, select.POLLIN)
        limit = None if seconds is None else max(0.0, seconds) * 1000 + 1
        return bool(poll.poll(limit))


def uneven(seconds: float) -> float:
    """Between half of it and all of it, so that a rack of agents does not knock in step."""
    return seconds * (0.5 + os.urandom(1)[0] / 510)
