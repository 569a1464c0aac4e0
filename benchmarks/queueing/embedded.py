"""The embedded stack: how soon a submitted job starts, how soon a cancelled one is gone; jobs a second on SQLite."""

import select
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import serving
from benchmarks.measuring import Report, memory_of_all, spread, timed
from benchmarks.serving import LightAgent, Stack
from whirr.wire import Client

CLOCK = ["/bin/date", "+%s%N"]  # prints when it started
TREE = "setsid /bin/sleep 300 & echo $$ $!; wait"  # a shell, and a child in a session of its own
SETTLE = 0.3  # seconds in which agent and server come to rest
BATCH = 64  # the most that one sync hands out

CREATE = """PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
CREATE TABLE job (id INTEGER PRIMARY KEY, status TEXT, command TEXT, worker TEXT);
CREATE INDEX queued ON job (id) WHERE status = 'queued';"""
CLAIM = """UPDATE job SET status = 'running', worker = 'a' WHERE id =
(SELECT id FROM job WHERE status = 'queued' ORDER BY id LIMIT 1) RETURNING id"""


def measure(report: Report) -> None:
    """Latencies with an agent, rates without."""
    with serving.stack(with_agent=True) as stack:
        report.section("the idle embedded stack")
        report.add("whirr up, until healthy", s=stack.ready_after)
        report.add("memory of all its processes", **memory_of_all(stack.processes()))
        measure_starts(report, stack, jobs=5 if report.quick else 50)
        measure_cancels(report, stack, jobs=3 if report.quick else 20)
    with serving.stack(with_agent=False) as stack:
        measure_throughput(report, stack, jobs=BATCH if report.quick else 10 * BATCH)


def measure_starts(report: Report, stack: Stack, *, jobs: int) -> None:
    """Each job alone on an idle stack; the bare costs are taken in between."""
    client = stack.client()
    submit_to_start(client, stack)  # the first one warms up code on both sides
    starts, answers, spawns, health = [], [], [], []
    for _ in range(jobs):
        started, answered = submit_to_start(client, stack)
        starts.append(started)
        answers.append(answered)
        spawns.append(spawn_to_start())
        health.append(timed(lambda: client.get("/health")))
    bare = {what: spread(times) for what, times in (("spawn", spawns), ("health", health))}
    report.section(f"submit to process start, {jobs} jobs, one at a time")
    report.add("through whirr", **spread(starts))
    report.add("of that, until the POST is answered", **spread(answers))
    report.add("raw limit: fork and exec from Python", **bare["spawn"])
    report.add("raw limit: GET /health", **bare["health"])
    limit = bare["spawn"]["median_ms"] + bare["health"]["median_ms"]
    report.add("ratio to both limits together", median_ms=spread(starts)["median_ms"] / limit)


def submit_to_start(client: Client, stack: Stack) -> tuple[float, float]:
    """Seconds from just before the POST until the program runs, and until the POST is answered.

    Nobody asks the server anything until the program has run.
    """
    began, wall = time.perf_counter(), time.time_ns()
    job_id = serving.submit(client, *CLOCK)
    answered = time.perf_counter() - began
    time.sleep(SETTLE)
    serving.wait_for(client, job_id, "completed")
    time.sleep(SETTLE)  # the agent asks for work again
    return (int(stack.log(job_id).read_text()) - wall) / 1e9, answered


def spawn_to_start() -> float:
    """The same program, started by Python directly."""
    wall = time.time_ns()
    said = subprocess.run(CLOCK, stdout=subprocess.PIPE, check=True).stdout
    return (int(said) - wall) / 1e9


def measure_cancels(report: Report, stack: Stack, *, jobs: int) -> None:
    client = stack.client()
    times = [cancel_to_dead(client, stack) for _ in range(jobs)]
    report.section(f"cancel to the whole tree dead, {jobs} jobs")
    report.add("shell and child in its own session", **spread(times))


def cancel_to_dead(client: Client, stack: Stack) -> float:
    """Seconds from just before the POST until the last process of the tree has exited."""
    job_id = serving.submit(client, "/bin/sh", "-c", TREE)
    log = stack.log(job_id)
    serving.until(lambda: log.exists() and log.read_text().endswith("\n"), what="a running tree")
    tree = [serving.exit_of(int(pid)) for pid in log.read_text().split()]
    time.sleep(SETTLE)
    began = time.perf_counter()
    client.post(f"/api/v1/jobs/{job_id}/cancel")
    for fd in tree:
        if not select.select([fd], [], [], 60)[0]:
            raise TimeoutError(f"job {job_id} outlived its cancel by a minute")
    took = time.perf_counter() - began
    serving.close_all(tree)
    serving.wait_for(client, job_id, "cancelled")
    time.sleep(SETTLE)
    return took


def measure_throughput(report: Report, stack: Stack, *, jobs: int) -> None:
    """One client on one kept connection; SQLite below."""
    client = stack.client()
    submitting = stack.cost(lambda: [serving.submit(client, "true") for _ in range(2 * jobs)])
    wide = [LightAgent(client, f"wide-{number}", BATCH) for number in range(jobs // BATCH)]
    batches = stack.cost(lambda: claim_all(wide))
    claims, finishes = claim_singly(stack, LightAgent(client, "narrow", 1), jobs)
    raw = raw_sqlite(2 * jobs)
    report.section("jobs a second, embedded stack, one client, SQLite")
    report.add("submit", **rate(submitting, 2 * jobs, raw["insert"]))
    report.add(f"claim, {BATCH} a sync", **rate(batches, jobs, raw["claim"]))
    report.add("claim, 1 a sync", **rate(claims, jobs, raw["claim"]))
    report.add("finish", **rate(finishes, jobs, raw["claim"]))
    report.add("raw limit: one-row INSERT, own commit", per_s=raw["insert"])
    report.add("raw limit: one-row claim UPDATE, own commit", per_s=raw["claim"])


def rate(cost: tuple[float, float], jobs: int, raw: float) -> dict[str, float]:
    seconds, cpu = cost
    return {
        "per_s": jobs / seconds,
        "server_cpu_ms": cpu / jobs * 1e3,
        "ratio": raw * seconds / jobs,
    }


def claim_all(agents: list[LightAgent]) -> None:
    for agent in agents:
        claimed = len(agent.claim())
        if claimed != BATCH:
            raise RuntimeError(f"a sync handed out {claimed} jobs instead of {BATCH}")


def claim_singly(
    stack: Stack, agent: LightAgent, jobs: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """What the claims cost, and what the finishes cost: an agent with one slot takes turns."""
    taken: list[dict[str, Any]] = []
    costs = []
    for _ in range(jobs):
        costs.append(stack.cost(lambda: taken.extend(agent.claim())))
        costs.append(stack.cost(lambda: agent.finish(taken.pop())))
    claims, finishes = (
        [sum(part) for part in zip(*costs[turn::2], strict=True)] for turn in (0, 1)
    )
    return (claims[0], claims[1]), (finishes[0], finishes[1])


def raw_sqlite(rows: int) -> dict[str, float]:
    """What SQLite itself does a second with the same durability and nothing around it."""
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder:
        database = sqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        database.executescript(CREATE)
        row = ("INSERT INTO job (status, command) VALUES ('queued', ?)", ('["true"]',))
        insert = timed(lambda: [database.execute(*row) for _ in range(rows)])
        claim = timed(lambda: [database.execute(CLAIM).fetchall() for _ in range(rows)])
        database.close()
    return {"insert": rows / insert, "claim": rows / claim}
