"""The hot routes stand in front of Django: who asks, the Host and the body are checked there, too."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from jobs.api.hot import ROUTES as JOB_ROUTES
from runs.api.hot import ROUTES as RUN_ROUTES
from whirr_site import asgi, hot
from whirr_site.access import run_tokens
from whirr_site.access.principals import startup_secret

EXAMPLES = {"job": "1", "run": "job-1", "attempt": "1", "name": "output.log", "worker": "node1"}
ROUTES = [*JOB_ROUTES, *RUN_ROUTES]
STREAM = "/api/v1/runs/job-1/attempts/1/streams/output.log?offset=0"


def address(pattern: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: EXAMPLES[found[1]], pattern)


HOT = [(method, address(pattern)) for method, pattern, _ in ROUTES]


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(asgi, "_side_work", {asyncio.current_task()})
    router: Any = asgi.application
    transport = httpx.ASGITransport(router)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_every_hot_route_is_really_hot() -> None:
    assert len(HOT) == 5
    for method, path in HOT:
        assert asgi.hot_calls.match({"method": method, "path": path}) is not None


@pytest.mark.parametrize(("method", "path"), HOT)
async def test_nobody_is_let_in(client: httpx.AsyncClient, method: str, path: str) -> None:
    for headers in ({}, bearer("x"), bearer(""), {"authorization": "Basic eDp5"}, bearer("wr_x:y")):
        answer = await client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), HOT)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "a b"]
)
async def test_another_host_is_refused(
    client: httpx.AsyncClient, method: str, path: str, host: str
) -> None:
    """A name that an attacker points at this machine (DNS rebinding)."""
    headers = bearer(startup_secret()) | {"host": host}
    answer = await client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(("method", "path"), HOT)
async def test_a_page_is_refused_whatever_it_knows(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    for origin in ("https://evil.example", "http://localhost", "null"):
        headers = bearer(startup_secret()) | {"origin": origin}
        answer = await client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("method", "path"), HOT)
async def test_a_foreign_run_token_is_refused(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    """Before anything is looked up: this test has no database."""
    for token in (run_tokens.make("job-2", 1), run_tokens.make("job-1", 2)):
        answer = await client.request(f"{method}", f"{path}?offset=0&size=1", headers=bearer(token))
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


async def test_a_run_may_not_act_as_a_worker(client: httpx.AsyncClient) -> None:
    headers = bearer(run_tokens.make("job-1", 1))
    answer = await client.post("/api/v1/workers/node1/sync", headers=headers, json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


async def test_a_body_without_end_is_cut_off(client: httpx.AsyncClient) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"x" * 1_000_000

    answer = await client.put(STREAM, headers=bearer(startup_secret()), content=flood())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert hot.BODY_LIMIT / 1_000_000 < sent < 20


async def test_an_address_with_nul_is_refused(client: httpx.AsyncClient) -> None:
    path = "/api/v1/workers/a%00b/sync"
    answer = await client.post(path, headers=bearer(startup_secret()), json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_a_bug_is_500_and_says_nothing_of_the_inside(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bug(_call: Any) -> Any:
        raise RuntimeError("canary")

    monkeypatch.setattr(asgi, "hot_calls", hot.HotCalls([("PUT", ".*", bug)]))
    answer = await client.put(STREAM, headers=bearer(startup_secret()))
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert "canary" not in answer.text


@pytest.mark.django_db(transaction=True)
async def test_what_only_looks_hot_is_djangos_to_refuse(client: httpx.AsyncClient) -> None:
    for method, path in (
        ("POST", STREAM),
        ("PUT", "/api/v1/runs/JOB-1/attempts/1/streams/output.log"),
        ("PUT", "/api/v1/runs/job-1/attempts/1/streams/output.log/"),
        ("GET", "/api/v1/workers/node1/sync"),
    ):
        answer = await client.request(method, path)
        assert answer.status_code == 401
