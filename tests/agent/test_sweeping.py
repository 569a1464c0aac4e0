"""After kill -9 an agent's records lead to its processes, and never to a stranger who got their numbers."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import alive, asleep, must_be_gone, wait_for
from whirr.wire import layout
from worker_agent import kernel, processes
from worker_agent.processes import Process
from worker_agent.records import Record
from worker_agent.sweep import sweep

LeftBehind = Callable[..., Record]


@pytest.fixture
def stranger(nap: str) -> Iterator[Process]:
    """A process in a session of its own, with a child: as a job is, but nobody's."""
    pid = os.posix_spawn(
        "/bin/sh", ["sh", "-c", f"sleep {nap} & sleep {nap}"], os.environ, setsid=True
    )
    wait_for(lambda: len(asleep(nap)) == 2)
    process = processes.look(pid)
    assert process is not None
    yield process
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def a_record(folder: Path, pid: int, ticks: int, **facts: object) -> Record:
    usual = {"job_id": 1, "attempt": 1, "run_id": "job-1", "boot_id": kernel.boot_id()}
    return Record(folder, {**usual, "pid": pid, "ticks": ticks, **facts})


def test_the_process_of_the_record_dies_with_its_session(
    stranger: Process, tmp_path: Path, nap: str
) -> None:
    """That the other tests here could fail: pid, ticks and boot are those of the record."""
    swept = sweep([a_record(tmp_path, stranger.pid, stranger.ticks)], str(tmp_path))
    assert len(swept.killed) == 3
    assert not swept.stuck
    must_be_gone(nap)


@pytest.mark.parametrize("off", [-1, 1, 100_000])
def test_a_number_that_belongs_to_somebody_else_now_hits_nobody(
    stranger: Process, tmp_path: Path, nap: str, off: int
) -> None:
    swept = sweep([a_record(tmp_path, stranger.pid, stranger.ticks + off)], str(tmp_path))
    assert (swept.killed, swept.stuck) == (set(), [])
    assert len(asleep(nap)) == 2


def test_a_number_of_another_boot_hits_nobody(stranger: Process, tmp_path: Path, nap: str) -> None:
    """Not even where pid and ticks are the same, as after each boot of the same image."""
    record = a_record(tmp_path, stranger.pid, stranger.ticks, boot_id="another-boot")
    assert not sweep([record], str(tmp_path)).killed
    assert len(asleep(nap)) == 2


def test_an_attempt_that_was_over_is_left_alone(
    stranger: Process, tmp_path: Path, nap: str
) -> None:
    outcome = {"kind": "exited", "exit_code": 0}
    record = a_record(tmp_path, stranger.pid, stranger.ticks, outcome=outcome)
    assert not sweep([record], str(tmp_path)).killed
    assert len(asleep(nap)) == 2


def test_a_cgroup_that_is_gone_is_nobodys(stranger: Process, tmp_path: Path, nap: str) -> None:
    gone = str(tmp_path / "job-1.1-1")
    record = a_record(tmp_path, stranger.pid, stranger.ticks + 1, cgroup=gone)
    assert not sweep([record], str(tmp_path)).killed
    assert len(asleep(nap)) == 2


def test_a_signal_reaches_only_who_it_was_meant_for(stranger: Process, nap: str) -> None:
    earlier = Process(stranger.pid, stranger.ticks - 1, 1, 1, "S")
    processes.send(earlier, signal.SIGKILL)
    assert processes.lives(stranger)
    assert not processes.lives(earlier)
    assert len(asleep(nap)) == 2


def test_a_successor_after_another_boot_reports_and_hits_nobody(
    stranger: Process, server: FakeServer, start: Start, nap: str
) -> None:
    """The same through a whole agent, which finds such a record in its folder."""
    agent = start()
    assert server.is_registered()
    agent.kill()
    wait_for(lambda: not alive(f"{agent.data_dir}"), "its guard is still there")
    folder = agent.state / "attempts"
    (agent.data_dir / layout.attempt_path("job-1", 1)).mkdir(parents=True)
    record = a_record(folder, stranger.pid, stranger.ticks, boot_id="another-boot")
    record.started(stranger.pid, stranger.ticks)
    successor = start()
    told = server.outcome((1, 1))
    assert told["outcome"] == "lost"
    assert "the machine was restarted" in told["error_message"]
    successor.delivered()
    assert len(asleep(nap)) == 2


def test_a_guard_hits_no_stranger_either(
    agent: AgentProcess, server: FakeServer, stranger: Process, nap: str
) -> None:
    record = a_record(agent.state / "attempts", stranger.pid, stranger.ticks + 1)
    record.started(stranger.pid, stranger.ticks + 1)
    agent.kill()
    wait_for(lambda: not alive(f"{agent.data_dir}"), "its guard is still there")
    assert len(asleep(nap)) == 2
