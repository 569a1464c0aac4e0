"""What SIGKILL does not end is named, and its GPUs wait for it.

A process in state D cannot be made at will. So the edge is faked: real processes, to which signals are not sent, and
which /proc shows in state D.
"""

import itertools
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.agent.watching import alive, asleep, wait_for
from worker_agent import job, kernel, order, processes, records, sweep, unkillable
from worker_agent.board import Board
from worker_agent.children import Child
from worker_agent.job import Job
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.processes import Process
from worker_agent.records import Record
from worker_agent.supervisor import Supervisor
from worker_agent.trees import Tree
from worker_agent.unkillable import Unkillable
from worker_agent.wake import Wake

if TYPE_CHECKING:
    from worker_agent.shipping.shipper import Shipper

Spawn = Callable[..., int]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Processes that hang in the kernel, until they are taken out of this set."""
    found: set[int] = set()
    really_send, really_look = processes.send, processes.look

    def send(process: Process, number: int) -> None:
        if process.pid not in found:
            really_send(process, number)

    def look(pid: int) -> Process | None:
        process = really_look(pid)
        if process is not None and pid in found:
            process.state = "D"
        return process

    monkeypatch.setattr(processes, "send", send)
    monkeypatch.setattr(processes, "look", look)
    return found


@pytest.fixture
def subreaper() -> Iterator[None]:
    """As an agent is: orphans come to us."""
    kernel.become_subreaper()
    yield
    kernel._prctl()(kernel._PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    begun: list[int] = []

    def spawn(*words: str, **env: str) -> int:
        begun.append(os.posix_spawnp(words[0], words, {**os.environ, **env}, setsid=True))
        return begun[-1]

    yield spawn
    for pid in begun:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def a_job(pid: int, folder: Path, **more: Any) -> Job:
    raw = {"job_id": 1, "attempt": 1, "command_argv": ["x"], "workdir": "/", "run_id": "job-1"}
    tree = Tree(pid, str(folder), alone=False)  # the suite has children of its own
    return Job(order.parse({**raw, **more}), Child(pid), tree)


def must_end(stuck: Job, now: float) -> None:
    """Looked at as time goes by: each look is five seconds after the one before."""
    times = itertools.count(now, 5.0)
    wait_for(lambda: stuck.step(next(times), []) is None)


def told(stuck: Job) -> list[Outcome]:
    return [] if stuck.outcome is None else [stuck.outcome]


def test_the_outcome_is_told_after_a_minute_and_names_who_is_left(
    hanging: set[int], spawn: Spawn, tmp_path: Path
) -> None:
    pid = spawn("sleep", "86400")
    hanging.add(pid)
    stuck, now = a_job(pid, tmp_path), time.monotonic()
    stuck.stop(Outcome("cancelled"), now, 5.0)
    stuck.step(now + 64.9, [])
    assert told(stuck) == []
    stuck.step(now + 65.1, [])
    (outcome,) = told(stuck)
    assert outcome.kind == "cancelled"
    assert f"SIGKILL did not end {pid} (sleep, state D)" in outcome.error_message
    assert not stuck.gone
    hanging.clear()
    must_end(stuck, now + 71)
    assert stuck.gone


def test_what_is_stuck_is_looked_at_every_five_seconds_whatever_else_happens(
    hanging: set[int], spawn: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hang for days: looking through /proc twice a second would cost a core's hundredth all the while."""
    pid = spawn("sleep", "86400")
    hanging.add(pid)
    stuck, now = a_job(pid, tmp_path), time.monotonic()
    stuck.stop(Outcome("cancelled"), now, 5.0)
    stuck.step(now + 65.1, [])
    assert stuck.stuck
    looks: list[float] = []
    really = Tree.members

    def members(self: Tree, others: Collection[Tree]) -> processes.Table:
        looks.append(0.0)
        return really(self, others)

    monkeypatch.setattr(Tree, "members", members)
    assert stuck.step(now + 66.0, []) == stuck.step(now + 70.0, []) == now + 65.1 + 5.0
    assert not looks
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: stuck.ended)
    hanging.clear()
    must_end(stuck, now + 70.2)
    assert looks
    assert stuck.gone


@pytest.mark.usefixtures("subreaper")
def test_the_exit_code_is_told_though_a_child_hangs(
    hanging: set[int], spawn: Spawn, tmp_path: Path
) -> None:
    told = tmp_path / "child"
    script = f"sleep 86400 & echo $! > {told}.new; mv {told}.new {told}; exit 3"
    here = {"WHIRR_RUN_DIR": str(tmp_path)}
    ended = a_job(spawn("sh", "-c", script, **here), tmp_path, grace_seconds=0)
    child = int(wait_for(lambda: told.exists() and told.read_text()))
    hanging.add(child)
    wait_for(lambda: ended.ended)
    now = time.monotonic()
    ended.step(now, [])
    ended.step(now + 61, [])
    assert ended.outcome is not None
    assert (ended.outcome.kind, ended.outcome.exit_code) == ("exited", 3)
    assert f"{child} (sleep, state D)" in ended.outcome.error_message
    hanging.clear()
    must_end(ended, now + 67)


def test_its_gpus_wait_until_it_is_gone(hanging: set[int], spawn: Spawn) -> None:
    pid = spawn("sleep", "86400")
    hanging.add(pid)
    board = Board((0, 1, 2), 1)
    watch = Unkillable(board, Log())
    process = processes.look(pid)
    assert process is not None
    watch.add((0, 2), {pid: process})
    assert board.free_gpus() == [1]
    assert board.blocked() == [
        {"index": gpu, "why": "unkillable", "processes": [{"pid": pid, "name": "sleep"}]}
        for gpu in (0, 2)
    ]
    assert watch.step(100.0) == 105.0
    assert board.free_gpus() == [1]
    hanging.clear()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: watch.step(105.0) is None)
    assert board.free_gpus() == [0, 1, 2]
    assert board.blocked() == []


class Told:
    """The shipper's place: whose end was told."""

    def __init__(self) -> None:
        self.ends: list[tuple[int, int]] = []

    def follow(self, record: Record) -> None: ...

    def forget(self, key: tuple[int, int]) -> None: ...

    def ended(self, key: tuple[int, int]) -> None:
        self.ends.append(key)


@pytest.mark.usefixtures("subreaper")
@pytest.mark.parametrize("lost", [False, True])
def test_an_agent_takes_the_gpus_of_a_job_that_hangs_out_until_it_is_gone(
    hanging: set[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nap: str, lost: bool
) -> None:
    """Also where the lease was lost, and nobody waits for the outcome. An agent that stops would not wait, either."""
    monkeypatch.setattr(job, "_REPORT_AFTER", 0.1)
    monkeypatch.setattr(unkillable, "_LOOK_EVERY", 0.1)
    monkeypatch.setattr(job, "_STUCK_LOOK", 0.1)
    board, told = Board((0, 1), 1), Told()
    supervisor = Supervisor(
        board=board, shipper=cast("Shipper", told), wake=Wake(), state_folder=str(tmp_path),
        data_dir=str(tmp_path), server_url="http://x", gpu_names=None, lease_seconds=60, log=Log(),
    )  # fmt: skip
    wish = {"command_argv": ["sleep", nap], "workdir": "/", "gpus": [1], "grace_seconds": 0}
    given = order.parse({"job_id": 7, "attempt": 1, "run_id": "job-7", **wish})
    board.take(given, lease_until=kernel.now() + 60)
    supervisor.order(given)
    supervisor.step()
    (pid,) = wait_for(lambda: asleep(nap))
    hanging.add(pid)
    if lost:
        supervisor.lose((7, 1), for_good=False)
    else:
        supervisor.cancel((7, 1))

    def blocked() -> list[Any]:
        supervisor.step()
        return board.blocked()

    assert wait_for(blocked) == [
        {"index": 1, "why": "unkillable", "processes": [{"pid": pid, "name": "sleep"}]}
    ]
    assert told.ends == ([] if lost else [(7, 1)])
    assert not supervisor.busy
    assert board.free_gpus() == [0]
    hanging.clear()
    wait_for(lambda: not blocked())
    assert not alive(nap)


def test_who_may_not_be_killed_is_not_called_stuck_in_the_kernel() -> None:
    """As a program with the rights of another user."""
    process = processes.look(os.getpid())
    assert process is not None
    text = unkillable.in_words({process.pid: process}, after="exit code 1")
    assert text.startswith(f"exit code 1; SIGKILL did not end {process.pid} (")
    assert text.endswith("may the agent kill it?")


def test_a_successor_names_what_its_predecessor_could_not_kill(
    hanging: set[int], spawn: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_PATIENCE", 0.1)
    wish = order.parse(
        {"job_id": 7, "attempt": 2, "run_id": "job-7", "command_argv": ["x"], "gpus": [1]}
    )
    record = records.create(tmp_path, wish)
    pid = spawn("sleep", "86400")
    hanging.add(pid)
    process = processes.look(pid)
    assert process is not None
    record.started(*process.identity)
    swept = sweep.sweep(records.load_all(tmp_path), str(tmp_path))
    ((again, alive),) = swept.stuck
    assert (again.key, again.gpus, set(alive)) == ((7, 2), (1,), {pid})
