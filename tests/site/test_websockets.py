"""Websockets go through the same check as pages: who asks, and from which page."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections

from dashboard.routing import websocket_urlpatterns
from tests.runs.factories import make_run
from whirr_site import asgi
from whirr_site.access import run_tokens
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db(transaction=True)

OURS = b"http://localhost"
NOT_ALLOWED = 4401


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pulse stays out of these tests."""
    monkeypatch.setattr(asgi, "start_side_work", lambda: None)


async def outcome(path: str, *, origin: bytes | None = OURS, token: str = "") -> Any:
    """`refused` before it opened, the code it was closed with, or `open`: then it tells news."""
    headers = [(b"host", b"localhost")]
    headers += [(b"origin", origin)] if origin is not None else []
    headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
    socket = WebsocketCommunicator(asgi.application, path, headers=headers)
    connected, _ = await socket.connect(timeout=30)
    try:
        if not connected:
            return "refused"
        await socket.send_json_to({"attempt": 1, "log": 0})  # a page of a run says where it stands
        message = await socket.receive_output(timeout=30)
        return message.get("code") or "open"
    finally:
        await socket.disconnect(timeout=30)
        await asyncio.sleep(0)
        await sync_to_async(connections.close_all)()


def addresses(key: str) -> list[str]:
    return ["/ws/queue/", f"/ws/runs/{key}/"]


def test_these_are_all_websockets_there_are() -> None:
    assert len(websocket_urlpatterns) == len(addresses("job-1"))


async def test_nobody_is_let_in() -> None:
    run = await sync_to_async(make_run)()
    for path in addresses(run.key):
        assert await outcome(path) == NOT_ALLOWED
        assert await outcome(path, token="wrong") == NOT_ALLOWED


async def test_a_page_of_another_site_is_refused_even_with_the_secret() -> None:
    run = await sync_to_async(make_run)()
    for path in addresses(run.key):
        for origin in (b"https://evil.example", b"http://localhost:8888", b"null", None):
            assert await outcome(path, origin=origin, token=startup_secret()) == "refused"


async def test_a_run_token_watches_its_own_run_alone() -> None:
    mine, other = [await sync_to_async(make_run)() for _ in range(2)]
    token = run_tokens.make(mine.key, 1)
    assert await outcome(f"/ws/runs/{other.key}/", token=token) == NOT_ALLOWED
    assert await outcome("/ws/queue/", token=token) == NOT_ALLOWED
    assert await outcome(f"/ws/runs/{mine.key}/", token=token) == "open"


async def test_the_owner_is_let_in() -> None:
    run = await sync_to_async(make_run)()
    for path in addresses(run.key):
        assert await outcome(path, token=startup_secret()) == "open"
