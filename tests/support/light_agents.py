"""Agents that speak the whole protocol of docs/wire-protocol.md and run nothing: thousands fit into one process.

A light agent registers, holds syncs, and for each order writes the lines that the job asks for, delivers them by
offset, and repeats the outcome until it is answered. It notes all that it wrote and was told: that is one half of a
history. A job says what to do by its config: {"lines": 10, "seconds": 0.2}.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Any

from tests.support.calls import Line, NoAnswer, Tally
from tests.support.light_work import Execution, Key, Work

SLACK = 10.0  # seconds that an answer may be overdue
SWEEP = 7.0  # seconds after which a lease that ran out has been noticed
ASK_EVERY = 0.5  # seconds between syncs that are not held


@dataclass(frozen=True, slots=True)
class Habits:
    """How an agent behaves."""

    slots: int = 1
    gpus: int = 0
    lease: int = 60
    tags: tuple[str, ...] = ()
    freezes: float = (
        0.0  # how likely a job is in which the agent falls silent for longer than its lease
    )
    hold: float | None = None  # default: what docs/wire-protocol.md asks for

    @property
    def hold_seconds(self) -> float:
        return min(20.0, self.lease / 3) if self.hold is None else self.hold


class LightAgent:
    def __init__(self, url: str, token: str, name: str, habits: Habits, tally: Tally) -> None:
        self.name = name
        self.executions: dict[Key, Execution] = {}
        self.trouble: list[str] = []  # what no server may ever do
        self._habits = habits
        self._tally = tally
        self._chance = random.Random(name)
        self._session = f"session of {name}"
        self._line = Line(url, token, tally)
        self._url, self._token = url, token
        self._claims = 0
        self._changed = asyncio.Event()
        self._frozen_until = 0.0
        self._freezes_left = habits.freezes
        self._jobs: set[asyncio.Task[None]] = set()
        self.accepting = True

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    async def run(self) -> None:
        """Until cancelled."""
        registered = False
        while True:
            try:
                if not registered:
                    await self._register()
                registered = await self._sync()
            except NoAnswer:
                await self._pause()
            if not self._habits.hold_seconds:
                await asyncio.sleep(ASK_EVERY)
            frozen = self._frozen_until - time.monotonic()
            if frozen > 0:
                await asyncio.sleep(frozen)

    async def stop_accepting(self) -> None:
        self.accepting = False
        self._changed.set()

    async def close(self) -> None:
        for task in self._jobs:
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._line.close()

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.05, 0.4))

    async def _register(self) -> None:
        body = {
            "worker_id": self.name,
            "hostname": "light",
            "session": self._session,
            "gpus": [{"index": number} for number in range(self._habits.gpus)],
            "slots": 0 if self._habits.gpus else self._habits.slots,
            "tags": list(self._habits.tags),
        }
        reply = await self._line.ask("POST", "/api/v1/workers/register", body)
        if reply.status != 200:
            self.trouble.append(f"{self.name} was not registered: {reply.status} {reply.text}")

    async def _sync(self) -> bool:
        """One held request, dropped when there is something new to tell. False where the server does not know us."""
        self._changed.clear()
        body = self._report()
        began = time.monotonic()
        path = f"/api/v1/workers/{self.name}/sync"
        wait = self._habits.hold_seconds + SLACK
        ask = asyncio.ensure_future(self._line.ask("POST", path, body, timeout=wait))
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({ask, changed}, return_when=asyncio.FIRST_COMPLETED)
            if not ask.done():
                return True  # the claim's name stays: the answer may be on its way
            reply = ask.result()
        finally:
            for task in (ask, changed):
                task.cancel()
            await asyncio.gather(ask, changed, return_exceptions=True)
        if reply.status == 404:
            return False
        if reply.status == 200:
            self._tally.synced(time.monotonic() - began, self._habits.hold_seconds, body, reply)
            self._heed(reply.json())
        else:
            self.trouble.append(f"{self.name}: a sync was refused: {reply.status} {reply.text}")
        return True

    def _report(self) -> dict[str, Any]:
        mine = [each for each in self.executions.values() if not each.over]
        held = {index for each in mine for index in each.gpus}
        free = [index for index in range(self._habits.gpus) if index not in held]
        return {
            "session": self._session,
            "claim_id": f"{self.name}-{self._claims}",
            "free_gpus": free if self.accepting else [],
            "free_slots": 0
            if self._habits.gpus or not self.accepting
            else max(0, self._habits.slots - len(mine)),
            "accepting": self.accepting,
            "running": [
                {"job_id": each.key[0], "attempt": each.key[1], "cancelling": each.cancelled}
                for each in mine
                if not each.lost
            ],
            "lease_seconds": self._habits.lease,
            "hold_seconds": self._habits.hold_seconds,
            "load": {},
        }

    def _heed(self, told: dict[str, Any]) -> None:
        for pair in told["lost"]:
            if found := self.executions.get((pair["job_id"], pair["attempt"])):
                found.lost = True
        for pair in told["cancel"]:
            if found := self.executions.get((pair["job_id"], pair["attempt"])):
                found.cancelled = True
        self._claims += bool(
            told["jobs"]
        )  # as the agent does: an empty answer may be an overtaken one
        for order in told["jobs"]:
            self._begin(order)

    def _begin(self, order: dict[str, Any]) -> None:
        key = (order["job_id"], order["attempt"])
        if known := self.executions.get(key):
            if known.over:
                self.trouble.append(f"{self.name} was given {key} again after its end")
            return
        execution = Execution(self.name, key, list(order["gpus"]))
        self.executions[key] = execution
        task = asyncio.ensure_future(self._execute(execution, order["config"], order["run_id"]))
        self._jobs.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._jobs.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trouble.append(f"{self.name}: {error!r}")

    async def _execute(self, execution: Execution, wish: dict[str, Any], run_id: str) -> None:
        line = Line(self._url, self._token, self._tally)
        work = Work(self, execution, line, run_id)
        try:
            await work.write(int(wish.get("lines", 10)), float(wish.get("seconds", 0.1)))
            await work.finish()
        finally:
            execution.over = True
            line.close()

    async def freeze(self, execution: Execution) -> None:
        """As if stopped: no word to the server until its sweep has come round, while the training goes on."""
        if self._freezes_left > 0:
            self._freezes_left -= 1
            execution.stubborn = True
            silence = self._habits.lease + SWEEP
            self._frozen_until = time.monotonic() + silence
            self._changed.set()
            await asyncio.sleep(silence)
