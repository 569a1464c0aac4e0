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
        self._sent = time.perf_counter()
        self.socket.sendall(following)
        return True

    def receive(self) -> "Answer | None":
        """What arrived, if that makes the answer whole."""
        part = self.socket.recv(WHOLE)
        if not part:
            raise ConnectionError(f"the server hung up after {bytes(self._buffer[:200])!r}")
        self._buffer += part
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = LENGTH.search(self._buffer, 0, end)
        if length is None:
            raise ConnectionError(f"an answer without a length: {bytes(self._buffer[:200])!r}")
        if len(self._buffer) < end + 4 + int(length[1]):
            return None
        answer = Answer(
            time.perf_counter() - self._sent,
            int(self._buffer[9:12]),
            bytes(self._buffer[end + 4 :]),
        )
        self._buffer.clear()
        return answer

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
    clients = {client.socket.fileno(): client for client in (Client(port, load) for load in loads)}
    poll = select.epoll()
    outcome = Outcome()
    cpu, began = time.process_time(), time.perf_counter()
    until = began + seconds
    waiting = 0
    for number, client in clients.items():
        poll.register(number, select.EPOLLIN)
        waiting += client.send()
    while waiting:
        ready = poll.poll(PATIENCE)
        if not ready:
            raise TimeoutError(f"{waiting} requests got no answer within {PATIENCE:g} s")
        for number, _ in ready:
            answer = clients[number].receive()
            if answer is None:
                continue
            waiting -= 1
            outcome.answers.append(answer)
            outcome.done += count(answer)
            if outcome.done < enough and time.perf_counter() < until:
                client = _fit(clients, number, answer, poll)
                waiting += client.send()
    outcome.seconds = time.perf_counter() - began
    outcome.own_cpu = time.process_time() - cpu
    for client in clients.values():
        client.socket.close()
    poll.close()
    return outcome


def _fit(clients: dict[int, Client], number: int, answer: Answer, poll: "select.epoll") -> Client:
    """The client, on a new connection where the answer ends the old one: servers hang up after a failure."""
    client = clients[number]
    if answer.status >= 500:
        poll.unregister(number)
        del clients[number]
        client.reconnect()
        clients[client.socket.fileno()] = client
        poll.register(client.socket.fileno(), select.EPOLLIN)
    return client
