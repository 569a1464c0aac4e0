"""The soak: hundreds of agents on one server for minutes, then agents behind a bad network, each run judged afterwards;
one training while its server is away for three minutes, twice; and direct runs whose processes are killed.

Agents are light ones: the protocol of real agents, without their processes. The web process is a real one, and so is
the agent of the training.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

# Run as a file, this folder comes first on the path, and its queue.py would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import killing
from benchmarks.measuring import Report, Row, cpu_seconds, memory, percentile
from tests.e2e.programs import Agent, Site
from tests.support import environment, servers
from tests.support.calls import EXPECTED
from tests.support.fault_plan import ALL_FAULTS, by_chance
from tests.support.fleet import Findings, Plan, campaign
from tests.support.outage import Line, Outage

SAMPLE_EVERY = 2.0  # seconds between looks at the server's memory
WARM_UP = 0.2  # the share of the run after which caches are filled, and growth would be a leak
LEASE = 60
OUTAGE, QUICK_OUTAGE = 180.0, 10.0  # seconds, each of the two
# Who falls silent is found out soon after a restart, too.
GRACE = {"WHIRR_RESTART_GRACE_SECONDS": "5"}
TROUBLE = ("database is locked", "Traceback", "ERROR")  # what a server's log should not hold


def main() -> None:
    options = _options()
    _own_environment()
    report = Report("soak", quick=options.quick)
    problems: list[str] = []
    if "soak" in options.only:
        _on_a_site(lambda site: problems.extend(soak(report, site, options)))
    if "faults" in options.only:
        _on_a_site(lambda site: problems.extend(faults(report, site, options, "SQLite")), **GRACE)
    if "outage" in options.only:
        _on_a_site(lambda site: problems.extend(outage(report, site, options)))
    if "postgres" in options.only:
        problems += on_postgres(report, options)
    if "tracking" in options.only:
        problems += killing.direct_runs(report, _on_a_site, options)
    report.close()
    for problem in problems[:50]:
        print(f"problem: {problem}", file=sys.stderr)
    raise SystemExit(1 if problems else 0)


def _options() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, help="over which the jobs come (default 10)")
    parser.add_argument("--agents", type=int, help="light agents of the soak (default 300)")
    parser.add_argument("--jobs", type=int, help="jobs of the soak (default 10000)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults (default 1)")
    parser.add_argument("--quick", action="store_true", help="60 agents and 600 jobs in a minute")
    parts = ("soak", "faults", "outage", "postgres", "tracking")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="some of the parts")
    options = parser.parse_args()
    usual = (0.5, 60, 600) if options.quick else (10.0, 300, 10_000)
    for name, value in zip(("minutes", "agents", "jobs"), usual, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _own_environment() -> None:
    """Whatever WHIRR_ variables the developer has are not meant for these servers."""
    environment.clean()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def _on_a_site(work: Callable[[Site], object], **settings: str) -> None:
    """A server of its own in a temporary folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="whirr-soak-"))
    site = Site(folder, **settings)
    try:
        site.start_web()
        site.background.start()
        work(site)
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


def soak(report: Report, site: Site, options: Namespace) -> list[str]:
    """Submissions spread over the minutes; each agent holds its sync, runs what it is given, and delivers."""
    plan = Plan(
        jobs=options.jobs,
        light=options.agents,
        probes=5,
        lease=LEASE,
        lines=4,
        spread=options.minutes * 60,
        cancels=options.jobs // 50,
        within=300 + options.minutes * 30,
    )
    watch = Watch(site.web.pid)
    with watch:
        found = campaign(site, plan)
    title = f"{plan.light} agents, {plan.jobs} jobs in {options.minutes:g} minutes, SQLite"
    report.section(title)
    report.add("until all had ended", s=found.seconds, jobs_per_s=plan.jobs / found.seconds)
    report.add("CPU of the web process", s=watch.cpu, percent=100 * watch.cpu / watch.seconds)
    report.section(f"{title}: latencies")
    _add_latencies(report, found)
    report.section(f"{title}: memory of the web process")
    watch.add_to(report)
    report.section(f"{title}: counts")
    problems = _judged(report, found, site)
    if found.attempts.total() > plan.jobs + plan.probes:
        problems.append(f"some jobs needed a second attempt: {dict(found.attempts)}")
    return problems


def faults(
    report: Report, site: Site, options: Namespace, database: str, postgres_url: str = ""
) -> list[str]:
    """20 agents, of which 4 are real, through a proxy that loses, repeats, delays and cuts; one kill of the server."""
    quick = options.quick
    plan = Plan(
        jobs=120 if quick else 500,
        light=16,
        real=4,
        cancels=12 if quick else 40,
        spread=8.0 if quick else 30.0,
        with_gpus=3,
        freezing=3,
        kills=1,
        choose=by_chance(options.seed, ALL_FAULTS),
        seed=options.seed,
        within=240.0,
    )
    found = campaign(site, plan, postgres_url=postgres_url)
    report.section(f"20 agents, {plan.jobs} jobs, a bad network, {database}")
    report.add("until all had ended: seconds", count=found.seconds)
    for fault, count in sorted(found.faults.items()):
        report.add(f"requests: {fault}", count=count)
    return _judged(report, found, site)


def outage(report: Report, site: Site, options: Namespace) -> list[str]:
    """The server killed in mid-training, and later behind a line that takes everything and answers nothing."""
    seconds = QUICK_OUTAGE if options.quick else OUTAGE
    with Line(site.port) as line:
        agent = Agent(site, "node", "--server", line.url)
        agent.start()
        try:
            trained = Outage(site, line, agent, time.sleep).go_through(seconds)
        finally:
            agent.kill()
    report.section(
        f"a training, its server dead for {seconds:g} s and then silent for {seconds:g} s"
    )
    report.add("steps", count=trained.steps)
    report.add("steps while it was dead", count=trained.steps_while_killed)
    report.add("steps while it was silent", count=trained.steps_while_silent)
    report.add("a usual step", s=trained.usual_step)
    report.add("the longest step", s=trained.longest_step)
    report.add("until bytes arrived again, after the death", s=trained.seconds_to_catch_up[0])
    report.add("until bytes arrived again, after the silence", s=trained.seconds_to_catch_up[1])
    report.add("bytes of log and metrics, equal on both sides", count=trained.bytes_arrived)
    report.add("bytes that the silent line swallowed", count=len(line.swallowed))
    return trained.problems


def on_postgres(report: Report, options: Namespace) -> list[str]:
    server = servers.start_postgres()
    problems: list[str] = []
    try:
        _on_a_site(
            lambda site: problems.extend(faults(report, site, options, "PostgreSQL", server.url)),
            **GRACE,
            WHIRR_MODE="server",
            WHIRR_DATABASE_URL=server.url,
        )
    finally:
        server.stop()
    return problems


def _judged(report: Report, found: Findings, site: Site) -> list[str]:
    """Counts of what happened, and the sentences about what should not have."""
    kinds = {"jobs": found.ends, "attempts": found.attempts, "answers": found.tally.answers}
    for kind, counts in kinds.items():
        for name, count in sorted(counts.items()):
            report.add(f"{kind}: {name}", count=count)
    said = site.web.said() + site.background.said()
    wrong = {word: said.count(word) for word in TROUBLE}
    report.add(
        "answers not 2xx and not " + ", ".join(sorted(EXPECTED)),
        count=found.tally.unexpected.total(),
    )
    report.add("answers that name a locked database", count=len(found.tally.locked))
    for word, count in wrong.items():
        report.add(f"in the servers' logs: {word}", count=count)
    report.add("found wrong in the history", count=len(found.problems))
    return [
        *found.problems,
        *(f"{count} times {what}" for what, count in found.tally.unexpected.items()),
        *found.tally.locked,
        *(
            f"the servers' logs say {word!r} {count} times, first: {_around(word, said)}"
            for word, count in wrong.items()
            if count
        ),
    ]


def _around(word: str, text: str) -> str:
    place = text.index(word)
    return text[max(0, place - 300) : place + 2000]


def _add_latencies(report: Report, found: Findings) -> None:
    for what, samples in (
        ("a sync that renews a lease", found.tally.renewals),
        ("a held sync, beyond its hold", found.tally.overdue),
        ("a submission", found.submits),
    ):
        if samples:
            report.add(what, **_percentiles(samples))


def _percentiles(seconds: list[float]) -> Row:
    row = {f"p{p}_ms": percentile(seconds, p) * 1e3 for p in (50, 95, 99)}
    return {"count": len(seconds), **row, "worst_ms": max(seconds) * 1e3}


class Watch:
    """Memory of a process while something goes on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.samples: list[tuple[float, Row]] = []
        self.cpu = 0.0
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._began, self._cpu_before = time.monotonic(), cpu_seconds(self._pid)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._began
        self.cpu = cpu_seconds(self._pid) - self._cpu_before

    def _look(self) -> None:
        while True:
            row = memory(self._pid) | {"anonymous_MiB": _anonymous(self._pid)}
            self.samples.append((time.monotonic() - self._began, row))
            if self._over.wait(SAMPLE_EVERY):
                return

    def add_to(self, report: Report) -> None:
        """At the start, when warm, at the end; and how fast it grows from then on, by least squares."""
        warm = [sample for sample in self.samples if sample[0] >= WARM_UP * self.seconds]
        report.add("at the start", **self.samples[0][1])
        if len(warm) < 3:
            return
        report.add("warm", **warm[0][1])
        report.add("at the end", **warm[-1][1])
        times = [at for at, _ in warm]
        slopes = {
            f"{column}_per_hour": _slope(times, [row[column] for _, row in warm]) * 3600
            for column in warm[0][1]
        }
        report.add("growth, from warm on", **slopes)


def _anonymous(pid: int) -> float:
    """Memory without a file behind it. SQLite maps its file, so RSS and PSS grow with the database."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _slope(xs: list[float], ys: list[float]) -> float:
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread


if __name__ == "__main__":
    main()
