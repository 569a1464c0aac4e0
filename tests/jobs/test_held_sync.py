"""The held request, as an agent meets it: the ASGI application answers when there is something to say."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import connections

from jobs.api import desk
from runs import attention, bell, feed
from tests.jobs.factories import cancel, make_job, make_worker
from tests.site.asking import owner, post
from whirr_site import asgi, hot
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/workers/node1/sync"
SOON = 15.0  # seconds: less than the hold of these requests


THREADS = 8  # of the pool of hot calls


def close_mine(everybody: threading.Barrier) -> None:
    """Once in each thread of the pool: nobody leaves before all have come."""
    everybody.wait(timeout=10)
    connections.close_all()


@pytest.fixture
async def agent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the router; doorbells ring in this test's loop, and the pulse stays out of it."""
    monkeypatch.setattr(asgi, "_side_work", {asyncio.current_task()})
    monkeypatch.setattr(desk, "LOOK_AGAIN", 3600)  # bells wake these requests, and no clock does
    feed.attach(asyncio.get_running_loop())
    headers = {"authorization": f"Bearer {startup_secret()}"}
    everybody = threading.Barrier(THREADS)
    router: Any = asgi.application
    transport = httpx.ASGITransport(router)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        yield client
    await sync_to_async(connections.close_all)()
    await asyncio.gather(*(hot.in_pool(close_mine, everybody) for _ in range(THREADS)))


async def held(agent: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    told = {"hold_seconds": 20, "free_gpus": [0], "claim_id": "a"} | body
    answer = await agent.post(PATH, json=told)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


async def test_a_job_that_waits_is_given_at_once(agent: httpx.AsyncClient) -> None:
    await sync_to_async(make_worker)()
    job = await sync_to_async(make_job)()
    said = await asyncio.wait_for(held(agent), SOON)
    assert [each["job_id"] for each in said["jobs"]] == [job.pk]


async def test_a_job_that_comes_later_is_given_within_a_moment(agent: httpx.AsyncClient) -> None:
    await sync_to_async(make_worker)()
    waiting = asyncio.ensure_future(held(agent))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    job = await sync_to_async(make_job)()
    said = await asyncio.wait_for(waiting, SOON)
    assert [each["job_id"] for each in said["jobs"]] == [job.pk]


async def test_a_cancel_comes_within_a_moment(agent: httpx.AsyncClient) -> None:
    await sync_to_async(make_worker)()
    job = await sync_to_async(make_job)()
    await held(agent)
    running = [{"job_id": job.pk, "attempt": 1}]
    waiting = asyncio.ensure_future(held(agent, running=running, free_gpus=[], claim_id="b"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await sync_to_async(cancel)(job)
    said = await asyncio.wait_for(waiting, SOON)
    assert said["cancel"] == [{"job_id": job.pk, "attempt": 1}]


async def test_a_newer_request_releases_the_older_with_nothing(agent: httpx.AsyncClient) -> None:
    await sync_to_async(make_worker)()
    older = asyncio.ensure_future(held(agent))
    await asyncio.sleep(0.3)
    newer = asyncio.ensure_future(held(agent, claim_id="b"))
    said = await asyncio.wait_for(older, SOON)
    assert (said["jobs"], said["cancel"], said["lost"]) == ([], [], [])
    assert not newer.done()
    job = await sync_to_async(make_job)()
    said = await asyncio.wait_for(newer, SOON)
    assert [each["job_id"] for each in said["jobs"]] == [job.pk]


async def test_it_ends_with_nothing_when_its_time_is_up(agent: httpx.AsyncClient) -> None:
    await sync_to_async(make_worker)()
    said = await asyncio.wait_for(held(agent, hold_seconds=0.5), SOON)
    assert (said["jobs"], said["draining"], said["ship_interval"]) == ([], False, 15.0)


async def test_an_agent_that_sends_seldom_hears_at_once_that_somebody_watches(
    agent: httpx.AsyncClient,
) -> None:
    await sync_to_async(make_worker)()
    job = await sync_to_async(make_job)()
    await held(agent)
    mine = {"running": [{"job_id": job.pk, "attempt": 1}], "free_gpus": [], "claim_id": "b"}
    waiting = asyncio.ensure_future(held(agent, **mine, ship_interval=15.0))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await agent.get(f"/api/v1/runs/job-{job.pk}/log")
    assert (await asyncio.wait_for(waiting, SOON))["ship_interval"] == attention.WATCHED

    again = asyncio.ensure_future(held(agent, **mine, ship_interval=attention.WATCHED))
    await asyncio.sleep(0.3)
    assert not again.done(), "it knows, and is not told again and again"
    again.cancel()


async def test_a_watcher_who_came_between_two_syncs_is_told_of_by_the_second(
    agent: httpx.AsyncClient,
) -> None:
    await sync_to_async(make_worker)()
    job = await sync_to_async(make_job)()
    await held(agent)
    await agent.get(f"/api/v1/runs/job-{job.pk}/series")
    mine = {"running": [{"job_id": job.pk, "attempt": 1}], "free_gpus": [], "claim_id": "b"}
    said = await asyncio.wait_for(held(agent, **mine, ship_interval=15.0), SOON)
    assert said["ship_interval"] == attention.WATCHED


class DeadLayer:
    """A channel layer whose Redis is away: half of it refuses, half of it hangs."""

    async def new_channel(self) -> str:
        raise ConnectionRefusedError

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(3600)


async def test_without_a_channel_layer_it_still_renews_and_hands_out(
    agent: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "get_channel_layer", DeadLayer)
    monkeypatch.setattr(bell, "PATIENCE", 0.1)
    monkeypatch.setattr(desk, "LOOK_AGAIN", 0.1)
    await sync_to_async(make_worker)()
    waiting = asyncio.create_task(held(agent))
    job = await sync_to_async(make_job)()
    said = await asyncio.wait_for(waiting, SOON)
    assert [each["job_id"] for each in said["jobs"]] == [job.pk]


async def test_many_held_requests_are_one_listener(agent: httpx.AsyncClient) -> None:
    """A listener each would be woken by every new job, two thousand at a time."""
    layer: Any = get_channel_layer()
    for number in range(5):
        await sync_to_async(make_worker)(f"node{number}")
    nodes = [f"node{number}" for number in range(5)]
    waiting = [
        asyncio.ensure_future(agent.post(f"/api/v1/workers/{name}/sync", json={"hold_seconds": 20}))
        for name in nodes
    ]
    here, groups = desk.desk_of(hot.in_pool), (feed.WORK, feed.WORKERS)
    async with asyncio.timeout(SOON):
        while len(here._held) < len(nodes) or not all(layer.groups.get(each) for each in groups):
            await asyncio.sleep(0.01)
    assert {len(layer.groups[group]) for group in groups} == {1}
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_number_beyond_64_bits_in_a_config_reaches_the_agent(
    agent: httpx.AsyncClient,
) -> None:
    await sync_to_async(make_worker)()
    await sync_to_async(make_job)(config={"seed": 2**127})
    said = await asyncio.wait_for(held(agent), SOON)
    assert said["jobs"][0]["config"] == {"seed": 2**127}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"free_gpus": "all"}', b"\xff"])
async def test_a_body_that_cannot_be_meant_is_400(agent: httpx.AsyncClient, body: bytes) -> None:
    answer = await agent.post(PATH, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_a_stranger_is_404(agent: httpx.AsyncClient) -> None:
    answer = await agent.post(PATH, json={"hold_seconds": 20})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_view_for_servers_without_asgi_gives_the_same_at_once() -> None:
    make_worker()
    job = make_job()
    answer = post(owner(), PATH, {"free_gpus": [0], "hold_seconds": 20})
    assert [each["job_id"] for each in answer.json()["jobs"]] == [job.pk]
