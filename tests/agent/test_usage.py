"""What a job uses: measured from outside, written like metrics, and never in the job's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for
from worker_agent import usage as module
from worker_agent.board import Board
from worker_agent.order import Order, parse
from worker_agent.trees import Tree
from worker_agent.usage import EVERY, Usage

# It burns two hundredths of a second at least, and so does its child; then both wait to be killed.
WORK = """import os, signal, time
pid = os.fork()
while time.process_time() < 0.05: pass
print("begun", flush=True)
signal.pause()"""


class Machine:
    """Stands for the load of the machine, as the watch saw it last."""

    def __init__(self) -> None:
        self.gpus: list[dict[str, Any]] = []

    def now(self) -> dict[str, Any]:
        return {"cpu_percent": 12.5, "memory_used_mb": 900, "gpus": self.gpus}


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def board() -> Board:
    return Board((0, 1), 0)


@pytest.fixture
def usage(tmp_path: Path, board: Board, machine: Machine) -> Usage:
    return Usage(str(tmp_path), board, machine)  # type: ignore[arg-type]


Running = list[tuple[Order, Tree]]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A job on GPU 1 with a child process."""
    order = parse(
        {
            "job_id": 7, "attempt": 2, "run_id": "job-7", "command_argv": ["x"], "workdir": "/",
            "env": {}, "gpus": [1], "timeout_seconds": None, "grace_seconds": 1, "run_token": "",
        }
    )  # fmt: skip
    folder = tmp_path / "runs" / "job-7" / "attempts" / "2"
    folder.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", WORK], start_new_session=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(2):
        assert process.stdout.readline() == b"begun\n"
    yield [(order, Tree(process.pid, str(folder), alone=False))]
    os.killpg(process.pid, 9)
    process.wait()
    process.stdout.close()


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "runs" / "job-7" / "attempts" / "2" / "system.jsonl"
    return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []


def test_the_whole_tree_and_the_machine_are_measured(
    usage: Usage, running: Running, machine: Machine, tmp_path: Path
) -> None:
    machine.gpus = [
        {"index": index, "utilization": 98, "memory_used_mb": 30_100, "power_w": None}
        for index in (0, 1)
    ]
    assert usage.step(running, 100.0) == 100.0 + EVERY
    assert lines(tmp_path) == []
    assert usage.step(running, 110.0) == 110.0 + EVERY
    (line,) = lines(tmp_path)
    assert line.pop("_timestamp").endswith("Z")
    assert line.pop("system/cpu_percent") >= 0.8  # 0.1 s of 10 s, and the clock's ticks are coarse
    assert line.pop("system/rss_mb") >= 10
    assert line == {
        "_idx": 0,
        "system/processes": 2,
        "system/node/cpu_percent": 12.5,
        "system/node/memory_used_mb": 900,
        "system/gpu1/utilization": 98,
        "system/gpu1/memory_used_mb": 30_100,
    }


def test_a_reading_of_the_gpus_is_told_once(
    usage: Usage, running: Running, machine: Machine, tmp_path: Path
) -> None:
    machine.gpus = [{"index": 1, "utilization": 98}]
    for now in (0.0, 10.0, 20.0):
        usage.step(running, now)
    machine.gpus = [{"index": 1, "utilization": 98}]
    usage.step(running, 30.0)
    told = ["system/gpu1/utilization" in line for line in lines(tmp_path)]
    assert told == [True, False, True]
    assert [line["_idx"] for line in lines(tmp_path)] == [0, 1, 2]


def test_between_two_looks_nothing_is_read(
    usage: Usage, running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looks: list[float] = []
    monkeypatch.setattr(usage, "_look", looks.append)
    for tenth in range(301):
        usage.step(running, tenth / 10)
    assert looks == [10.0, 20.0, 30.0]
    assert usage.step([], 31.0) is None


def test_processes_of_no_job_are_not_read_each_time(
    usage: Usage, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    really = module._read

    def counted(pids: set[int]) -> Any:
        read.append(len(pids))
        return really(pids)

    monkeypatch.setattr(module, "_read", counted)
    for now in range(0, 80, 10):
        usage.step(running, float(now))
    assert read[0] > 2
    assert read[6] > 2, "once a minute all are looked at anew"
    assert min(read[1:6]) < read[0]


def test_a_job_that_keeps_such_a_file_is_left_alone(
    usage: Usage, running: Running, tmp_path: Path
) -> None:
    path = tmp_path / "runs" / "job-7" / "attempts" / "2" / "system.jsonl"
    os.mkfifo(path)
    for now in (0.0, 10.0, 20.0):
        usage.step(running, now)
    path.unlink()
    usage.step(running, 30.0)
    assert not path.exists()


def test_a_file_that_the_job_goes_on_with_is_left_to_it(
    usage: Usage, running: Running, tmp_path: Path
) -> None:
    usage.step(running, 0.0)
    usage.step(running, 10.0)
    with (tmp_path / "runs/job-7/attempts/2/system.jsonl").open("a") as file:
        file.write('{"_idx": 0, "mine": 1}\n')
    for now in (20.0, 30.0):
        usage.step(running, now)
    assert [line.get("mine") for line in lines(tmp_path)] == [None, 1]


def test_on_a_full_disk_what_is_left_is_the_jobs(
    usage: Usage, running: Running, board: Board, tmp_path: Path
) -> None:
    usage.step(running, 0.0)
    board.disk_low = True
    usage.step(running, 10.0)
    assert lines(tmp_path) == []
    board.disk_low = False
    usage.step(running, 20.0)
    assert len(lines(tmp_path)) == 1


def test_an_agent_measures_what_it_runs_and_sends_it(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    key = server.submit("sh", "-c", f"sleep {nap} & sleep {nap}")
    place = (f"job-{key[0]}/1", "system.jsonl")
    said = json.loads(wait_for(lambda: bytes(server.streams[place])))
    assert said["_idx"] == 0
    assert said["system/processes"] == 3
    server.cancel(key)
    server.outcome(key)
