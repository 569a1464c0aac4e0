"""What an agent takes of a node: memory idle and at work, CPU time, and how soon it is there."""

import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import serving
from benchmarks.agents import contestants
from benchmarks.measuring import Report, Row, cpu_seconds, memory, spread, timed
from benchmarks.serving import Stack

Start = Callable[..., AbstractContextManager[int]]
HOLD = 20  # seconds between the held calls of an idle agent


@dataclass(frozen=True)
class Contestant:
    """`start(*options)` is an agent that runs; `node` are the options of those that serve eight GPUs together."""

    name: str
    start: Start
    node: list[list[str]]


def weigh(report: Report, stack: Stack, who: Contestant, *, settle: float) -> None:
    """Idle, with one job, and with eight jobs on eight GPUs that are pretended."""
    report.section("memory of the agent, its guard included where it has one")
    with who.start() as pid:
        time.sleep(settle)
        report.add(f"{who.name}: idle", **_of_all([pid], without=()))
        _with_jobs(report, stack, f"{who.name}: one job", [pid], jobs=1, settle=settle)
    with ExitStack() as running:
        pids = [running.enter_context(who.start(*options)) for options in who.node]
        _with_jobs(
            report,
            stack,
            f"{who.name}: eight jobs on eight GPUs",
            pids,
            jobs=contestants.GPUS,
            settle=settle,
        )


def _with_jobs(
    report: Report, stack: Stack, what: str, pids: list[int], *, jobs: int, settle: float
) -> None:
    client = stack.client()
    submitted = [serving.submit(client, "/bin/sleep", "600") for _ in range(jobs)]
    for job_id in submitted:
        serving.wait_for(client, job_id, "running")
    time.sleep(settle)
    report.add(what, **_of_all(pids, without=("/bin/sleep", "sleep")))
    for job_id in submitted:
        client.post(f"/api/v1/jobs/{job_id}/cancel")
    for job_id in submitted:
        serving.wait_for(client, job_id, "cancelled")


def _of_all(pids: list[int], *, without: Collection[str]) -> Row:
    """`RSS` and `peak` of the agents' own processes; `PSS` of them and their guards, but never of the jobs."""
    helpers = [
        each for pid in pids for each in serving.family(pid) if _program(each) not in without
    ]
    rows = [memory(pid) for pid in pids]
    return {
        "processes": len(helpers),
        "RSS_MiB": sum(row["RSS_MiB"] for row in rows),
        "peak_RSS_MiB": sum(map(_peak, pids)),
        "PSS_with_guard_MiB": sum(memory(each)["PSS_MiB"] for each in helpers),
    }


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure_idle_cpu(report: Report, who: Contestant, *, seconds: float) -> None:
    """Whole holds: a shorter stretch would count one exchange too many or too few."""
    with who.start() as pid:
        time.sleep(2)
        before = {each: cpu_seconds(each) for each in serving.family(pid)}
        time.sleep(seconds)
        used = sum(cpu_seconds(each) - cpu for each, cpu in before.items())
    report.section(f"CPU while idle, from {seconds:g} s")
    report.add(who.name, s_an_hour=used / seconds * 3600)


def measure_starts(report: Report, who: Contestant, *, times: int) -> None:
    """From the command to the server's knowing it."""
    starts = []
    for _ in range(times):
        began = time.perf_counter()
        with who.start():
            starts.append(time.perf_counter() - began)
    report.section(f"start to registered, {times} times")
    report.add(who.name, **spread(starts))


def measure_bare(report: Report, program: str, *, times: int) -> None:
    """The raw limits: an interpreter that does nothing."""
    command = [program, "-I", "-S", "-c", ""]
    starts = [timed(lambda: subprocess.run(command, check=True)) for _ in range(times)]
    report.section(f"start to registered, {times} times")
    report.add("raw limit: python starts and ends", **spread(starts))
    with subprocess.Popen([*command[:-1], "import time; time.sleep(60)"]) as bare:
        time.sleep(1)
        report.section("memory of the agent, its guard included where it has one")
        report.add("raw limit: a python that sleeps", **_of_all([bare.pid], without=()))
        bare.kill()
