"""A growing file (a log, metrics) sent by offset. The server's size is the truth."""

from __future__ import annotations

import os

from whirr.shipping.unreadable import unreadable
from whirr.wire import OffsetGap, files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whirr.shipping.beneath import Sent
    from whirr.shipping.target import Target
    from whirr.wire.files import AnyPath

_PARTS_A_TURN = 8  # then the others have their turn


class StreamCursor:
    """How far one file has been acknowledged. Nothing of it is kept on disk: the server knows."""

    def __init__(self, folder: AnyPath, name: str, *, resumed: bool) -> None:
        self.name = name
        self._path = f"{folder}/{name}"
        self._resumed = resumed  # a predecessor may have sent some: ask before sending it all again
        self._acknowledged = 0

    def sent(self) -> Iterator[Sent]:
        """Nothing where the server does not have just what lies here."""
        with suppress(OSError):
            found = files.status(self._path, follow_links=False)
            if found.st_size == self._acknowledged:
                yield self.name, found.st_size, found.st_mtime_ns

    def pending(self) -> int:
        return max(0, self._size() - self._acknowledged)

    def send(self, target: Target) -> None:
        """Send what is new, at most a few parts of it."""
        size = self._size()
        if size <= self._acknowledged:
            return
        if target.shared:
            self._tell(target, size)
            return
        if self._resumed:
            self._ask(target, size)
        for _ in range(1 if target.route.capped else _PARTS_A_TURN):
            if self._send_part(target):
                return

    def _tell(self, target: Target, size: int) -> None:
        try:
            target.put(f"streams/{self.name}", size=size)
            self._acknowledged = size
        except OffsetGap as gap:  # its view of the shared disk lags behind: again, next time
            self._acknowledged = min(gap.size, size)

    def _ask(self, target: Target, size: int) -> None:
        """An empty part at the end of our file: the answer tells what the server has."""
        try:
            answer = target.put(f"streams/{self.name}", offset=size)
            self._acknowledged = int(answer.get("size", 0))
        except OffsetGap as gap:
            self._acknowledged = gap.size
        self._resumed = False

    def _send_part(self, target: Target) -> bool:
        """Whether nothing is left for now."""
        part = self._read(target.route.part)
        if not part:
            return True
        start = self._acknowledged
        try:
            answer = target.put(f"streams/{self.name}", part, text=True, offset=start)
        except OffsetGap as gap:
            if gap.size >= start:
                raise  # a gap before bytes that it says it has: repeating would go on for ever
            self._acknowledged = gap.size
            return False
        self._acknowledged = max(start, int(answer.get("size", start + len(part))))
        return len(part) < target.route.part

    def _read(self, limit: int) -> bytes:
        try:
            fd = os.open(self._path, os.O_RDONLY)
            try:
                return os.pread(fd, limit, self._acknowledged)
            finally:
                os.close(fd)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise unreadable(error) from error

    def _size(self) -> int:
        try:
            return files.status(self._path).st_size
        except (FileNotFoundError, NotADirectoryError):
            return 0
        except OSError as error:
            raise unreadable(error) from error
