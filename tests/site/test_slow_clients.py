"""A large answer waits for its client: a real daphne, and a client that reads when it likes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PIECES = 400  # of a quarter of a megabyte
PROGRAM = """
import sys
import django

django.setup()

from whirr_site import bodies

async def answer(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    bodies.STALLED = float(scope["path"].strip("/"))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(400):
        await send({"type": "http.response.body", "body": bytes([number % 256]) * 262144, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    print("done", flush=True)

print("ready", flush=True)
bodies.Server(application=bodies.in_pieces(answer), endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1"]).run()
"""


class Web:
    """The program above, and connections to it."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [sys.executable, "-c", PROGRAM, str(self.port)]
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        )

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, stalled: float = 60.0) -> socket.socket:
        """A connection that asked; after `stalled` seconds without reading it is hung up on."""
        deadline = time.monotonic() + 60
        while True:
            try:
                asked = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        asked.sendall(f"GET /{stalled} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return asked

    def memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    server = Web()
    try:
        assert server.said() == "ready"
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def read(asked: socket.socket) -> bytes:
    parts = []
    while part := asked.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def test_what_a_client_does_not_read_is_not_made(web: Web) -> None:
    with web.ask() as slow:
        slow.recv(1)
        with web.ask() as quick:  # read to its end meanwhile, so the slow one has had its turn
            whole = read(quick)
        assert whole.count(bytes([7]) * 262144) == 2
        assert len(whole) > PIECES * 262144
        assert web.said() == "done"
        assert web.memory() < 100e6 + PIECES * 262144 / 2
        rest = read(slow)
    assert len(rest) > PIECES * 262144
    assert web.said() == "done"


def test_a_client_that_takes_nothing_any_more_is_hung_up_on(web: Web) -> None:
    with web.ask(stalled=0.3) as stalled:
        stalled.recv(1)
        assert web.said() == "done"  # and whoever sent it is free
        with pytest.raises(ConnectionResetError):
            read(stalled)


def test_a_client_that_leaves_sets_the_sender_free(web: Web) -> None:
    with web.ask() as leaving:
        leaving.recv(1)
    assert web.said() == "done"
