"""The text of HTTP/1.1: a request as bytes, an answer from bytes."""

from __future__ import annotations

from whirr.wire.errors import ConnectionEnded, Unreachable
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Callable

_MAX_HEAD = 64 * 1024
_NO_BODY = (204, 304)


def render(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The whole request, to be written in one piece: a second small write would wait for an ACK."""
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        if "\r" in value or "\n" in value:
            raise ValueError(f"header {name} holds a line break")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Incoming:
    """One answer, read piece by piece through `more` (which gives b"" at the end)."""

    def __init__(self, more: Callable[[], bytes], method: str) -> None:
        self._more = more
        self._held = bytearray()
        self.status, self.headers = self._head()
        while 100 <= self.status < 200:
            self.status, self.headers = self._head()
        self._method = method
        self.finished = False

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection can carry another request once this body has been read."""
        if not self.finished or self._held:
            return False
        return "close" not in self.headers.get("connection", "").lower()

    def body(self) -> Iterator[bytes]:
        """The body in pieces as they come, however it is framed."""
        if self._method == "HEAD" or self.status in _NO_BODY:
            pass
        elif "chunked" in self.headers.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif "content-length" in self.headers:
            yield from self._exactly(_number(self.headers["content-length"], 10))
        else:
            yield from self._until_closed()
            return
        self.finished = True

    def _head(self) -> tuple[int, dict[str, str]]:
        version, _, rest = self._line().partition(" ")
        status = rest[:3]
        if not version.startswith("HTTP/1.") or not status.isdigit():
            raise Unreachable("what answers there is no HTTP server")
        headers: dict[str, str] = {}
        size = 0
        while line := self._line():
            size += len(line)
            if size > _MAX_HEAD:
                raise Unreachable("the answer's headers are too long")
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        return int(status), headers

    def _line(self) -> str:
        end = self._held.find(b"\n")
        while end < 0:
            if len(self._held) > _MAX_HEAD:
                raise Unreachable("the answer's headers are too long")
            self._need()
            end = self._held.find(b"\n")
        line = self._held[:end].rstrip(b"\r")
        del self._held[: end + 1]
        return line.decode("latin-1")

    def _need(self) -> None:
        piece = self._more()
        if not piece:
            raise ConnectionEnded("the server closed the connection before its answer was complete")
        self._held += piece

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            if not self._held:
                self._need()
            piece = bytes(self._held[:size])
            del self._held[:size]
            size -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := _number(self._line().partition(";")[0].strip(), 16):
            yield from self._exactly(size)
            self._line()
        while self._line():
            pass  # trailers mean nothing to us

    def _until_closed(self) -> Iterator[bytes]:
        if self._held:
            yield bytes(self._held)
            self._held.clear()
        while piece := self._more():
            yield piece


def _number(text: str, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError:
        value = -1
    if value < 0:
        raise Unreachable("the answer's length makes no sense")
    return value
