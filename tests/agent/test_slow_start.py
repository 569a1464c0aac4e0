"""A start that hangs, as on a file server that does not answer, holds up nothing else.

The kernel makes a program wait that wants to execute a file on which somebody has a lease: until that is given back.
"""

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.test_staying_small import children_of
from tests.agent.watching import wait_for
from worker_agent import job, kernel, order, processes
from worker_agent.board import Board
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.records import Record
from worker_agent.supervisor import Supervisor
from worker_agent.wake import Wake

if TYPE_CHECKING:
    from worker_agent.shipping.shipper import Shipper


class Slow:
    """A program that cannot be executed until it is released."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = str(path)
        path.write_text(text)
        path.chmod(0o755)
        self._fd = os.open(path, os.O_RDONLY)
        fcntl.fcntl(self._fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


MakeSlow = Callable[[str], Slow]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[MakeSlow]:
    made: list[Slow] = []

    def make(text: str) -> Slow:
        made.append(Slow(tmp_path / f"slow-{len(made)}", text))
        return made[-1]

    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # the kernel asks for the lease back
    yield make
    for each in made:
        each.release()
    signal.signal(signal.SIGIO, before)


def starting(agent: AgentProcess) -> list[int]:
    """Children in a session of their own: jobs, also those that are no program yet."""
    return [pid for pid in children_of(agent.pid) if os.getsid(pid) != os.getsid(agent.pid)]


def test_others_go_on_while_one_cannot_start(
    server: FakeServer, start: Start, slow: MakeSlow
) -> None:
    agent = start("--slots", "2")
    program = slow("#!/bin/sh\nexit 7\n")
    first = server.submit(program.path)
    wait_for(lambda: starting(agent))
    assert server.outcome(server.submit("true"))["exit_code"] == 0
    assert not server.finishes[first]
    program.release()
    assert server.outcome(first)["exit_code"] == 7


def test_a_job_that_cannot_start_can_be_cancelled(
    agent: AgentProcess, server: FakeServer, slow: MakeSlow
) -> None:
    key = server.submit(slow("#!/bin/sh\n").path, grace_seconds=86400, stop_signal="SIGUSR1")
    wait_for(lambda: starting(agent))
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert not starting(agent)


def test_what_is_wrong_with_the_command_is_told_though_it_is_known_late(
    agent: AgentProcess, server: FakeServer, slow: MakeSlow
) -> None:
    program = slow("no first line\n")
    key = server.submit(program.path)
    wait_for(lambda: starting(agent))
    agent.send(signal.SIGTERM)
    wait_for(lambda: "told to stop" in agent.log)
    program.release()
    outcome = server.outcome(key)
    assert outcome["outcome"] == "never_started"
    assert "first line" in outcome["error_message"]


def test_kill_9_of_the_agent_ends_what_never_started(
    agent: AgentProcess, server: FakeServer, slow: MakeSlow
) -> None:
    server.submit(slow("#!/bin/sh\n").path)
    (pid,) = wait_for(lambda: starting(agent))
    process = processes.look(pid)
    assert process is not None
    agent.send(signal.SIGKILL)
    wait_for(lambda: not processes.lives(process))


class Told:
    """The shipper's place: what was told of each end."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.ends: list[Outcome | None] = []

    def follow(self, record: Record) -> None:
        self.records.append(record)

    def ended(self, key: tuple[int, int]) -> None:
        self.ends += [record.outcome for record in self.records if record.key == key]


def test_the_agent_gives_up_after_a_while(
    tmp_path: Path, slow: MakeSlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_START_PATIENCE", 0.5)
    board, told = Board((), 1), Told()
    supervisor = Supervisor(
        board=board, shipper=cast("Shipper", told), wake=Wake(), state_folder=str(tmp_path),
        data_dir=str(tmp_path), server_url="http://x", gpu_names=None, lease_seconds=60, log=Log(),
    )  # fmt: skip
    wish = {"command_argv": [slow("#!/bin/sh\n").path], "workdir": "/", "grace_seconds": 86400}
    given = order.parse({"job_id": 7, "attempt": 1, "run_id": "job-7", **wish})
    board.take(given, lease_until=kernel.now() + 60)
    supervisor.order(given)

    def ends() -> list[Outcome | None]:
        supervisor.step()
        return told.ends

    (outcome,) = wait_for(ends)
    assert outcome is not None
    assert outcome.kind == "never_started"
    assert "did not start within 0.5 s" in outcome.error_message
    assert board.free_slots() == 1
