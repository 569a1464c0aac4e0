"""What a server may answer, and what the client makes of it."""

import json

import pytest

from tests.client.conftest import Serve
from tests.client.raw_server import ok, reply
from whirr.wire import (
    Client,
    LeaseLost,
    NotAllowed,
    NotFound,
    OffsetGap,
    Refused,
    Unreachable,
    WireError,
)


@pytest.mark.parametrize(
    "framed",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\n4;x=y\r\n, 3]\r\n0\r\n"
        b"Trailer: x\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n[1, 2, 3]",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 9\n\n[1, 2, 3]",
    ],
    ids=["chunked", "until closed", "after a 100, bare line feeds"],
)
def test_every_framing_is_understood(serve: Serve, framed: bytes) -> None:
    assert Client(serve([framed]).url).get("/x").json() == [1, 2, 3]


@pytest.mark.parametrize(
    "torn",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nConte",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000,
    ],
)
def test_a_torn_or_senseless_answer_means_try_again(serve: Serve, torn: bytes) -> None:
    client = Client(serve([torn], [ok(b"1")]).url)
    with pytest.raises(Unreachable):
        client.get("/x")
    assert client.get("/x").json() == 1


def test_an_answer_that_is_no_json_means_try_again(serve: Serve) -> None:
    answer = Client(serve([ok(b"<html>")]).url).get("/x")
    with pytest.raises(Unreachable):
        answer.json()


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (400, {"code": "invalid", "detail": "no", "fields": {"a": ["b"]}}, Refused),
        (401, {"code": "not_authenticated"}, NotAllowed),
        (403, {}, NotAllowed),
        (404, {"code": "not_found"}, NotFound),
        (409, {"code": "lease_lost"}, LeaseLost),
        (409, {"code": "offset_gap", "size": 7}, OffsetGap),
        (409, {"code": "worker_name_taken"}, Refused),
        (409, {"code": "offset_gap", "size": "seven"}, Refused),
        (301, {}, Refused),
        (429, {}, Unreachable),
        (500, {}, Unreachable),
        (503, {}, Unreachable),
    ],
)
def test_a_status_becomes_a_word(
    serve: Serve, status: int, body: dict[str, object], word: type[WireError]
) -> None:
    client = Client(serve([reply(status, json.dumps(body).encode()), ok(b"1")]).url)
    with pytest.raises(WireError) as caught:
        client.get("/x")
    assert type(caught.value) is word
    if isinstance(caught.value, Refused):
        assert caught.value.code == body.get("code", "redirected" if status == 301 else "")
        assert caught.value.fields == body.get("fields", {})
    if isinstance(caught.value, OffsetGap):
        assert caught.value.size == 7
    assert client.get("/x").json() == 1, "a refusal does not cost the connection"
