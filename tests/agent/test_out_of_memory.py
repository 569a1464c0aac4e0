"""The kernel's kill for lack of memory is told apart from an exit code, a signal, and a kill of ours.

The kernel's counters are files here (the outermost edge): a test cannot make a machine run out of memory.
"""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for
from whirr.wire import Client
from worker_agent import oom, order, records
from worker_agent.cgroup import Cgroup
from worker_agent.children import Child
from worker_agent.job import Job
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.shipping.shipper import Shipper
from worker_agent.trees import Tree


class Counters:
    """What the kernel has counted so far, for the machine and for the job's cgroup."""

    def __init__(self, folder: Path) -> None:
        self.machine = folder / "vmstat"
        self.cgroup = folder / "job"
        self.cgroup.mkdir()

    def of_the_machine(self, kills: int) -> None:
        self.machine.write_text(f"nr_free_pages 5\noom_kill {kills}\nnuma_hit 9\n")

    def of_the_job(self, kills: int) -> None:
        text = f"low 0\nhigh 0\nmax 3\noom 1\noom_kill {kills}\noom_group_kill 0\n"
        (self.cgroup / "memory.events").write_text(text)


@pytest.fixture
def counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counters:
    counters = Counters(tmp_path)
    counters.of_the_machine(3)
    monkeypatch.setattr(oom, "_COUNTERS", str(counters.machine))
    return counters


class Ran:
    """A real process as a job, watched until it is over."""

    def __init__(self, script: str, folder: Path, cgroup: Cgroup | None = None) -> None:
        raw = {"job_id": 1, "attempt": 1, "command_argv": ["sh"], "workdir": "/", "run_id": "job-1"}
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", script], os.environ, setsid=True)
        self.job = Job(order.parse(raw), Child(pid), Tree(pid, str(folder), cgroup, alone=False))

    def end(self) -> Outcome:
        wait_for(lambda: self.job.step(time.monotonic(), []) is None and self.job.gone)
        assert self.job.outcome is not None
        return self.job.outcome


def test_a_cgroup_knows_for_certain(counters: Counters, tmp_path: Path) -> None:
    counters.of_the_job(0)
    ran = Ran("kill -9 $$", tmp_path, Cgroup(str(counters.cgroup)))
    counters.of_the_job(1)
    outcome = ran.end()
    assert (outcome.oom, outcome.signal) == (True, signal.SIGKILL)
    assert outcome.error_message == "out of memory: the kernel killed a process of the job"


def test_a_shell_that_outlives_its_training_tells_it_too(
    counters: Counters, tmp_path: Path
) -> None:
    ran = Ran("exit 137", tmp_path, Cgroup(str(counters.cgroup)))
    counters.of_the_job(2)
    outcome = ran.end()
    assert (outcome.oom, outcome.exit_code) == (True, 137)
    assert "2 processes" in outcome.error_message


def test_a_neighbours_lack_of_memory_is_not_ours(counters: Counters, tmp_path: Path) -> None:
    counters.of_the_job(0)
    ran = Ran("kill -9 $$", tmp_path, Cgroup(str(counters.cgroup)))
    counters.of_the_machine(4)
    outcome = ran.end()
    assert not outcome.oom
    assert "not by the kernel" in outcome.error_message


def test_a_job_that_got_over_it_has_succeeded(counters: Counters, tmp_path: Path) -> None:
    ran = Ran("exit 0", tmp_path, Cgroup(str(counters.cgroup)))
    counters.of_the_job(1)
    outcome = ran.end()
    assert (outcome.oom, outcome.exit_code, outcome.error_message) == (False, 0, "")


@pytest.mark.parametrize("script", ["kill -9 $$", "exit 137"])
def test_without_a_cgroup_it_is_probable(counters: Counters, tmp_path: Path, script: str) -> None:
    ran = Ran(script, tmp_path)
    counters.of_the_machine(4)
    outcome = ran.end()
    assert outcome.oom
    assert outcome.error_message.startswith("probably out of memory")


@pytest.mark.parametrize("script", ["exit 1", "kill -15 $$"])
def test_another_end_is_not_blamed_on_the_machine(
    counters: Counters, tmp_path: Path, script: str
) -> None:
    ran = Ran(script, tmp_path)
    counters.of_the_machine(4)
    outcome = ran.end()
    assert (outcome.oom, outcome.error_message) == (False, "")


def test_a_kill_of_ours_is_none_of_the_kernels(counters: Counters, tmp_path: Path) -> None:
    ran = Ran("trap '' TERM; while :; do sleep 0.02; done", tmp_path)
    ran.job.stop(Outcome("cancelled"), time.monotonic(), 0.0)
    counters.of_the_machine(4)
    outcome = ran.end()
    assert (outcome.kind, outcome.oom, outcome.error_message) == ("cancelled", False, "")


def test_a_kernel_that_does_not_count_leaves_it_open(counters: Counters, tmp_path: Path) -> None:
    counters.machine.write_text("nr_free_pages 5\n")
    outcome = Ran("kill -9 $$", tmp_path).end()
    assert not outcome.oom
    assert "when memory runs out" in outcome.error_message


def test_the_server_hears_of_it_and_only_then(server: FakeServer, tmp_path: Path) -> None:
    shipper = Shipper(
        Client(server.url), "node1", tmp_path, Log(), bandwidth=None,
        on_lost=lambda key: None, on_acknowledged=lambda key: None,
    )  # fmt: skip
    for number, out_of_memory in ((1, True), (2, False)):
        facts = {"job_id": number, "attempt": 1, "run_id": f"job-{number}"}
        record = records.Record(tmp_path, facts)
        record.ended(Outcome("exited", signal=9, oom=out_of_memory))
        (again,) = [each for each in records.load_all(tmp_path) if each.job_id == number]
        shipper.follow(again)
    shipper.start(shared=False, apart=True)
    wait_for(lambda: shipper.idle, "not delivered")
    shipper.stop(0.0)
    assert server.finishes[1, 1][0]["oom"] is True
    assert "oom" not in server.finishes[2, 1][0]
