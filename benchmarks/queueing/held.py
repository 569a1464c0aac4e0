"""Thousands of held syncs on one web process: what they cost, whom they disturb, how fast they are woken."""

import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import serving
from benchmarks.measuring import ROOT, Report, Row, memory, percentile, timed
from benchmarks.queueing import calls, fill, sites
from benchmarks.queueing.costs import Meter
from benchmarks.queueing.load import request
from benchmarks.queueing.postgres import Connection, Postgres
from benchmarks.queueing.sites import Site
from whirr.stack.child import deathsig
from whirr.wire import Client

PAUSE = 0.02  # seconds between two probes: they look how the server is, and are no load themselves
PATIENCE = 60.0  # seconds: what takes longer has failed
CALM = 2.5  # seconds after which PostgreSQL's counters are up to date


@dataclass(frozen=True)
class Plan:
    """How many agents hold, each for how long, within how many seconds they begin, and how often it is looked."""

    agents: int
    hold: int
    ramp: float
    probing: float
    singles: int


FULL = Plan(agents=2_000, hold=20, ramp=15.0, probing=10.0, singles=10)
QUICK = Plan(agents=200, hold=6, ramp=1.5, probing=1.5, singles=3)


class Holders:
    """The process with the agents."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def told(self) -> dict[str, Any]:
        """What happened since this was asked last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def jobs(self, count: int, *, within: float) -> list[float]:
        """When the next `count` jobs arrived, by the monotonic clock; fewer if it takes longer."""
        return self._arrived(count, lambda told: [at for at, _ in told["jobs"]], within=within)

    def cancels(self, count: int, *, within: float) -> list[float]:
        """The same for words to cancel a job."""
        return self._arrived(count, lambda told: told["cancels"], within=within)

    def _arrived(
        self, count: int, times: Callable[[dict[str, Any]], list[float]], *, within: float
    ) -> list[float]:
        arrived: list[float] = []
        until = time.monotonic() + within
        while len(arrived) < count and time.monotonic() < until:
            arrived += times(self.told())
            time.sleep(0.05)
        return arrived


@contextmanager
def holders(site: Site, workers: list[str], plan: Plan) -> Iterator[Holders]:
    spec = {
        **{"port": site.port, "token": site.token, "workers": workers},
        **{"hold": plan.hold, "ramp": plan.ramp},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.queueing.holders", json.dumps(spec)],
        cwd=ROOT,
        env=serving.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=deathsig(signal.SIGKILL),
    )
    try:
        yield Holders(process)
    finally:
        process.kill()
        process.communicate()


def measure(report: Report, postgres: Postgres, plan: Plan) -> None:
    url = postgres.create("held")
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as name:
        folder = Path(name)
        with postgres.connect("held") as connection:
            with sites.ours(url, folder) as site:
                filler = fill.prepare(site, connection)
            filler.workers(plan.agents)
            filler.tidy()
            with sites.ours(url, folder) as site:
                Held(report, site, postgres, connection, filler, plan).measure()


class Held:
    """The steps of the measurement, in their order."""

    def __init__(
        self,
        report: Report,
        site: Site,
        postgres: Postgres,
        connection: Connection,
        filler: fill.Filler,
        plan: Plan,
    ) -> None:
        self._report, self._site, self._postgres, self._plan = report, site, postgres, plan
        self._db, self._filler = connection, filler

    def measure(self) -> None:
        plan = self._plan
        title = f"{plan.agents:,} syncs held for {plan.hold} s by one web process"
        self._report.section(f"{title}: what others notice")
        self._add("before: nobody holds", self._probed(plan.probing / 2))
        workers = [f"w{number}" for number in range(plan.agents)]
        with holders(self._site, workers, plan) as agents:
            time.sleep(plan.ramp)
            serving.until(
                lambda: agents.told()["holding"] >= plan.agents * 0.99,
                what="all agents hold a sync",
                every=0.5,
            )
            self._add("while they hold", self._probed(plan.probing))
            self._report.section(f"{title}: until a job is handed out")
            given = self._add_singles(agents)
            self._add_burst(agents, plan.agents - given)
            self._add_cancels(agents)
            self._report.add("failures that the agents saw", count=len(agents.told()["errors"]))

    def _add(self, what: str, probed: Row) -> None:
        status = Path(f"/proc/{self._site.pid}/status").read_text()
        threads = next(line for line in status.splitlines() if line.startswith("Threads:"))
        self._report.add(
            what,
            **probed,
            threads=int(threads.split()[1]),
            RSS_MiB=memory(self._site.pid)["RSS_MiB"],
        )

    def _probed(self, seconds: float) -> Row:
        """Another worker's plain sync and /health in turn, on a kept connection."""
        client = self._site.client()
        path = f"/api/v1/workers/{fill.WORKER}/sync"
        body = {"claim_id": "", "free_slots": 0, "lease_seconds": 60, "hold_seconds": 0}
        web = Meter(self._site.pids)
        syncs, healths = [], []
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            time.sleep(PAUSE)
            syncs.append(timed(lambda: client.post(path, body)))
            time.sleep(PAUSE)
            healths.append(timed(lambda: client.get("/health")))
        return {
            "sync_median_ms": statistics.median(syncs) * 1e3,
            "sync_p99_ms": percentile(syncs, 99) * 1e3,
            "health_p99_ms": percentile(healths, 99) * 1e3,
            "web_cpu_%": web.read() / seconds * 100,
        }

    def _commits(self) -> int:
        time.sleep(CALM)
        query = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'held'"
        row = self._db.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def _add_singles(self, agents: Holders) -> int:
        """Jobs submitted one by one: when one agent has it, and what the others notice. How many were handed out."""
        client = self._site.client()
        client.get("/health")
        agents.told()
        quiet, began = self._commits(), time.monotonic()
        before = self._commits()
        usual = (before - quiet) / (time.monotonic() - began)  # holds end, and are begun anew
        began, disturbed = time.monotonic(), 0
        took: list[float] = []
        while len(took) < self._plan.singles and time.monotonic() < began + PATIENCE:
            waited, others = self._single(agents, client)
            took += waited
            disturbed += others
        looks = self._commits() - before - usual * (time.monotonic() - began)
        self._report.add(
            f"jobs one by one: {len(took)}",
            median_ms=statistics.median(took) * 1e3,
            worst_ms=max(took) * 1e3,
            answers_to_others=disturbed / len(took),
            transactions=max(0.0, looks / len(took)),
        )
        return len(took)

    def _single(self, agents: Holders, client: Client) -> tuple[list[float], int]:
        """Seconds from just before the POST until an agent has the job; how many others were answered for nothing."""
        began, others = time.monotonic(), 0
        client.post("/api/v1/jobs", calls.SUBMISSION)
        while time.monotonic() < began + PATIENCE:
            told = agents.told()
            others += told["empty_early"]
            if told["jobs"]:
                return [at - began for at, _ in told["jobs"]], others
            time.sleep(0.01)
        raise TimeoutError(f"nobody was given the job within {PATIENCE:g} s")

    def _add_burst(self, agents: Holders, jobs: int) -> None:
        """As many jobs as agents wait, in one commit: until the last agent has its own."""
        web = Meter(self._site.pids)
        with socket.create_connection(("127.0.0.1", self._site.port)) as bell:
            committed = self._submit(jobs, bell)
            arrived = sorted(at - committed for at in agents.jobs(jobs, within=PATIENCE))
        if not arrived:
            raise TimeoutError(f"nobody was given a job within {PATIENCE:g} s")
        self._report.add(
            f"jobs in one commit: {jobs:,}",
            median_ms=statistics.median(arrived) * 1e3,
            worst_ms=arrived[-1] * 1e3,
            handed_out=len(arrived),
            web_cpu_ms_a_job=web.read() / len(arrived) * 1e3,
        )

    def _add_cancels(self, agents: Holders) -> None:
        """All of them are woken by one call that cancels all jobs: from its answer until the last one knows."""
        time.sleep(CALM)  # all hold again
        client = self._site.client()
        web = Meter(self._site.pids)
        began = time.monotonic()
        told = client.post("/api/v1/jobs/cancel", {"status": "running"}).json()
        answered = time.monotonic()
        arrived = sorted(agents.cancels(len(told["stopping"]), within=PATIENCE))
        self._report.add(
            f"cancelled by one call: {len(told['stopping']):,}",
            call_ms=(answered - began) * 1e3,
            median_ms=max(0.0, statistics.median(arrived) - answered) * 1e3,
            worst_ms=max(0.0, arrived[-1] - answered) * 1e3,
            told=len(arrived),
            web_cpu_ms_a_job=web.read() / len(arrived) * 1e3,
        )

    def _submit(self, jobs: int, bell: socket.socket) -> float:
        """Rows in one go, then one ordinary submission that rings; the time of the former's commit.

        Its answer is not waited for: it may have to queue behind those who were woken.
        """
        body = calls.encoded(calls.SUBMISSION)
        last = request("POST", "/api/v1/jobs", token=self._site.token, body=body)
        self._filler.add("queued", jobs - 1)
        committed = time.monotonic()
        bell.sendall(last)
        return committed
