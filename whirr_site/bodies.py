"""Large bodies are read piece by piece from the temporary file in which Twisted receives them.

Daphne would put all pieces into the queue of the application at once: as much memory as the file is long, before
anybody has looked who sends it. And it would take what an application answers as fast as it comes, however slowly the
client reads: a large answer waits for its client.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from daphne.server import Server as DaphneServer

from whirr_site.hot import Receive, Scope, Send

KEY = "whirr.body"
PIECE = 256 * 1024
UNPACED = 1024 * 1024  # bytes of an answer that may wait for its client while nobody waits for them
STALLED = 60.0  # seconds after which a client that takes nothing is hung up on: it holds a thread

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


class _Pace:
    """Twisted's push producer of one answer: it is told when enough bytes wait for the client, and when none do."""

    def __init__(self) -> None:
        self.sent = 0
        self.registered = False
        self._flows = asyncio.Event()
        self._flows.set()

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's names)
        self._flows.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._flows.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._flows.set()

    async def wait(self) -> None:
        """Until there is room for more. Raises TimeoutError where the client takes nothing any more."""
        await asyncio.wait_for(self._flows.wait(), STALLED)


class Server(DaphneServer):  # type: ignore[misc]
    """Daphne, which hands over small bodies as ever."""

    def create_application(self, protocol: Any, scope: Scope) -> Any:
        content = getattr(protocol, "content", None)
        if scope["type"] == "http" and content is not None and _size(content) > PIECE:
            protocol.content = _Withheld(content)
            scope[KEY] = content
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """As ever; a piece of a large answer returns once there is room for the next one."""
        more, known = bool(message.get("more_body")), vars(protocol)
        is_large = message["type"] == "http.response.body" and (more or "whirr_pace" in known)
        if not is_large or _has_ended(protocol):
            await super().handle_reply(protocol, message)
            return
        pace: _Pace = known.setdefault("whirr_pace", _Pace())
        if pace.registered and not more:
            protocol.unregisterProducer()
        await super().handle_reply(protocol, message)
        pace.sent += len(message.get("body", b""))
        if not more or pace.sent < UNPACED or _has_ended(protocol):
            return
        if not pace.registered:
            pace.registered = True
            protocol.registerProducer(pace, True)  # noqa: FBT003  (Twisted takes it by position)
        try:
            await pace.wait()
        except TimeoutError:
            # Whoever sends is not told: what else it sends is thrown away, and so it ends.
            if protocol.channel is not None:
                protocol.channel.transport.abortConnection()


def _has_ended(protocol: Any) -> bool:
    """Whether the answer is over, or nobody is left to have it."""
    return bool(protocol.finished) or protocol.channel is None


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
