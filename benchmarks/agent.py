"""The agent: what it costs a node, idle and with a job, and how soon it is there."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Run as a file, this folder comes first on the path, and its queue.py would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import serving
from benchmarks.measuring import (
    Report,
    cpu_seconds,
    memory,
    memory_of_all,
    spread,
    timed,
    wants_quick,
)
from benchmarks.serving import Stack
from whirr.stack.child import deathsig
from whirr.stack.roster import python

SETTLED = 10  # seconds after which an agent counts as idle
HOLD = 20  # seconds between the held calls of an idle agent
BARE = [sys.executable, "-c", "import time; time.sleep(600)"]


def main() -> None:
    report = Report("agent", quick=wants_quick(__doc__ or ""))
    with serving.stack(with_agent=False) as stack:
        measure_starts(report, stack, times=3 if report.quick else 10)
        with agent(stack, "measured") as process:
            listen(process, "registered")
            time.sleep(2 if report.quick else SETTLED)
            report.section("memory")
            add_memory(report, "idle", process.pid)
            # Whole holds: a shorter stretch would count one exchange too many or too few.
            measure_idle_cpu(report, process.pid, seconds=4 if report.quick else 2 * HOLD)
            report.section("memory")
            measure_with_job(report, stack, process.pid)
    report.close()


@contextmanager
def agent(stack: Stack, name: str) -> Iterator["subprocess.Popen[str]"]:
    """An agent that does not share the server's disk, started as `whirr up` starts it."""
    options = ["--server", stack.url, "--data-dir", str(stack.project / name), "--name", name]
    process = subprocess.Popen(
        [*python("worker_agent"), *options],
        env=serving.environment(WHIRR_TOKEN=stack.secret),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=deathsig(signal.SIGKILL),
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def listen(process: "subprocess.Popen[str]", word: str) -> None:
    """Read the agent's log up to the line that has the word."""
    lines: list[str] = []
    for line in process.stderr or ():
        lines.append(line)
        if word in line:
            return
    raise RuntimeError("the agent ended: " + "".join(lines))


def measure_starts(report: Report, stack: Stack, *, times: int) -> None:
    starts, bare = [], []
    for number in range(times):
        bare.append(timed(lambda: subprocess.run([sys.executable, "-c", ""], check=True)))
        began = time.perf_counter()
        with agent(stack, f"start-{number}") as process:
            listen(process, "registered")
            starts.append(time.perf_counter() - began)
    report.section(f"start to registered, {times} times")
    whole, limit = spread(starts), spread(bare)
    report.add("agent", **whole)
    report.add("raw limit: python starts and ends", **limit)
    report.add("ratio", median_ms=whole["median_ms"] / limit["median_ms"])


def measure_idle_cpu(report: Report, pid: int, *, seconds: float) -> None:
    before = cpu_of_all(pid)
    time.sleep(seconds)
    used = {process: after - before[process] for process, after in cpu_of_all(pid).items()}
    share = {process: cpu / seconds for process, cpu in used.items()}
    report.section(f"CPU while idle, from {seconds:g} s")
    report.add("agent", s_an_hour=share.pop(pid) * 3600)
    report.add("its guard", s_an_hour=sum(share.values()) * 3600)


def cpu_of_all(pid: int) -> dict[int, float]:
    return {process: cpu_seconds(process) for process in serving.family(pid)}


def measure_with_job(report: Report, stack: Stack, pid: int) -> None:
    """The job's own memory is its own affair."""
    client = stack.client()
    before = set(serving.family(pid))
    job_id = serving.submit(client, "/bin/sleep", "600")
    serving.wait_for(client, job_id, "running")
    time.sleep(3)
    job = set(serving.family(pid)) - before
    add_memory(report, "one job", pid, without=job)
    client.post(f"/api/v1/jobs/{job_id}/cancel")
    serving.wait_for(client, job_id, "cancelled")


def add_memory(
    report: Report, when: str, pid: int, *, without: frozenset[int] | set[int] = frozenset()
) -> None:
    guards = [each for each in serving.family(pid) if each != pid and each not in without]
    report.add(f"{when}: agent", **memory(pid))
    report.add(f"{when}: its guard", **memory_of_all(guards))
    report.add(f"{when}: both", **memory_of_all([pid, *guards]))
    with subprocess.Popen(BARE, preexec_fn=deathsig(signal.SIGKILL)) as bare:
        time.sleep(1)
        report.add("raw limit: a python that sleeps", **memory(bare.pid))
        bare.kill()


if __name__ == "__main__":
    main()
