"""Where a part of the cgroup tree was delegated to the agent, no process gets away, and no folder stays.

These tests work on the kernel's own tree. Where the suite may not touch that (it is not root, or there is no
cgroup version 2) they have no parameter; `test_cgroup_files.py` then says alone what is written where.
The memory controller is not needed here: a real OOM kill is not among these tests.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.cgroups import Delegated, delegate, trees
from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.families import FAMILIES
from tests.agent.test_killing import begin
from tests.agent.watching import alive, asleep, must_be_gone, wait_for


@pytest.fixture(params=trees(), ids=str)
def delegated(request: pytest.FixtureRequest) -> Iterator[Delegated]:
    yield from delegate(request.param)


@pytest.fixture
def housed(server: FakeServer, start: Start, delegated: Delegated) -> AgentProcess:
    """An agent with two slots in a cgroup that was delegated to it."""
    agent = start("--slots", "2", program=delegated.program)
    assert server.is_registered()
    return agent


def test_an_attempt_has_a_cgroup_and_leaves_no_folder(
    housed: AgentProcess, delegated: Delegated, server: FakeServer
) -> None:
    inner = "mkdir /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/made-by-the-job"
    key = server.submit("sh", "-c", f"grep ^0:: /proc/self/cgroup; {inner}")
    assert server.outcome(key)["exit_code"] == 0
    assert f"/job-1.1-{housed.pid}\n".encode() in server.log(key)
    assert Path(f"/proc/{housed.pid}/cgroup").read_text().rstrip().endswith("/agent")
    wait_for(lambda: not delegated.jobs(), "the attempt's cgroup was not removed")
    assert f"each attempt gets a cgroup in /sys/fs/cgroup/{delegated.folder.name}" in housed.log


def test_who_hides_beside_another_job_is_found(
    housed: AgentProcess, delegated: Delegated, server: FakeServer, nap: str
) -> None:
    """No mark, no session, no parent: without a cgroup it would live on until the neighbour ends."""
    neighbour = server.submit("sh", "-c", "echo begun; exec sleep 86400")
    server.log_with(neighbour, b"begun")
    escape = "(env -i setsid sleep {nap} >/dev/null 2>&1 &) ; sleep 86399"
    key = begin(server, escape, nap)
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert not alive(nap)
    wait_for(lambda: len(delegated.jobs()) == 1, "the attempt's cgroup was not removed")
    assert not server.finishes[neighbour]


@pytest.mark.parametrize("family", FAMILIES)
def test_kill_9_of_the_agent_empties_the_cgroup(
    housed: AgentProcess, delegated: Delegated, server: FakeServer, nap: str, family: str
) -> None:
    begin(server, FAMILIES[family], nap)
    housed.send(signal.SIGKILL)
    must_be_gone(nap)
    wait_for(lambda: not delegated.jobs(), "the guard left the attempt's cgroup")


def test_a_successor_ends_what_agent_and_guard_could_not(
    housed: AgentProcess, delegated: Delegated, server: FakeServer, start: Start, nap: str
) -> None:
    """Both are killed at once; what is left bears no mark, and only its cgroup tells whose it is."""
    key = begin(server, "(env -i setsid sleep {nap} >/dev/null 2>&1 &) ; sleep 86399", nap)
    children = Path(f"/proc/{housed.pid}/task/{housed.pid}/children").read_text().split()
    guard = next(pid for pid in children if "whirr-guard" in command_of(pid))
    os.kill(int(guard), signal.SIGKILL)
    housed.send(signal.SIGKILL)
    housed.process.wait()
    assert asleep(nap)
    start(program=delegated.program)
    assert server.outcome(key)["outcome"] == "lost"
    must_be_gone(nap)
    wait_for(lambda: not delegated.jobs(), "the successor left the attempt's cgroup")


def test_an_agent_that_is_not_alone_makes_do(
    server: FakeServer, start: Start, delegated: Delegated, nap: str
) -> None:
    """With others beside it the kernel grants no controllers; the cgroups work all the same."""
    unshare, options, shell, c, script, *rest = delegated.program
    with_a_neighbour = script.replace(" && exec", " && (sleep 600 &) && exec")
    start(program=[unshare, options, shell, c, with_a_neighbour, *rest])
    key = begin(server, FAMILIES["no environment"], nap)
    assert len(delegated.jobs()) == 1
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert not alive(nap)


def command_of(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
