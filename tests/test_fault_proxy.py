"""The fault proxy does what its faults say: how often the server sees a request, and what its sender hears."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.support import http_text
from tests.support.calls import Line, NoAnswer, Tally
from tests.support.fault_plan import ALL_FAULTS, Fault, Request, by_chance
from tests.support.faults import FaultProxy

# How often the server gets the request whole; whether its sender hears the server's answer.
EFFECTS = {
    Fault.NONE: (1, True),
    Fault.DROP_REQUEST: (0, False),
    Fault.DROP_ANSWER: (1, False),
    Fault.DUPLICATE: (2, True),
    Fault.LATE_COPY: (2, True),
    Fault.DELAY: (1, True),
    Fault.REFUSE: (0, False),
    Fault.CUT_ANSWER: (1, False),
    Fault.CUT_REQUEST: (0, False),
}


class Server:
    """Answers each request with its number, and one for /held never."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.hung_up = asyncio.Event()
        self.port = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def hang_up(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(http_text.Ended, OSError):
            while (request := await http_text.read(reader)) is not None:
                self.seen.append(f"{request.first} {request.body.decode()}")
                if "/held" in request.first:
                    await reader.read()  # until the other side has enough
                    self.hung_up.set()
                    break
                body = b'{"number": %d}' % len(self.seen)
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
                writer.write(head + body)
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()
    await server.hang_up()


async def until_told(
    server: Server, proxy: FaultProxy, times: int, answered: int | None = None
) -> None:
    """The server saw it so often, and the proxy has written down as much (it does so after the answer)."""
    told = max(times, 1) if answered is None else answered
    async with asyncio.timeout(30):
        while len(server.seen) < times or len(proxy.history) < told:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", Fault)
async def test_each_fault_does_what_it_says(server: Server, fault: Fault) -> None:
    times, heard = EFFECTS[fault]
    with FaultProxy(server.port, lambda request, number: fault) as proxy:
        line = Line(proxy.url_for("node"), "token", tally := Tally())
        try:
            reply = await line.ask("POST", "/api/v1/some/finish", {"key": "value"})
            assert heard and reply.status == 200
        except NoAnswer:
            assert not heard
        await until_told(server, proxy, times)
        line.close()
    assert server.seen == ['POST /api/v1/some/finish HTTP/1.1 {"key": "value"}'] * times
    assert {each.fault for each in proxy.history} == {fault}
    assert [each.status for each in proxy.history] == [200] * times or times == 0
    assert bool(tally.answers["planted refusals"]) == (fault is Fault.REFUSE)


async def test_who_hangs_up_on_the_proxy_hangs_up_on_the_server(server: Server) -> None:
    """An agent whose state changed drops its held sync: the server has to notice."""
    with FaultProxy(server.port) as proxy:
        line = Line(proxy.url_for("node"), "token", Tally())
        asked = asyncio.ensure_future(line.ask("POST", "/held"))
        await until_told(server, proxy, 1, answered=0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(30):
            await server.hung_up.wait()


async def test_a_kept_connection_carries_many_requests(server: Server) -> None:
    with FaultProxy(server.port) as proxy:
        line = Line(proxy.url_for("node"), "token", Tally())
        numbers = [(await line.ask("GET", "/")).json()["number"] for _ in range(3)]
        line.close()
    assert numbers == [1, 2, 3]
    assert [each.worker for each in proxy.history] == ["node"] * 3


def test_chance_is_the_same_in_every_run_and_leaves_nothing_out() -> None:
    request = Request("node", "GET", "/", b"", 0)
    first, again = (
        [by_chance(7, ALL_FAULTS)(request, number) for number in range(500)] for _ in range(2)
    )
    assert first == again
    assert {*first} == {*Fault}
    assert first != [by_chance(8, ALL_FAULTS)(request, number) for number in range(500)]
