"""A server that says, byte for byte, what a test wants it to say."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

Wrap = Callable[[socket.socket], socket.socket]


class RawServer:
    """For each connection a list of replies; the connection closes after the last of them.

    A reply of None closes the connection without a word, once the request was read.
    """

    def __init__(self, *connections: list[bytes | None], wrap: Wrap | None = None) -> None:
        self.requests: list[bytes] = []
        self.accepted = 0
        self.reads: list[int] = []  # how many bytes each recv of a request brought
        self.hold = threading.Event()  # replies of b"" wait for it
        self.closed = threading.Event()
        self._connections = list(connections)
        self._wrap = wrap
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.hold.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        for replies in self._connections:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with suppress(OSError):
                if self._wrap is not None:
                    connection = self._wrap(connection)
                self._converse(connection, replies)
            connection.close()
            self.closed.set()

    def _converse(self, connection: socket.socket, replies: list[bytes | None]) -> None:
        for reply in replies:
            request = self._read(connection)
            if not request or reply is None:
                return
            self.requests.append(request)
            if reply == b"":
                self.hold.wait(10)
            connection.sendall(reply)

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        while True:
            piece = connection.recv(1 << 20)
            self.reads.append(len(piece))
            data += piece
            head, blank, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            if not piece or (blank and len(body) >= (int(length[1]) if length else 0)):
                return data


def ok(body: bytes, *headers: str) -> bytes:
    return reply(200, body, *headers)


def reply(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
