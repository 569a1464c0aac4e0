"""A load generator that is cheap: prebuilt requests on kept connections, all of them in one loop.

It costs some 20 µs a request, so it takes a few percent of one core at the rates that are measured here; every figure
is reported with the share of a core that it took itself.
"""

import math
import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
WHOLE = 256 * 1024  # bytes of one read
PATIENCE = 60.0  # seconds until an answer counts as lost

Requests = Iterator[bytes]


def request(method: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Client:
    """One connection: the next request leaves when the answer to the last one is there."""

    def __init__(self, port: int, requests: Requests) -> None:
        self._port = port
        self._requests = requests
        self._buffer = bytearray()
        self._sent = 0.0
        self.waits = False
        self.socket = self._connected()

    def _connected(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def send(self) -> bool:
        """Send the next request; False where there is none."""
        following = next(self._requests, None)
        if following is None:
            return False
        self._sent, self.waits = time.perf_counter(), True
        self.socket.sendall(following)
        return True

    def receive(self) -> "Answer | None":
        """What arrived, if that makes the answer whole; status 0 where the server hung up instead."""
        part = self.socket.recv(WHOLE)
        if not part:
            return self._answer(0, b"")
        self._buffer += part
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = LENGTH.search(self._buffer, 0, end)
        if length is None:
            raise ConnectionError(f"an answer without a length: {bytes(self._buffer[:200])!r}")
        if len(self._buffer) < end + 4 + int(length[1]):
            return None
        return self._answer(int(self._buffer[9:12]), bytes(self._buffer[end + 4 :]))

    def _answer(self, status: int, body: bytes) -> "Answer":
        self._buffer.clear()
        self.waits = False
        return Answer(time.perf_counter() - self._sent, status, body)

    def reconnect(self) -> None:
        self.socket.close()
        self.socket = self._connected()


@dataclass(frozen=True, slots=True)
class Answer:
    seconds: float
    status: int
    body: bytes


Count = Callable[[Answer], int]


def one_if_ok(answer: Answer) -> int:
    return int(answer.status == 200)


@dataclass(slots=True)
class Outcome:
    """All answers, the seconds from the first request to the last answer, and the generator's own CPU time."""

    seconds: float = 0.0
    own_cpu: float = 0.0
    done: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return sum(1 for answer in self.answers if answer.status != 200)


def drive(
    port: int,
    loads: list[Requests],
    *,
    seconds: float,
    enough: float = math.inf,
    count: Count = one_if_ok,
) -> Outcome:
    """Every load on a connection of its own, until the time is over, or `count` summed up to `enough`."""
    loop = _Loop([Client(port, load) for load in loads])
    outcome = Outcome()
    cpu, began = time.process_time(), time.perf_counter()
    until = began + seconds
    loop.begin()
    while loop.waiting:
        for client, answer in loop.answers():
            outcome.answers.append(answer)
            outcome.done += count(answer)
            if outcome.done < enough and time.perf_counter() < until:
                loop.go_on(client, answer)
    outcome.seconds = time.perf_counter() - began
    outcome.own_cpu = time.process_time() - cpu
    loop.close()
    return outcome


class _Loop:
    """The connections by their file's number, and how many of them wait for an answer."""

    def __init__(self, clients: list[Client]) -> None:
        self._clients = {client.socket.fileno(): client for client in clients}
        self._poll = select.epoll()
        self.waiting = 0

    def begin(self) -> None:
        for number, client in self._clients.items():
            self._poll.register(number, select.EPOLLIN)
            self.waiting += client.send()

    def answers(self) -> Iterator[tuple[Client, Answer]]:
        ready = self._poll.poll(PATIENCE)
        if not ready:
            raise TimeoutError(f"{self.waiting} requests got no answer within {PATIENCE:g} s")
        for number, _ in ready:
            client = self._clients[number]
            if not client.waits:  # it has nothing more to send, and the server hung up
                self._poll.unregister(number)
            elif answer := client.receive():
                self.waiting -= 1
                yield client, answer

    def go_on(self, client: Client, answer: Answer) -> None:
        """The next request; on a new connection where the answer ends the old one: servers hang up after a failure."""
        if answer.status == 0 or answer.status >= 500:
            old = client.socket.fileno()
            self._poll.unregister(old)
            del self._clients[old]
            client.reconnect()
            self._clients[client.socket.fileno()] = client
            self._poll.register(client.socket.fileno(), select.EPOLLIN)
        self.waiting += client.send()

    def close(self) -> None:
        for client in self._clients.values():
            client.socket.close()
        self._poll.close()
