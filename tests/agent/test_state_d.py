"""Of a process in state D only that is read which the kernel tells without its help: the rest might hang, too.

These are in state D indeed: they wait in vfork for a child that waits for a file on which a test has a lease.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.test_slow_start import MakeSlow, Slow, slow
from tests.agent.test_unkillable import Spawn, a_job, spawn, subreaper
from tests.agent.watching import wait_for
from worker_agent import order, processes, records, sweep, trees
from worker_agent.trees import Tree

__all__ = ["slow", "spawn", "subreaper"]

WAIT = "import os, sys, time; os.posix_spawn(sys.argv[1], sys.argv[1:], {}); time.sleep(86400)"
ORPHANED = "setsid {python} -c '{wait}' {program} >/dev/null 2>&1 & echo $! > {told}.new; mv {told}.new {told}"


def state_of(pid: int) -> str:
    process = processes.look(pid)
    return "" if process is None else process.state


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whose environment was read."""
    found: list[int] = []
    really = processes.environment_has

    def environment_has(pid: int, assignment: str) -> bool:
        found.append(pid)
        return really(pid, assignment)

    monkeypatch.setattr(processes, "environment_has", environment_has)
    return found


@pytest.fixture
def program(slow: MakeSlow) -> Iterator[Slow]:
    made = slow("#!/bin/sh\n")
    yield made
    made.release()


def test_a_sweep_reads_no_environment_in_state_d_but_looks_again(
    program: Slow, spawn: Spawn, read: list[int], tmp_path: Path
) -> None:
    wish = order.parse({"job_id": 7, "attempt": 2, "run_id": "job-7", "command_argv": ["x"]})
    record = records.create(tmp_path, wish)
    mark = f"{tmp_path}/runs/job-7/attempts/2"
    pid = spawn(sys.executable, "-c", WAIT, program.path, WHIRR_RUN_DIR=mark)
    wait_for(lambda: state_of(pid) == "D")
    assert pid not in trees.left_behind(mark, None)
    assert pid not in read
    later = threading.Timer(0.3, program.release)
    later.start()
    swept = sweep.sweep([record], str(tmp_path))
    later.join()
    assert pid in {killed for killed, _ in swept.killed}
    assert swept.stuck == []


@pytest.mark.usefixtures("subreaper")
def test_a_job_is_not_over_while_an_orphan_in_state_d_may_be_its_own(
    program: Slow, spawn: Spawn, read: list[int], tmp_path: Path
) -> None:
    """Beside another job, so that it could be that one's as well."""
    told = tmp_path / "orphan"
    script = ORPHANED.format(python=sys.executable, wait=WAIT, program=program.path, told=told)
    neighbour = Tree(spawn("sleep", "86400"), str(tmp_path / "other"))
    main = spawn("sh", "-c", script, WHIRR_RUN_DIR=str(tmp_path))
    ended = a_job(main, tmp_path, grace_seconds=0)
    orphan = int(wait_for(lambda: told.exists() and told.read_text()))
    wait_for(lambda: ended.ended and state_of(orphan) == "D")
    now = ended._begin_until or 0.0
    assert ended.step(now, [neighbour]) is not None
    assert orphan not in read
    program.release()
    wait_for(lambda: ended.step(now, [neighbour]) is None)
    assert state_of(orphan) in ("", "Z")
    assert state_of(neighbour.pid) == "S"


@pytest.mark.usefixtures("subreaper")
def test_a_job_does_not_wait_for_ever_for_who_may_be_its_own(
    program: Slow, spawn: Spawn, tmp_path: Path
) -> None:
    told = tmp_path / "orphan"
    script = ORPHANED.format(python=sys.executable, wait=WAIT, program=program.path, told=told)
    neighbour = Tree(spawn("sleep", "86400"), str(tmp_path / "other"))
    ended = a_job(spawn("sh", "-c", script), tmp_path, grace_seconds=0)
    orphan = int(wait_for(lambda: told.exists() and told.read_text()))
    wait_for(lambda: ended.ended and state_of(orphan) == "D")
    now = ended._begin_until or 0.0
    assert ended.step(now, [neighbour]) is not None
    assert ended.step(now + 61.0, [neighbour]) is None
    os.kill(orphan, signal.SIGKILL)
