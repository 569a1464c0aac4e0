"""The held requests of this process, and who of them is woken by what.

One listener for all of them: two thousand listeners would each be woken by each new job. A ring for a worker wakes its
request; a ring of the queue wakes those alone that could take something (`jobs.calling`). Looks at the database that
come together share one transaction, so a busy server does fewer, larger ones.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from jobs import calling, syncing
from jobs.calling import Waiting
from jobs.errors import DomainError
from jobs.syncing import Ask, Orders
from runs import bell, clock, feed
from runs.api.calls import Call

log = logging.getLogger(__name__)

InPool = Callable[..., Awaitable[Any]]
Answer = Orders | DomainError
Batch = Sequence[tuple[Ask, "asyncio.Future[Answer]"]]

LOOK_AGAIN = 5.0  # seconds between looks at the queue, even without a doorbell
SWEEP_AGAIN = 1.0  # seconds between sweeps by those who find nothing to do
AT_ONCE = 128  # requests in one transaction
GATHER, GATHER_MOST = 0.002, 0.01  # seconds: one step of waiting for more of them, and all steps


class Waiter:
    """A request that is held. `orders` is what its last look found."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.orders: Orders | None = None
        self.woken = asyncio.Event()
        # Queued jobs that it was woken for and has not looked for yet; and those that it was not given, each with
        # the time until which it is not woken for that one again.
        self.called_for: set[int] = set()
        self._in_vain: dict[int, float] = {}

    def waiting(self) -> Waiting | None:
        """For the call; None where it takes nothing, or is looking already for something else."""
        report, orders = self.ask.report, self.orders
        if orders is None or not report.accepting or any(orders.flags):
            return None
        if self.woken.is_set() and not self.called_for:
            return None
        now = time.monotonic()
        in_vain = frozenset(job for job, until in self._in_vain.items() if until > now)
        return Waiting(orders.worker, report.free_gpus, report.free_slots, in_vain)

    def looked(self, orders: Orders) -> bool:
        """Take note of what it found. True where it was called for more than it got: it is another one's turn."""
        self.orders = orders
        called_for, self.called_for = self.called_for, set()
        missed = called_for - {order.job.pk for order in orders.jobs}
        self._in_vain |= dict.fromkeys(missed, time.monotonic() + LOOK_AGAIN)
        return bool(missed)


class Desk:
    """Requests come here, are answered at once or held, and leave."""

    def __init__(self, in_pool: InPool) -> None:
        self.loop = asyncio.get_running_loop()
        self._in_pool = in_pool
        self._held: dict[str, Waiter] = {}  # by the worker's group
        self._pending: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._looking = 0
        self._two_at_once = connection.vendor == "postgresql"  # SQLite writes one after the other
        self._work_rang = asyncio.Event()
        self._rings = 0
        self._swept_at = 0.0
        feed.hear(self._heard)
        self._tasks = {
            asyncio.ensure_future(bell.listen([feed.WORK, feed.WORKERS], self._heard)),
            asyncio.ensure_future(self._call_in_turn()),
        }

    def _heard(self, group: str) -> None:
        if group == feed.WORK:
            self._rings += 1
            self._work_rang.set()
        elif waiter := self._held.get(group):
            waiter.woken.set()
        elif key := feed.watched_key(group):
            self._somebody_watches(key)

    def _somebody_watches(self, key: str) -> None:
        for waiter in self._held.values():
            if any(f"job-{job_id}" == key for job_id, _ in waiter.ask.report.running):
                waiter.woken.set()

    async def hold(self, ask: Ask, call: Call) -> Orders:
        """The answer, as soon as there is news, a newer request of the worker, or the end of the hold."""
        group = feed.worker_group(ask.worker_id)
        waiter = Waiter(ask)
        call.when_gone.append(waiter.woken.set)
        call.watch()
        older = self._held.get(group)
        # Before the first look, so that nothing falls between looking and waiting.
        self._held[group] = waiter
        if older:
            older.woken.set()
        try:
            return await self._wait(waiter, group, call)
        finally:
            if self._held.get(group) is waiter:
                del self._held[group]
            if waiter.called_for:  # it leaves without having looked
                self._work_rang.set()

    async def _wait(self, waiter: Waiter, group: str, call: Call) -> Orders:
        ask = waiter.ask
        until = self.loop.time() + ask.report.hold_seconds
        orders = await self._look_again(waiter, ask)
        flags = orders.flags
        again = Ask(ask.worker_id, ask.report, orders.serial)
        feed.ring_from_loop(group)  # releases an older request of this worker in another process
        while not orders.has_news() and orders.flags == flags:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await waiter.woken.wait()
            if call.gone.is_set() or not waiter.woken.is_set():
                break
            if self._held.get(group) is not waiter:
                return Orders(orders.serial, orders.worker, released=True)
            waiter.woken.clear()
            orders = await self._look_again(waiter, again)
        return orders

    async def _look_again(self, waiter: Waiter, ask: Ask) -> Orders:
        """A look, after which the queue is looked at once more if it rang meanwhile, or was called for in vain."""
        rings = self._rings
        orders = await self.look(ask)
        if waiter.looked(orders) or rings != self._rings:
            self._work_rang.set()
        return orders

    async def look(self, ask: Ask) -> Orders:
        """One look at the database, together with whoever else wants one now. Raises what the exchange refuses."""
        future: asyncio.Future[Answer] = self.loop.create_future()
        self._pending.append((ask, future))
        if self._looking < self._lookers():
            self._looking += 1
            task = asyncio.ensure_future(self._look())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        answer = await future
        if isinstance(answer, DomainError):
            raise answer
        return answer

    def _lookers(self) -> int:
        """One transaction at a time makes the largest batches. Two, where one is full already.

        Then one's Python runs while the other one waits for the database.
        """
        return 2 if self._two_at_once and len(self._pending) >= AT_ONCE else 1

    async def _look(self) -> None:
        try:
            while self._pending and self._looking <= self._lookers():
                batch, self._pending = self._pending[:AT_ONCE], self._pending[AT_ONCE:]
                await self._look_for(batch)
                if len(batch) > 1:
                    await self._gather(len(batch))
        finally:
            self._looking -= 1

    async def _gather(self, answered: int) -> None:
        """Those who were just answered ask again in a moment: worth waiting for, where several share a transaction."""
        enough = min(answered, AT_ONCE)
        until = self.loop.time() + GATHER_MOST
        came = -1
        while came != len(self._pending) < enough and self.loop.time() < until:
            came = len(self._pending)
            await asyncio.sleep(GATHER)

    async def _look_for(self, batch: Batch) -> None:
        """All in one transaction; where one of them spoils it, each alone.

        Where it is the database that fails, they are tried together once more, and then told so together.
        """
        wanted = [(ask, future) for ask, future in batch if not future.done()]
        failure: Exception | None = None
        for _ in range(2 if wanted else 0):
            try:
                answers = await self._in_pool(
                    _exchange, [ask for ask, _ in wanted], self._may_sweep()
                )
            except (OperationalError, InterfaceError) as error:
                failure = error
                continue
            except Exception as error:
                await self._apart(wanted, error)
                return
            for (_, future), answer in zip(wanted, answers, strict=True):
                if not future.done():  # its client may have gone
                    future.set_result(answer)
            return
        _tell(wanted, failure)

    def _may_sweep(self) -> bool:
        """Once in a while is enough, however many agents find nothing to do."""
        if self.loop.time() < self._swept_at + SWEEP_AGAIN:
            return False
        self._swept_at = self.loop.time()
        return True

    async def _apart(self, batch: Batch, error: Exception) -> None:
        if len(batch) == 1:
            _tell(batch, error)
        for one in batch if len(batch) > 1 else ():
            await self._look_for([one])

    async def _call_in_turn(self) -> None:
        """Wake those whom a queued job could be for: when the queue rings, and by the clock."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._work_rang.wait()
            self._work_rang.clear()
            try:
                await self._call()
            except Exception:
                log.exception("could not look who could take what is queued")
                await asyncio.sleep(1)

    async def _call(self) -> None:
        """Those who were called and have not looked yet count as takers, and come first."""
        asked = [
            (waiter, waiting)
            for waiter in sorted(self._held.values(), key=lambda each: not each.called_for)
            if (waiting := waiter.waiting()) is not None
        ]
        if asked:
            chosen = await self._in_pool(_who, [waiting for _, waiting in asked])
            for at, jobs in chosen.items():
                waiter, _ = asked[at]
                waiter.called_for |= jobs
                waiter.woken.set()


def _tell(batch: Batch, error: Exception | None) -> None:
    for _, future in batch:
        if error is not None and not future.done():
            future.set_exception(error)


def _exchange(asks: list[Ask], sweep: bool) -> list[Answer]:  # noqa: FBT001
    return syncing.exchange_all(asks, now=clock.now(), sweep=sweep)


def _who(waiting: list[Waiting]) -> dict[int, set[int]]:
    return calling.who(waiting, now=clock.now())


_desks: list[Desk] = []


def desk_of(in_pool: InPool) -> Desk:
    """The desk of the running loop, of which a process has one."""
    if not _desks or _desks[0].loop is not asyncio.get_running_loop():
        _desks[:] = [Desk(in_pool)]
    return _desks[0]
