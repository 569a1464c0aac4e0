"""A proxy between agents and server that does to their requests what a bad network does, and writes down all of it.

Each agent has an address of its own, `proxy.url_for("node")`, so that the history can say who asked. What happens to
the n-th request of an agent depends on the seed, the agent's name and n alone.
"""

import asyncio
import contextlib
import random
import re
import threading
import time
from dataclasses import dataclass

from tests.support import http_text
from tests.support.fault_plan import PLANTED, Choose, Fault, Request, never
from tests.support.http_text import Ended, Message

_TARGET = re.compile(r"(?P<method>[A-Z]+) /as/(?P<worker>[^/ ]+)(?P<path>/[^ ]*) HTTP/1\.1\Z")
_REFUSALS = {429: "Too Many Requests", 500: "Error", 502: "Bad Gateway", 503: "Unavailable"}
_HEAD_START = 0.05  # seconds that the first of two equal requests is ahead


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that an agent sent, or one copy of it that the server saw. Times are monotonic."""

    began: float
    ended: float
    worker: str
    method: str
    path: str
    fault: Fault
    status: int  # what the server answered; 0 where it did not see it whole, or nobody waited
    body: bytes  # of the request, where it is short


@dataclass(slots=True)
class Link:
    """An agent's connection and the one to the server that belongs to it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "Upstream"

    async def ask(self, request: Request) -> Message:
        """The server's answer. An agent that hangs up meanwhile is hung up on the server, too."""
        answer = asyncio.ensure_future(self.server.ask(request.data))
        gone = asyncio.ensure_future(self.reader.read(1))  # nobody here sends ahead of an answer
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise Ended("the agent hung up")
        finally:
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)

    async def tell(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


class Upstream:
    """A kept connection to the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, data: bytes) -> Message:
        reader, writer = await self._open()
        try:
            writer.write(data)
            answer = await http_text.read(reader)
            if answer is None:
                raise Ended("the server closed the connection")
        except BaseException:
            self.close()
            raise
        if not answer.keeps_alive:
            self.close()
        return answer

    async def send_part(self, data: bytes) -> None:
        _, writer = await self._open()
        writer.write(data)
        await writer.drain()
        self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams


class FaultProxy:
    """Runs in a thread of its own: `with FaultProxy(server_port, choose) as proxy: ...`."""

    def __init__(self, server_port: int, choose: Choose = never) -> None:
        self.choose = choose
        self.history: list[Exchange] = []
        self.port = 0
        self._server_port = server_port
        self._counts: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault proxy", daemon=True)

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the fault proxy did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def url_for(self, worker: str) -> str:
        return f"http://127.0.0.1:{self.port}/as/{worker}"

    # The thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        for _ in range(3):  # transports that were closed just now let go of their sockets
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer, Upstream(self._server_port))
        try:
            while (message := await http_text.read(reader)) is not None:
                if not await self._pass(_request(message), link):
                    break
        except (Ended, OSError, asyncio.CancelledError):
            pass
        finally:
            link.server.close()
            writer.close()

    async def _pass(self, request: Request, link: Link) -> bool:
        """Whether the agent's connection goes on."""
        number = self._counts[request.worker] = self._counts.get(request.worker, 0) + 1
        fault = self.choose(request, number)
        if fault is Fault.LATE_COPY and request.is_sync:
            fault = (
                Fault.DUPLICATE
            )  # TCP brings no bytes again after the answer; a hasty repeat may
        chance = random.Random(f"{request.worker}/{number}")
        if fault in (Fault.DROP_REQUEST, Fault.REFUSE, Fault.CUT_REQUEST):
            return await self._keep_back(request, link, fault, chance)
        if fault is Fault.DELAY:
            await asyncio.sleep(chance.uniform(0.01, 0.12))
        elif fault is Fault.DUPLICATE:
            await asyncio.wait({self._copy(request, 0.0)}, timeout=_HEAD_START)
        answer = await self._ask(request, link, fault)
        if fault is Fault.DROP_ANSWER:
            return False
        if fault is Fault.CUT_ANSWER:
            await link.tell(answer.raw[: -max(1, len(answer.framed) // 2)])
            return False
        if fault is Fault.LATE_COPY:
            self._copy(request, chance.uniform(0.2, 2.0))
        await link.tell(answer.raw)
        return answer.keeps_alive

    async def _ask(self, request: Request, link: Link, fault: Fault) -> Message:
        began, status = time.monotonic(), 0
        try:
            answer = await link.ask(request)
            status = answer.status
        finally:
            self._note(request, fault, began, status)
        return answer

    async def _keep_back(
        self, request: Request, link: Link, fault: Fault, chance: random.Random
    ) -> bool:
        """The server sees nothing of it, or a part."""
        began = time.monotonic()
        if fault is Fault.CUT_REQUEST:
            part = request.head_size + (len(request.data) - request.head_size) // 2
            await link.server.send_part(request.data[: min(part, len(request.data) - 1)])
        self._note(request, fault, began, 0)
        if fault is not Fault.REFUSE:
            return False
        status = chance.choice(list(_REFUSALS))
        body = f'{{"detail": "not now", "code": "{PLANTED}"}}'
        head = f"HTTP/1.1 {status} {_REFUSALS[status]}\r\nContent-Type: application/json\r\n"
        await link.tell(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return True

    def _copy(self, request: Request, delay: float) -> "asyncio.Task[None]":
        """The same request once more, on a connection of its own; nobody reads the answer."""

        async def send() -> None:
            await asyncio.sleep(delay)
            server, began, status = Upstream(self._server_port), time.monotonic(), 0
            with contextlib.suppress(Ended, OSError):
                status = (await server.ask(request.data)).status
            server.close()
            self._note(request, Fault.LATE_COPY if delay else Fault.DUPLICATE, began, status)

        task = asyncio.ensure_future(send())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _note(self, request: Request, fault: Fault, began: float, status: int) -> None:
        body = request.data[request.head_size :] if request.path.endswith("/finish") else b""
        self.history.append(
            Exchange(
                *(began, time.monotonic(), request.worker, request.method, request.path),
                *(fault, status, body),
            )
        )


def _request(message: Message) -> Request:
    found = _TARGET.match(message.first)
    if found is None:
        raise Ended(f"not an address of this proxy: {message.first}")
    method, worker, path = found["method"], found["worker"], found["path"]
    lines = message.head.split(b"\r\n", 1)[1]
    head = f"{method} {path} HTTP/1.1\r\n".encode("latin-1") + lines
    return Request(worker, method, path, head + message.framed, len(head))
