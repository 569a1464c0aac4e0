"""What SIGKILL does not end is named, and its GPUs wait for it.

A process in state D cannot be made at will. So the edge is faked: real processes, to which signals are not sent, and
which /proc shows in state D.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.watching import wait_for
from worker_agent import kernel, order, processes, records, sweep
from worker_agent.board import Board
from worker_agent.children import Child
from worker_agent.job import Job
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.processes import Process
from worker_agent.trees import Tree
from worker_agent.unkillable import Unkillable

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
    return Job(order.parse({**raw, **more}), Child(pid), Tree(pid, str(folder)))


def told(job: Job) -> list[Outcome]:
    return [] if job.outcome is None else [job.outcome]


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
    wait_for(lambda: stuck.step(now + 70, []) is None)
    assert stuck.gone


def test_the_exit_code_is_told_though_a_child_hangs(
    hanging: set[int], spawn: Spawn, tmp_path: Path
) -> None:
    told = tmp_path / "child"
    script = f"sleep 86400 & echo $! > {told}.new; mv {told}.new {told}; exit 3"
    here = {"WHIRR_RUN_DIR": str(tmp_path)}
    kernel.become_subreaper()  # as an agent is: the orphan comes to us
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
    wait_for(lambda: ended.step(now + 62, []) is None)


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
