"""HTTP/1.1 messages, read whole from asyncio streams: what the fault proxy and the light agents share."""

import asyncio
from dataclasses import dataclass

_BODILESS = {204, 304}


class Ended(Exception):
    """The connection ended inside a message, or what came is no HTTP."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer."""

    first: str  # the request line or the status line
    headers: dict[str, str]  # names in lower case
    head: bytes  # as it came, with the empty line
    framed: bytes  # the body as it came
    body: bytes  # the body itself

    @property
    def raw(self) -> bytes:
        return self.head + self.framed

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.first.split(" ", 2)[1])

    @property
    def keeps_alive(self) -> bool:
        return "close" not in self.headers.get("connection", "").lower()


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None where the connection ended before its first byte. Raises Ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise Ended("in a head") from error
    except (OSError, asyncio.LimitOverrunError) as error:
        raise Ended(str(error)) from error
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    try:
        framed, body = await _body(reader, first, headers)
    except (asyncio.IncompleteReadError, OSError, ValueError) as error:
        raise Ended("in a body") from error
    return Message(first, headers, head, framed, body)


async def _body(
    reader: asyncio.StreamReader, first: str, headers: dict[str, str]
) -> tuple[bytes, bytes]:
    is_answer = first.startswith("HTTP/")
    if is_answer and int(first.split(" ", 2)[1]) in _BODILESS:
        return b"", b""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
        return body, body
    body = await reader.read() if is_answer else b""
    return body, body


async def _chunks(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    framed, body = b"", b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        piece = await reader.readexactly(size + 2)  # with its line end; servers send no trailers
        framed += line + piece
        body += piece[:-2]
        if size == 0:
            return framed, body
