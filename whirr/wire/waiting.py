"""How long a call may take, and what may end it early."""

from __future__ import annotations

import select
import time

from whirr.wire.errors import Interrupted, Unreachable
from whirr.wire.lean import socket


class Patience:
    """A deadline, and a file descriptor that interrupts the wait by becoming readable."""

    def __init__(self, timeout: float, wake_fd: int | None = None) -> None:
        self.timeout = timeout
        self.wake_fd = wake_fd
        self._until = time.monotonic() + timeout

    def left(self) -> float:
        """Seconds until the deadline; raises when it has passed."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unreachable(f"no answer within {self.timeout:g} s")
        return left

    def for_reading(self, sock: socket.socket) -> None:
        self._wait(sock, select.POLLIN)

    def for_writing(self, sock: socket.socket) -> None:
        self._wait(sock, select.POLLOUT)

    def _wait(self, sock: socket.socket, event: int) -> None:
        poll = select.poll()  # not select(): descriptors above 1023 are common in a big process
        poll.register(sock, event)
        if self.wake_fd is not None:
            poll.register(self.wake_fd, select.POLLIN)
        # Rounded up, or the last millisecond would be a busy loop.
        ready = poll.poll(self.left() * 1000 + 1)
        if self.wake_fd is not None and any(fd == self.wake_fd for fd, _ in ready):
            raise Interrupted
        if not ready:
            self.left()


def readable(sock: socket.socket) -> bool:
    """Whether something (usually the end of the connection) can be read without waiting."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
