"""The HTTP client, against servers that say exactly what the test wants."""

import gzip
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.client.conftest import Serve
from tests.client.raw_server import RawServer, ok, reply
from whirr.wire import (
    Client,
    ConnectionEnded,
    Interrupted,
    NotFound,
    Refused,
    Unreachable,
    parse_address,
)
from whirr.wire.client import packed

SHORT = 5.0


def test_one_connection_serves_many_calls(serve: Serve) -> None:
    server = serve([ok(b"1"), ok(b"2"), ok(b"3")])
    client = Client(server.url)
    assert [client.get("/x").json() for _ in range(3)] == [1, 2, 3]
    assert server.accepted == 1


def test_a_request_is_written_in_one_piece(serve: Serve) -> None:
    server = serve([ok(b"{}")])
    Client(server.url, "my-token").post("/api/x", {"a": [1, "é"]})
    assert len(server.reads) == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/x HTTP/1.1\r\n")
    assert b"Authorization: Bearer my-token" in head
    assert b"Content-Type: application/json" in head
    assert json.loads(body) == {"a": [1, "é"]}


def test_names_and_queries_are_quoted(serve: Serve) -> None:
    server = serve([ok(b"{}")])
    Client(server.url + "/prefix/").get("/a b/ü?#%", {"q": "x&y", "none": None, "n": 3})
    assert server.requests[0].startswith(b"GET /prefix/a%20b/%C3%BC%3F%23%25?q=x%26y&n=3 HTTP")


def test_a_line_break_does_not_become_a_header(serve: Serve) -> None:
    server = serve([ok(b"{}")])
    with pytest.raises(ValueError, match="line break"):
        Client(server.url, "token\r\nX-Evil: 1").get("/x")


@pytest.mark.parametrize("method", ["get", "put"])
def test_a_connection_that_was_closed_while_idle_is_replaced(serve: Serve, method: str) -> None:
    server = serve([ok(b"1")], [ok(b"2")])
    client = Client(server.url)
    client.get("/x")
    assert server.closed.wait(SHORT)
    assert getattr(client, method)("/x").json() == 2


def test_a_connection_that_closes_at_the_very_moment_is_replaced(serve: Serve) -> None:
    server = serve([ok(b"1"), None], [ok(b"2")])
    client = Client(server.url)
    client.get("/x")
    assert client.get("/x").json() == 2


def test_a_post_is_not_repeated_behind_the_callers_back(serve: Serve) -> None:
    server = serve([ok(b"1"), None], [ok(b"2"), None], [ok(b"3")])
    client = Client(server.url)
    client.get("/x")
    with pytest.raises(ConnectionEnded):
        client.post("/jobs", {})
    assert client.post("/jobs", {}).json() == 2
    assert client.post("/finish", {}, repeatable=True).json() == 3


def test_a_connection_that_is_to_close_is_not_used_again(serve: Serve) -> None:
    server = serve([ok(b"1", "Connection: close")], [ok(b"2")])
    client = Client(server.url)
    client.get("/x")
    assert client.post("/x").json() == 2


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(Unreachable, match="cannot reach"):
        Client(f"http://127.0.0.1:{port}").get("/x")


def test_silence_ends_with_the_timeout(serve: Serve) -> None:
    server = serve([b""])
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"within 0.2 s"):
        Client(server.url, timeout=0.2).get("/x")
    assert time.monotonic() - begun < SHORT


def test_a_slow_trickle_does_not_outlive_the_timeout(serve: Serve) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.02):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=trickle)
    thread.start()
    with pytest.raises(Unreachable):
        Client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2).get("/x")
    stop.set()
    thread.join()
    listener.close()


def test_a_held_call_is_interrupted_and_the_next_one_gets_its_own_answer(serve: Serve) -> None:
    server = serve([b""], [ok(b'"new"')])
    read_fd, write_fd = os.pipe()
    timer = threading.Timer(0.1, os.write, (write_fd, b"!"))
    timer.start()
    client = Client(server.url)
    with pytest.raises(Interrupted):
        client.post("/sync", {}, timeout=SHORT, wake_fd=read_fd)
    timer.join()
    server.hold.set()
    assert client.get("/x").json() == "new"
    os.close(read_fd)
    os.close(write_fd)


def test_a_body_travels_compressed(serve: Serve) -> None:
    server = serve([ok(b"{}"), ok(b"{}")])
    client = Client(server.url)
    small = packed(b"line\n" * 1000)
    assert small is not None
    client.put("/s", small, {"offset": 5}, gzip=True)
    client.put("/s", b"short")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert gzip.decompress(body) == b"line\n" * 1000
    assert b"Content-Encoding" not in server.requests[1]
    assert server.requests[1].endswith(b"\r\n\r\nshort")


@pytest.mark.parametrize(
    "body",
    [b"", b"short", os.urandom(4096), os.urandom(16 * 1024) + b"0" * 4096],
    ids=["nothing", "short", "random", "random at first"],
)
def test_what_does_not_shrink_is_not_compressed(body: bytes) -> None:
    assert packed(body) is None


def test_a_large_body_that_is_refused_early_says_why() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(reply(413, b'{"code": "too_large", "detail": "at most 8 MiB"}'))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass
        connection.close()

    thread = threading.Thread(target=refuse)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Client(url) as client, pytest.raises(Refused, match="at most 8 MiB"):
        client.put("/s", b"x" * 10_000_000)
    thread.join()
    listener.close()


def test_a_download_is_read_piece_by_piece(serve: Serve) -> None:
    body = os.urandom(300_000)
    server = serve([ok(body, "X-Whirr-Size: 300000"), ok(b"1")])
    client = Client(server.url)
    with client.stream("/artifact") as download:
        assert download.headers["x-whirr-size"] == "300000"
        assert b"".join(download) == body
    assert client.get("/x").json() == 1
    assert server.accepted == 1


def test_a_download_that_is_left_early_does_not_spoil_the_next_call(serve: Serve) -> None:
    client = Client(serve([ok(os.urandom(3_000_000))], [ok(b"1")]).url)
    with client.stream("/artifact") as download:
        next(iter(download))
    assert client.get("/x").json() == 1


def test_a_download_that_is_refused_says_why(serve: Serve) -> None:
    with pytest.raises(NotFound, match="gone"):
        Client(serve([reply(404, b'{"detail": "gone"}')]).url).stream("/artifact")


def test_the_token_shows_nowhere() -> None:
    client = Client("http://127.0.0.1:1", "canary")
    with pytest.raises(Unreachable) as caught:
        client.get("/x")
    assert "canary" not in repr(client) + str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "host:80", "ftp://x", "http://", "http://u:p@x", "http://x?a=b", "http://x:99999"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        parse_address(address)


def test_the_host_header_names_what_was_asked_for() -> None:
    assert parse_address("http://[::1]:8080").host_header == "[::1]:8080"
    assert parse_address("https://gpu.example").host_header == "gpu.example"
    assert parse_address("http://gpu.example:80/x/").prefix == "/x"


class Certificate:
    """For 127.0.0.1, made now and thrown away."""

    def __init__(self, folder: Path) -> None:
        self.public, self.key = folder / "public.pem", folder / "key.pem"
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test"
        more = ["-addext", "subjectAltName=IP:127.0.0.1"]
        places = ["-keyout", str(self.key), "-out", str(self.public)]
        subprocess.run([*command.split(), *more, *places], capture_output=True, check=True)


def test_https_is_spoken_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = Certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.public, certificate.key)
    server = RawServer(
        [ok(b"0")],
        [ok(b"1"), ok(b"2")],
        wrap=lambda raw: context.wrap_socket(raw, server_side=True),
    )
    url = f"https://127.0.0.1:{server.port}"
    with pytest.raises(Unreachable, match="certificate"):
        Client(url).get("/x")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.public))
    client = Client(url)
    assert [client.get("/x").json() for _ in range(2)] == [1, 2]
    client.close()
    server.close()


def test_importing_the_wire_stays_cheap() -> None:
    """Each of these would cost an agent megabytes, and a command line tens of milliseconds."""
    heavy = [
        "ssl",
        "asyncio",
        "http.client",
        "urllib.request",
        "email",
        "logging",
        "subprocess",
        "whirr._run",
    ]
    code = f"import sys, whirr.wire, whirr; print([m for m in {heavy} if m in sys.modules])"
    root = str(Path(__file__).resolve().parents[2])
    found = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
