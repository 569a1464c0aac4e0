"""An agent that was frozen past its lease wakes up: not a byte and no outcome of it are taken any more."""

import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import ROOT, Agent, Site, processes_with, sha256, wait_for
from tests.support.fault_plan import Fault, Request
from tests.support.faults import Exchange, FaultProxy

TRAINER = str(ROOT / "tests" / "e2e" / "trainer.py")
MARKER = "frozen-agent"
LEASE = 10
STREAMS = ("output.log", "metrics.jsonl")
# The first attempt trains for ever, the second one comes to its end; each with a child in a session of its own.
TRAINING = f"""
if [ "$WHIRR_ATTEMPT" = 1 ]; then lines=0; else lines=50; fi
exec {shlex.quote(sys.executable)} {shlex.quote(TRAINER)} {MARKER} $lines --child"""
# Silent, not even measured (it keeps such a file itself), and over while its agent is frozen: nothing but the outcome
# is left to tell.
ENDING = f"""
if [ "$WHIRR_ATTEMPT" = 2 ]; then echo second; exit 0; fi
: > "$WHIRR_RUN_DIR/system.jsonl"
while [ ! -e "$1" ]; do sleep 0.2; done; : {MARKER}; exit 3"""


class Gate:
    """Keeps the woken agent's syncs back, so that it is its own writes that run into the fence."""

    def __init__(self) -> None:
        self.closed = False

    def __call__(self, request: Request, number: int) -> Fault:
        kept_back = self.closed and request.worker == "first" and request.is_sync
        return Fault.DROP_REQUEST if kept_back else Fault.NONE


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def proxy(site: Site, gate: Gate) -> Iterator[FaultProxy]:
    with FaultProxy(site.port, gate) as proxy:
        yield proxy


@pytest.fixture
def agents(site: Site, proxy: FaultProxy) -> Iterator[dict[str, Agent]]:
    """`first` and `second`, not started: two slots, the shortest lease, and the proxy between."""
    found = {}
    for name in ("first", "second"):
        options = ("--slots", "2", "--lease-seconds", str(LEASE), "--poll-interval", "0.5")
        way = ("--server", proxy.url_for(name))
        found[name] = Agent(site, name, *options, *way, "--tags", name)
    yield found
    for agent in found.values():
        agent.kill()


def writes(proxy: FaultProxy, job_id: int, *, after: int = 0) -> list[Exchange]:
    """What the first agent sent for its attempt, as the proxy saw it."""
    parts = (f"/job-{job_id}/attempts/1/", f"/jobs/{job_id}/attempts/1/")
    return [
        each
        for each in proxy.history[after:]
        if each.worker == "first" and any(part in each.path for part in parts)
    ]


def on_record(site: Site, job_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    """The job with its attempts, and a checksum of every file of its run."""
    folder = site.data / "runs" / f"job-{job_id}" / "attempts"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return site.job(job_id), {str(path.relative_to(folder)): sha256(path) for path in files}


def wait_to_grow(path: Path, *, beyond: int = 0) -> None:
    wait_for(
        lambda: path.exists() and path.stat().st_size > beyond,
        within=60,
        what=f"{path} beyond {beyond} bytes",
    )


def freeze_until_all_is_done_elsewhere(
    site: Site, agents: dict[str, Agent], jobs: dict[str, int], may_end: Path
) -> None:
    """Stops the first agent alone (its guard waits for its death, and the trainings go on) past its lease."""
    theirs = site.data / "runs" / f"job-{jobs['training']}" / "attempts" / "1"
    for name in STREAMS:
        wait_to_grow(theirs / name)
    # The server calls it running before its agent has even heard of it.
    begun = agents["first"].attempt_folder(jobs["ending"], 1) / "system.jsonl"
    wait_for(begun.exists, within=30, what="the silent job begins")
    agents["first"].signal(signal.SIGSTOP)
    may_end.touch()
    agents["second"].start()
    for job_id in jobs.values():
        site.wait_for(job_id, "completed", within=60, attempt=2)
    ours = agents["first"].attempt_folder(jobs["training"], 1)
    for name in STREAMS:
        # A good deal of it is news to the server.
        wait_to_grow(ours / name, beyond=2 * (theirs / name).stat().st_size)


def test_nothing_of_a_frozen_agent_is_taken_after_another_one_has_its_jobs(
    site: Site, proxy: FaultProxy, gate: Gate, agents: dict[str, Agent], tmp_path: Path
) -> None:
    agents["first"].start()
    jobs = {
        "training": site.submit("/bin/sh", "-c", TRAINING),
        "ending": site.submit("/bin/sh", "-c", ENDING, "ending", str(tmp_path / "may-end")),
    }
    freeze_until_all_is_done_elsewhere(site, agents, jobs, tmp_path / "may-end")
    before = {job_id: on_record(site, job_id) for job_id in jobs.values()}
    gate.closed, seen = True, len(proxy.history)

    agents["first"].signal(signal.SIGCONT)

    wait_for(
        lambda: all(writes(proxy, job_id, after=seen) for job_id in jobs.values()),
        within=60,
        what="a stale write for either job",
    )
    wait_for(lambda: not processes_with(MARKER), within=60, what="the first attempt's tree gone")
    gate.closed = False
    later = site.submit("true", require_tags=["first"])
    site.wait_for(later, "completed", within=60)  # by then the agent has said all it had to say
    assert {each.status for each in writes(proxy, jobs["training"])[:2]} == {200}
    for job_id in jobs.values():
        assert {each.status for each in writes(proxy, job_id, after=seen)} == {409}
        assert on_record(site, job_id) == before[job_id]
        assert [(each["status"], each["worker_id"]) for each in before[job_id][0]["attempts"]] == [
            ("lost", "first"),
            ("succeeded", "second"),
        ]
    assert writes(proxy, jobs["ending"], after=seen)[-1].path.endswith("/finish")
