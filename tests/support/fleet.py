"""A campaign: agents of both kinds, jobs, cancels, a bad network; afterwards the history is judged.

Submitting and cancelling go straight to the server: people can see whether their click was answered, and repeat it.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from tests.e2e.programs import Agent, Site
from tests.support import history, stored
from tests.support.calls import Line, NoAnswer, Reply, Tally
from tests.support.fault_plan import Choose, Fault, never
from tests.support.faults import FaultProxy
from tests.support.light_agents import Habits, LightAgent
from tests.support.light_work import Execution, metrics_line

# What a real agent runs: the same lines as a light agent writes for the same config.
SCRIPT = r"""
job="job $WHIRR_JOB_ID attempt $WHIRR_ATTEMPT"; n=0
while [ $n -lt "$1" ]; do
  echo "$job line $n"
  printf '{"_idx": %d, "step": %d, "loss": %d}\n' $n $n $n >> "$WHIRR_RUN_DIR/metrics.jsonl"
  n=$((n + 1)); [ $((n % 4)) -ne 0 ] || sleep "$2"
done"""
PEOPLE = 4  # who submit or cancel at the same time
REAL_LEASE = 10  # the shortest that an agent's command line allows


@dataclass(frozen=True, slots=True)
class Plan:
    jobs: int
    light: int
    real: int = 0
    cancels: int = 0
    lines: int = 12
    seconds: float = 0.15  # that a job takes
    spread: float = 0.0  # seconds over which the submissions come
    seed: int = 1
    lease: int = 6  # of light agents
    freezing: int = 0  # how many of the light agents fall silent for longer than their lease
    freezes: int = 2  # in how many jobs
    with_gpus: int = 0  # how many of them have two GPUs
    probes: int = 0  # more light agents: each has one long job, and renews its lease twice a second
    kills: int = 0  # how often the web process is killed with -9 and started again meanwhile
    choose: Choose | None = None  # a proxy between, and what it does
    within: float = 90.0


@dataclass(slots=True)
class Findings:
    """What came of it. `problems` is what `history.judge` and the agents themselves found wrong."""

    problems: list[str]
    tally: Tally
    faults: Counter[Fault]
    ends: Counter[str]
    attempts: Counter[str]  # how many ended in which way
    seconds: float
    submits: list[float]


class Fleet:
    """One campaign against a running site."""

    def __init__(self, site: Site, plan: Plan, proxy: FaultProxy | None) -> None:
        self.site, self.plan, self.proxy = site, plan, proxy
        self.tally = Tally()  # of the agents
        self.own = Tally()  # of those who submit, cancel and look
        self.submitted: list[int] = []
        self.submits: list[float] = []  # seconds that each took
        self.cancelled: list[int] = []
        self.trouble: list[str] = []
        self._people = asyncio.Semaphore(
            PEOPLE
        )  # at the server; who takes it away has to have it alone
        self.light = [self._light(number) for number in range(plan.light)]
        self.light += [self._probe(number) for number in range(plan.probes)]
        self.real = [self._real(number) for number in range(plan.real)]
        self.slots = {agent.name: 1 for agent in self.light} | {
            agent.data.name: 1 for agent in self.real
        }

    def _light(self, number: int) -> LightAgent:
        plan, name = self.plan, f"light-{number}"
        gpus = 2 if number < plan.with_gpus else 0
        silent = plan.freezes if number >= plan.light - plan.freezing else 0
        habits = Habits(gpus=gpus, lease=plan.lease, freezes=silent)
        url = self.proxy.url_for(name) if self.proxy else self.site.url
        return LightAgent(url, self.site.secret, name, habits, self.tally)

    def _probe(self, number: int) -> LightAgent:
        habits = Habits(lease=self.plan.lease, hold=0.0, tags=("probe",))
        token, name = self.site.secret, f"probe-{number}"
        return LightAgent(self.site.url, token, name, habits, self.tally)

    def _real(self, number: int) -> Agent:
        name = f"real-{number}"
        quick = ("--lease-seconds", str(REAL_LEASE), "--poll-interval", "0.5")
        url = self.proxy.url_for(name) if self.proxy else self.site.url
        return Agent(self.site, name, *quick, "--server", url)  # the last one counts

    def line(self) -> Line:
        return Line(self.site.url, self.site.secret, self.own)

    async def run(self) -> float:
        """Until all has ended and been delivered; the seconds that it took."""
        began = time.monotonic()
        async with self._agents():
            await asyncio.gather(self._submit(), self._cancel(), self._kill_the_server())
            await self._all_ended()
            took = time.monotonic() - began
            await self._all_delivered()
        return took

    @contextlib.asynccontextmanager
    async def _agents(self) -> AsyncIterator[None]:
        for agent in self.real:
            agent.start()
        running = [asyncio.ensure_future(agent.run()) for agent in self.light]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            for ended in await asyncio.gather(*running, return_exceptions=True):
                if not isinstance(ended, asyncio.CancelledError):
                    self.trouble.append(f"a light agent broke: {ended!r}")
            for light in self.light:
                await light.close()
            for agent in self.real:
                agent.kill()

    async def _submit(self) -> None:
        """Several people, so that the submissions keep to their times although each waits for its answer."""
        plan, chance = self.plan, random.Random(self.plan.seed)
        long = self._wish(plan.spread) | {"require_tags": ["probe"]}
        wishes = [long] * plan.probes
        for _ in range(plan.jobs):
            two_gpus = plan.with_gpus and chance.random() < 0.05
            wishes.append(self._wish(plan.seconds) | ({"gpus": 2} if two_gpus else {}))
        began, queue = time.monotonic(), iter(enumerate(wishes))

        async def person() -> None:
            line = self.line()
            for number, wish in queue:
                due = began + number * plan.spread / len(wishes)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self._submit_one(line, wish)
            line.close()

        await asyncio.gather(*(person() for _ in range(PEOPLE)))

    async def _kill_the_server(self) -> None:
        """In the middle of whatever agents say; people wait until it is back."""
        for _ in range(self.plan.kills):
            await asyncio.sleep(self.plan.spread / (self.plan.kills + 1))
            for _ in range(PEOPLE):
                await self._people.acquire()
            await asyncio.to_thread(self.site.web.kill)
            await asyncio.to_thread(self.site.start_web)
            for _ in range(PEOPLE):
                self._people.release()

    async def _submit_one(self, line: Line, wish: dict[str, Any]) -> None:
        began = time.monotonic()
        reply = await self._click(line, "/api/v1/jobs", wish)
        if reply is None or reply.status != 200:
            self.trouble.append(f"a submission was not taken: {reply}")
            return
        self.submits.append(time.monotonic() - began)
        self.submitted.append(reply.json()["job_id"])

    async def _click(self, line: Line, path: str, body: Any = b"") -> Reply | None:
        """What a person asks for, once: nobody knows whether one that was not answered was done."""
        async with self._people:
            try:
                return await line.ask("POST", path, body)
            except NoAnswer as error:
                self.trouble.append(f"POST {path} was not answered: {error}")
                return None

    def _wish(self, seconds: float) -> dict[str, Any]:
        lines = self.plan.lines
        return {
            "command_argv": [
                "/bin/sh",
                "-c",
                SCRIPT,
                "job",
                str(lines),
                f"{seconds * 4 / lines:.3f}",
            ],
            "workdir": str(self.site.folder),
            "config": {"lines": lines, "seconds": seconds},
        }

    async def _cancel(self) -> None:
        """Somebody cancels now and then: waiting ones, running ones, and some that have ended."""
        line, chance = self.line(), random.Random(self.plan.seed + 1)
        for _ in range(self.plan.cancels):
            await asyncio.sleep(chance.uniform(0.0, 0.2) + self.plan.spread / self.plan.cancels / 2)
            if not self.submitted:
                continue
            job_id = chance.choice(self.submitted[-6:])
            reply = await self._click(line, f"/api/v1/jobs/{job_id}/cancel")
            if reply is not None and reply.status == 200:
                self.cancelled.append(job_id)
        line.close()

    async def _all_ended(self) -> None:
        line, until = self.line(), time.monotonic() + self.plan.within
        left: list[dict[str, Any]] = []
        while True:
            with contextlib.suppress(NoAnswer):
                reply = await line.ask("GET", "/api/v1/jobs?status=active&limit=5")
                left = reply.json()["jobs"]
                if not left:
                    break
            if time.monotonic() > until:
                self.trouble.append(
                    f"jobs do not end: {[(job['id'], job['status']) for job in left]}"
                )
                break
            await asyncio.sleep(0.3)
        line.close()

    async def _all_delivered(self) -> None:
        """Agents may still be sending for attempts that others have ended."""
        if self.proxy:
            self.proxy.choose = never
        until = time.monotonic() + 30
        while any(agent.busy for agent in self.light):
            if time.monotonic() > until:
                busy = [agent.name for agent in self.light if agent.busy]
                self.trouble.append(f"these agents never get their bytes delivered: {busy}")
                break
            await asyncio.sleep(0.05)
        for agent in self.real:
            agent.signal(15)  # it delivers what is left, and goes
        for agent in self.real:
            assert agent.process is not None
            await asyncio.to_thread(agent.process.wait, 40)

    def executions(self) -> list[Execution]:
        light = [each for agent in self.light for each in agent.executions.values()]
        return [*light, *(each for agent in self.real for each in self._executed(agent))]

    def _executed(self, agent: Agent) -> Iterable[Execution]:
        """What a real agent's folder tells: all that its processes wrote."""
        for folder in (agent.data / "runs").glob("job-*/attempts/[0-9]*"):
            key = (int(folder.parent.parent.name.removeprefix("job-")), int(folder.name))
            execution = Execution(agent.data.name, key, over=True)
            for name in ("output.log", "metrics.jsonl"):
                path = folder / name
                if path.exists():
                    execution.written[name] = bytearray(path.read_bytes())
            last = metrics_line(self.plan.lines - 1).encode()
            execution.whole = bytes(execution.written.get("metrics.jsonl", b"")).endswith(last)
            yield execution


def campaign(site: Site, plan: Plan, *, postgres_url: str = "") -> Findings:
    """Run it and judge it; `plan.choose` None: without a proxy between."""
    with contextlib.ExitStack() as stack:
        proxy = None
        if plan.choose is not None:
            proxy = stack.enter_context(FaultProxy(site.port, plan.choose))
        fleet = Fleet(site, plan, proxy)
        seconds = asyncio.run(fleet.run())
    exchanges = proxy.history if proxy else []
    record = stored.read(site.data, postgres_url)
    problems = history.judge(
        record,
        fleet.executions(),
        exchanges,
        submitted=fleet.submitted,
        cancelled=fleet.cancelled,
        slots=fleet.slots,
    )
    problems += fleet.trouble
    problems += [each for agent in fleet.light for each in agent.trouble]
    return Findings(
        problems,
        fleet.tally + fleet.own,
        Counter(each.fault for each in exchanges),
        Counter(job.status for job in record.jobs.values()),
        Counter(attempt.status for attempt in record.attempts.values()),
        seconds,
        fleet.submits,
    )
