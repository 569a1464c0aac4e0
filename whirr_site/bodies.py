"""Large bodies are read piece by piece from the temporary file in which Twisted receives them.

Daphne would put all pieces into the queue of the application at once: as much memory as the file is long, before
anybody has looked who sends it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from daphne.server import Server as DaphneServer

from whirr_site.hot import Receive, Scope, Send

KEY = "whirr.body"
PIECE = 256 * 1024

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _Withheld:
    """Stands in the place of a request's content: there is nothing to read, and closing it closes the real one."""

    def __init__(self, file: Any) -> None:
        self.file = file

    @property
    def closed(self) -> bool:
        return bool(self.file.closed)

    def read(self, _size: int = -1) -> bytes:
        return b""

    def close(self) -> None:
        self.file.close()


class _Pieces:
    """`receive` for a body in a file; what follows, the hang-up above all, comes from the server's own queue."""

    def __init__(self, file: Any, receive: Receive) -> None:
        self.file, self.receive = file, receive
        self.read = False

    async def __call__(self) -> dict[str, Any]:
        if self.read:
            return await self.receive()
        try:
            data = self.file.read(PIECE)
        except ValueError:  # closed: the client has hung up
            return {"type": "http.disconnect"}
        if len(data) < PIECE:
            self.read = True
            await self.receive()  # the empty body that stood for this one
        return {"type": "http.request", "body": data, "more_body": not self.read}


class Server(DaphneServer):  # type: ignore[misc]
    """Daphne, which hands over small bodies as ever."""

    def create_application(self, protocol: Any, scope: Scope) -> Any:
        content = getattr(protocol, "content", None)
        if scope["type"] == "http" and content is not None and _size(content) > PIECE:
            protocol.content = _Withheld(content)
            scope[KEY] = content
        return super().create_application(protocol, scope)


def _size(file: Any) -> int:
    size = int(file.seek(0, 2) or file.tell())
    file.seek(0)
    return size


def in_pieces(application: App) -> App:
    """The application, which receives the bodies that `Server` withheld."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        file = scope.pop(KEY, None)
        await application(scope, receive if file is None else _Pieces(file, receive), send)

    return answer
