"""A growing file (a log, metrics) sent by offset. The server's size is the truth.

A machine that lost its power may have lost the end of a file that the server has, and the run that goes on there
writes other lines in its place. So whoever goes on with a file that somebody sent before says what its last bytes up
to there are (their sha256). Where the server has others, it is asked to keep its file aside and to begin anew.
"""

from __future__ import annotations

import os

from whirr.shipping.digest import sha256_of_bytes
from whirr.shipping.unreadable import Shortened, unreadable
from whirr.wire import OffsetGap, Refused, files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whirr.shipping.beneath import Sent
    from whirr.shipping.growth import Growth
    from whirr.shipping.target import Target
    from whirr.wire.files import AnyPath

_PARTS_A_TURN = 8  # then the others have their turn
_COMPARED = 64 * 1024  # bytes


class StreamCursor:
    """How far one file has been acknowledged. Nothing of it is kept on disk: the server knows."""

    def __init__(
        self, folder: AnyPath, name: str, *, resumed: bool, growth: Growth | None = None
    ) -> None:
        self.name = name
        self._growth = growth  # when it grew, where somebody looks
        self._path = f"{folder}/{name}"
        self._unsure = resumed  # a predecessor may have sent some: ask before sending it all again
        self._asked_at = -1  # our size when the server was asked
        self._acknowledged = 0
        self._note = ""

    def sent(self) -> Iterator[Sent]:
        """Nothing where the server does not have just what lies here."""
        with suppress(OSError):
            found = files.status(self._path, follow_links=False)
            if found.st_size == self._acknowledged:
                yield self.name, found.st_size, found.st_mtime_ns

    def pending(self) -> int:
        return max(0, self._size() - self._acknowledged)

    def take_note(self) -> str:
        """What people should know of it, once."""
        note, self._note = self._note, ""
        return note

    def send(self, target: Target, *, over: bool = False) -> None:
        """Send what is new, at most a few parts of it. Raises Shortened where that cannot make both sides equal.

        `over` says that nobody writes to it any more.
        """
        if self._growth is not None:
            self._growth.look()
        size = self._size()
        if self._unsure and size != self._asked_at and not target.shared:
            self._ask(target, size)
        if over and size < self._acknowledged:
            raise Shortened(
                f"the server has other bytes: {self._acknowledged - size} more than lie here; "
                "the end of this file was lost, or the folder is an older copy"
            )
        if size <= self._acknowledged:
            return
        if target.shared:
            self._tell(target, size)
            return
        for _ in range(1 if target.route.capped else _PARTS_A_TURN):
            if self._send_part(target):
                return

    def _tell(self, target: Target, size: int) -> None:
        marks, size = self._told(size)
        try:
            target.put(f"streams/{self.name}", size=size, **marks)  # type: ignore[arg-type]
            self._heard(size)
        except OffsetGap as gap:  # its view of the shared disk lags behind: again, next time
            self._acknowledged = min(gap.size, size)

    def _ask(self, target: Target, size: int) -> None:
        """An empty part at the end of our file: the answer tells what the server has.

        Where that is more than we have, it is asked again whenever ours has grown: by other bytes, perhaps.
        """
        try:
            self._compare(target, size)
        except OffsetGap as gap:
            self._compare(target, gap.size)
        self._asked_at, self._unsure = size, self._acknowledged > size

    def _compare(self, target: Target, at: int) -> None:
        """Go on behind what the server has, where that is what lies here before `at`; otherwise from the beginning."""
        tail = self._read(min(at, _COMPARED), at=max(0, at - _COMPARED))
        query: dict[str, int | str] = {"offset": at}
        if tail:
            query.update(tail=len(tail), sha256=sha256_of_bytes(tail))
        path = f"streams/{self.name}"
        try:
            answer = target.put(path, **query)  # type: ignore[arg-type]
        except Refused as error:
            if error.code != "diverged":
                raise
            answer = target.put(path, restart=1, **query)  # type: ignore[arg-type]
            self._note = "the server had other bytes than lie here: it keeps them aside, and all is sent anew"
        self._acknowledged = int(answer.get("size", 0))

    def _send_part(self, target: Target) -> bool:
        """Whether nothing is left for now."""
        read = self._read(target.route.part, at=self._acknowledged)
        if not read:
            return True
        start = self._acknowledged
        marks, end = self._told(start + len(read))
        part = read[: end - start]
        query: dict[str, int | str] = {"offset": start, **marks}
        try:
            answer = target.put(f"streams/{self.name}", part, text=True, **query)
        except OffsetGap as gap:
            if gap.size >= start:
                raise  # a gap before bytes that it says it has: repeating would go on for ever
            self._compare(target, gap.size)
            return False
        self._heard(max(start, int(answer.get("size", end))))
        return len(part) == len(read) < target.route.part

    def _told(self, end: int) -> tuple[dict[str, str], int]:
        """What is told of when the next bytes came, and up to which byte one request can tell it."""
        if self._growth is None:
            return {}, end
        marks, end = self._growth.told(self._acknowledged, end)
        return ({"marks": marks} if marks else {}), end

    def _heard(self, size: int) -> None:
        self._acknowledged = size
        if self._growth is not None:
            self._growth.forget(size)

    def _read(self, limit: int, *, at: int) -> bytes:
        try:
            fd = os.open(self._path, os.O_RDONLY)
            try:
                return os.pread(fd, limit, at)
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
