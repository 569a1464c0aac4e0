"""The desk of held requests, without a database: who is woken by what, and who is not bothered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from jobs import calling, syncing
from jobs.api import desk
from jobs.api.desk import Desk
from jobs.errors import DomainError, NotFound
from jobs.syncing import Ask, Orders, Report
from runs import bell, feed
from runs.api.calls import Call
from tests.jobs.desk_stands import FakeCall, Queue

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def given(orders: Orders) -> list[Any]:
    """Numbers stand for orders here."""
    return [*orders.jobs]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue()
    monkeypatch.setattr(syncing, "exchange_all", queue.exchange_all)
    monkeypatch.setattr(calling, "who", queue.who)
    monkeypatch.setattr(desk, "LOOK_AGAIN", 3600)  # the clock wakes nobody in these tests
    return queue


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch, queue: Queue) -> AsyncIterator[Desk]:
    async def in_pool(function: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args)

    async def listen(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(bell, "listen", listen)
    here = Desk(in_pool)
    yield here
    for task in here._tasks:
        task.cancel()
    await asyncio.gather(*here._tasks, return_exceptions=True)
    feed.hear(lambda group: None)


async def wait_for(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


async def settled(here: Desk) -> None:
    """Whatever was set off has come to rest."""
    for _ in range(50):
        await asyncio.sleep(0)
    await wait_for(lambda: not here._looking and not here._work_rang.is_set())


def hold(
    here: Desk, name: str, call: FakeCall | None = None, **told: Any
) -> asyncio.Future[Orders]:
    wanted: dict[str, Any] = {"free_gpus": [0], "hold_seconds": 60} | told
    report = Report(**wanted)
    return asyncio.ensure_future(here.hold(Ask(name, report), cast("Call", call or FakeCall())))


async def waiting(here: Desk, queue: Queue, *names: str) -> dict[str, asyncio.Future[Orders]]:
    """Agents that have looked once and are held."""
    held = {name: hold(here, name) for name in names}
    await wait_for(lambda: all(queue.looks(name) for name in names))
    await settled(here)
    return held


def ring(here: Desk) -> None:
    here._heard(feed.WORK)


async def test_one_new_job_wakes_one_of_many(here: Desk, queue: Queue) -> None:
    names = [f"node{number}" for number in range(20)]
    held = await waiting(here, queue, *names)
    before = sum(map(len, queue.batches))
    queue.jobs.append(7)
    ring(here)
    await wait_for(lambda: any(each.done() for each in held.values()))
    await settled(here)
    assert sum(map(len, queue.batches)) == before + 1
    assert [given(each.result()) for each in held.values() if each.done()] == [[7]]


async def test_requests_that_come_together_share_a_transaction(here: Desk, queue: Queue) -> None:
    await waiting(here, queue, *(f"node{number}" for number in range(20)))
    assert len(queue.batches) <= 2


async def test_full_transactions_run_two_at_a_time_and_small_ones_alone(
    here: Desk, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the database can do it: one's Python runs while the other one waits. Small ones would only be smaller."""
    monkeypatch.setattr(desk, "AT_ONCE", 4)
    here._two_at_once = True
    running, most = 0, []

    async def in_pool(function: Callable[..., Any], asks: list[Ask], *args: Any) -> Any:
        nonlocal running
        running += 1
        most.append((running, len(asks)))
        for _ in range(50):  # turns of the loop: a clock would go on while nobody has the processor
            await asyncio.sleep(0)
        running -= 1
        return function(asks, *args)

    here._in_pool = in_pool
    for count, at_once in ((3, 1), (12, 2)):
        most.clear()
        asks = [Ask(f"node{number}", Report(free_gpus=[0])) for number in range(count)]
        await asyncio.gather(*map(here.look, asks))
        await settled(here)
        assert max(each for each, _ in most) == at_once
        assert sum(size for _, size in most) == count


async def test_who_hung_up_is_not_woken_for_a_job(here: Desk, queue: Queue) -> None:
    call = FakeCall()
    gone = hold(here, "first", call)
    await settled(here)
    held = await waiting(here, queue, "second")
    call.hang_up()
    await wait_for(gone.done)
    queue.jobs.append(7)
    ring(here)
    await wait_for(held["second"].done)
    assert (queue.looks("first"), given(held["second"].result())) == (1, [7])


async def test_who_hung_up_while_it_was_called_leaves_the_job_to_another(
    here: Desk, queue: Queue
) -> None:
    call = FakeCall()
    hold(here, "first", call)
    await settled(here)
    held = await waiting(here, queue, "second")
    queue.jobs.append(7)
    next(iter(here._held.values())).called_for = {7}
    call.hang_up()
    await settled(here)
    ring(here)
    await wait_for(held["second"].done)
    assert given(held["second"].result()) == [7]


async def test_called_in_vain_it_rests_and_the_next_is_called(here: Desk, queue: Queue) -> None:
    queue.forbidden |= {("first", 7), ("second", 7)}
    held = await waiting(here, queue, "first", "second", "third")
    queue.jobs.append(7)
    ring(here)
    await wait_for(held["third"].done)
    assert given(held["third"].result()) == [7]
    assert [queue.looks(name) for name in held] == [2, 2, 2]
    ring(here)
    await settled(here)
    assert [queue.looks(name) for name in held] == [2, 2, 2]


async def test_resting_for_one_job_it_is_called_for_another(here: Desk, queue: Queue) -> None:
    queue.forbidden.add(("first", 7))
    held = await waiting(here, queue, "first")
    queue.jobs.append(7)
    ring(here)
    await wait_for(lambda: queue.looks("first") == 2)
    await settled(here)
    queue.jobs.append(8)
    ring(here)
    await wait_for(held["first"].done)
    assert given(held["first"].result()) == [8]


async def test_a_ring_during_the_first_look_is_not_missed(
    here: Desk, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job was queued after the database had been read and before the request was held."""

    def reads_then_rings(
        asks: Sequence[Ask], *, now: datetime, sweep: bool
    ) -> list[Orders | DomainError]:
        answers = queue.exchange_all(asks, now=now, sweep=sweep)
        if not queue.jobs and queue.looks("first") == 1:
            queue.jobs.append(7)
            ring(here)
        return answers

    monkeypatch.setattr(syncing, "exchange_all", reads_then_rings)
    told = await asyncio.wait_for(hold(here, "first"), 5)
    assert given(told) == [7]


async def test_one_that_fails_does_not_fail_the_others(here: Desk, queue: Queue) -> None:
    queue.broken.add("bad")
    queue.jobs += [1, 2]
    names = ("one", "bad", "two", "unknown")
    held = {name: hold(here, name) for name in names}
    found = await asyncio.wait_for(asyncio.gather(*held.values(), return_exceptions=True), 5)
    one, bad, two, unknown = found
    assert isinstance(bad, RuntimeError) and isinstance(unknown, NotFound)
    assert isinstance(one, Orders) and isinstance(two, Orders)
    assert sorted(given(one) + given(two)) == [1, 2]


async def test_a_newer_request_releases_the_older_one(here: Desk, queue: Queue) -> None:
    older = (await waiting(here, queue, "node"))["node"]
    newer = hold(here, "node")
    told = await asyncio.wait_for(older, 5)
    assert (told.released, given(told), newer.done()) == (True, [], False)
    queue.jobs.append(7)
    ring(here)
    assert given(await asyncio.wait_for(newer, 5)) == [7]


async def test_a_worker_that_takes_no_jobs_is_not_woken_for_one(here: Desk, queue: Queue) -> None:
    stopping = hold(here, "stopping", accepting=False)
    await settled(here)
    queue.jobs.append(7)
    ring(here)
    await settled(here)
    assert (queue.looks("stopping"), stopping.done()) == (1, False)


async def test_a_ring_for_one_worker_wakes_it_alone(here: Desk, queue: Queue) -> None:
    held = await waiting(here, queue, "first", "second")
    here._heard(feed.worker_group("first"))
    await wait_for(lambda: queue.looks("first") == 2)
    await settled(here)
    assert (queue.looks("second"), held["first"].done()) == (1, False)


async def test_a_desk_that_nobody_waits_at_forgets_everybody(here: Desk, queue: Queue) -> None:
    call = FakeCall()
    held = hold(here, "first", call)
    await settled(here)
    call.hang_up()
    await wait_for(held.done)
    assert here._held == {}
