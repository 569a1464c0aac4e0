"""Thousands of agents that wait for work, in one process: `python -m benchmarks.queueing.holders '<json>'`.

The JSON names `port`, `token`, `workers`, `hold` and `ramp` (seconds over which they begin). Each holds a sync on a
connection of its own, over and over, and names the job that it was given from then on; told to cancel it, it ends.
What the answers were is
written to standard output, one JSON line for every line on standard input; it ends when that is closed.
Times are those of the monotonic clock, which all processes of a machine share.
"""

import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.queueing.load import LENGTH, request


class Tally:
    """Since it was last told: jobs as [time, job], times of cancels, answers without either; how many agents hold."""

    def __init__(self) -> None:
        self.holding = 0
        self.errors: list[str] = []
        self._clear()

    def _clear(self) -> None:
        self.jobs: list[tuple[float, int]] = []
        self.cancels: list[float] = []
        self.empty_early = 0
        self.empty_in_time = 0

    def told(self) -> str:
        line = json.dumps(vars(self))
        self._clear()
        return line


class Holder:
    """One agent with one slot."""

    def __init__(self, spec: dict[str, Any], name: str, tally: Tally) -> None:
        self._spec, self._name, self._tally = spec, name, tally
        self._running: list[dict[str, int]] = []
        self._serial = 0
        self._cancelled = False

    async def live(self, delay: float) -> None:
        await asyncio.sleep(delay)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._spec["port"])
        try:
            while not self._cancelled:
                writer.write(self._request())
                self._tally.holding += 1
                began = time.monotonic()
                answer = await _answer(reader)
                self._tally.holding -= 1
                self._take(answer, time.monotonic(), began)
        except Exception as error:
            self._tally.errors.append(f"{self._name}: {error!r}")
        finally:
            writer.close()

    def _take(self, answer: dict[str, Any], now: float, began: float) -> None:
        self._serial += 1
        for job in answer["jobs"]:
            self._running.append({"job_id": job["job_id"], "attempt": job["attempt"]})
            self._tally.jobs.append((now, job["job_id"]))
        if answer["cancel"]:
            self._tally.cancels.append(now)
            self._cancelled = True
        elif not answer["jobs"]:
            in_time = now - began >= self._spec["hold"] * 0.98
            self._tally.empty_in_time += in_time
            self._tally.empty_early += not in_time

    def _request(self) -> bytes:
        body = {
            "claim_id": f"{self._name}-{self._serial}",
            "free_slots": 0 if self._running else 1,
            "running": self._running,
            "lease_seconds": 3 * self._spec["hold"],
            "hold_seconds": self._spec["hold"],
        }
        path = f"/api/v1/workers/{self._name}/sync"
        return request("POST", path, token=self._spec["token"], body=json.dumps(body).encode())


async def _answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    body = await reader.readexactly(int(length[1]) if length else 0)
    if head[9:12] != b"200":
        raise ConnectionError(f"{head[:12]!r} {body[:200]!r}")
    return dict(json.loads(body))


async def main(spec: dict[str, Any]) -> None:
    tally = Tally()
    workers = spec["workers"]
    lives = [
        asyncio.create_task(Holder(spec, name, tally).live(spec["ramp"] * n / len(workers)))
        for n, name in enumerate(workers)
    ]
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        print(tally.told(), flush=True)
    for life in lives:
        life.cancel()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
