"""What a light agent does for one attempt: it writes the lines that the job asks for and delivers them, as an agent."""

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.support.calls import Line, NoAnswer, Reply

Key = tuple[int, int]
PARTS = 3  # deliveries of a job that runs, where it has so many lines


def log_line(key: Key, number: int) -> str:
    """The same text as the shell command of a real agent's job: it names the attempt that wrote it."""
    return f"job {key[0]} attempt {key[1]} line {number}\n"


def metrics_line(number: int) -> str:
    return json.dumps({"_idx": number, "step": number, "loss": number}) + "\n"


@dataclass(slots=True)
class Execution:
    """What an agent did for one attempt."""

    worker: str
    key: Key
    gpus: list[int] = field(default_factory=list)
    written: dict[str, bytearray] = field(default_factory=dict)  # stream → all of it
    whole: bool = False  # nobody stopped it
    cancelled: bool = False
    lost: bool = False  # told so by a sync or a refusal
    stubborn: bool = (
        False  # reports its outcome even so: a zombie that only the server's fence holds off
    )
    accepted: bool = False  # the outcome was
    over: bool = False

    @property
    def given_up(self) -> bool:
        return self.lost and not self.stubborn


class Agent(Protocol):
    trouble: list[str]

    async def freeze(self, execution: Execution) -> None: ...


class Work:
    """One attempt: its bytes, then its outcome."""

    def __init__(self, agent: Agent, execution: Execution, line: Line, run_id: str) -> None:
        self._agent, self._execution, self._line = agent, execution, line
        self._base = f"/api/v1/runs/{run_id}/attempts/{execution.key[1]}/streams/"
        self._acknowledged: dict[str, int] = {}

    async def write(self, lines: int, seconds: float) -> None:
        """The lines in a few parts, each delivered at once; then the metrics."""
        it = self._execution
        it.written = {"output.log": bytearray(), "metrics.jsonl": bytearray()}
        parts = max(1, min(PARTS, lines))
        for part in range(parts):
            for number in range(lines * part // parts, lines * (part + 1) // parts):
                it.written["output.log"] += log_line(it.key, number).encode()
                it.written["metrics.jsonl"] += metrics_line(number).encode()
            await self._deliver("output.log")
            if part == parts // 2:
                await self._agent.freeze(it)
            await asyncio.sleep(seconds / parts)
            if it.cancelled or it.given_up:
                break
        else:
            it.whole = True
        await self._deliver("output.log")
        await self._deliver("metrics.jsonl")

    async def _deliver(self, name: str) -> None:
        data, known = self._execution.written[name], self._acknowledged
        while known.get(name, 0) < len(data) and not self._execution.given_up:
            start = known.get(name, 0)
            reply = await self._ask(
                "PUT", f"{self._base}{name}?offset={start}", bytes(data[start:])
            )
            if reply is None:
                return
            size = reply.json().get("size", -1)
            if not start <= size <= len(data):
                self._complain(f"{name}: the server holds {size} bytes, acknowledged were {start}")
                return
            known[name] = size

    async def finish(self) -> None:
        it = self._execution
        outcome = {"outcome": "exited", "exit_code": 0} if it.whole else {"outcome": "cancelled"}
        body = {"worker_id": it.worker, **outcome}
        path = f"/api/v1/jobs/{it.key[0]}/attempts/{it.key[1]}/finish"
        reply = await self._ask("POST", path, body)
        it.accepted = reply is not None and reply.status == 200

    async def _ask(self, method: str, path: str, body: Any) -> Reply | None:
        """An answer of the server's, however long it takes; None where the attempt is not ours any more."""
        it = self._execution
        while not it.given_up:
            with contextlib.suppress(NoAnswer):
                reply = await self._line.ask(method, path, body)
                if reply.status == 200 or reply.code == "offset_gap":
                    return reply
                if reply.code != "lease_lost":
                    self._complain(f"{method} {path}: {reply.status} {reply.text}")
                it.lost = True
                return None
            await asyncio.sleep(random.uniform(0.05, 0.4))
        return None

    def _complain(self, what: str) -> None:
        self._agent.trouble.append(f"{self._execution.worker} {self._execution.key}: {what}")
