"""The guard is there for as long as the agent is, and does its work whatever became of its own sources."""

import os
import shutil
import signal
import sys
from pathlib import Path

from tests.agent.conftest import INSTALLED, AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.test_killing import begin
from tests.agent.test_staying_small import archive, children_of
from tests.agent.watching import must_be_gone, wait_for

__all__ = ["archive"]


def guards(agent: AgentProcess) -> list[int]:
    return [pid for pid in children_of(agent.pid) if "whirr-guard" in text_of(pid, "cmdline")]


def zombies(agent: AgentProcess) -> list[int]:
    return [pid for pid in children_of(agent.pid) if ") Z " in text_of(pid, "stat")]


def text_of(pid: int, name: str) -> str:
    try:
        return (Path("/proc") / str(pid) / name).read_text()
    except OSError:
        return ""


def test_a_guard_that_is_gone_is_replaced_and_the_new_one_works(
    server: FakeServer, agent: AgentProcess, nap: str
) -> None:
    (first,) = wait_for(lambda: guards(agent))
    os.kill(first, signal.SIGKILL)
    (second,) = wait_for(lambda: [pid for pid in guards(agent) if pid != first])
    wait_for(lambda: "guard was killed" in agent.log)
    begin(server, "setsid sleep {nap} & wait", nap)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(second, number)
    agent.send(signal.SIGKILL)
    must_be_gone(nap)


def test_a_new_guard_holds_the_lock_until_it_has_swept_and_leaves_with_the_agent(
    server: FakeServer, agent: AgentProcess
) -> None:
    (first,) = wait_for(lambda: guards(agent))
    os.kill(first, signal.SIGKILL)
    (second,) = wait_for(lambda: [pid for pid in guards(agent) if pid != first])
    held = [os.path.realpath(link) for link in Path(f"/proc/{second}/fd").iterdir()]
    assert str(agent.state / "lock") in held
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0
    assert not Path(f"/proc/{second}").exists()


def test_the_dead_are_buried_though_one_of_them_is_of_no_job(
    server: FakeServer, start: Start
) -> None:
    """As what an entry script left in the agent's own session."""
    script = '(exec sleep 1) & exec "$0" "$@"'
    agent = start(program=["sh", "-c", script, *INSTALLED])
    key = server.submit("sh", "-c", "for i in 1 2 3; do (setsid true &); sleep 0.5; done")
    assert server.outcome(key)["exit_code"] == 0
    wait_for(lambda: not zombies(agent), "nobody reaps the dead")


def test_a_guard_works_though_the_archive_is_gone(
    server: FakeServer, start: Start, archive: str, tmp_path: Path, nap: str
) -> None:
    """As after an update that put another file in its place."""
    mine = shutil.copy(archive, tmp_path / "agent.pyz")
    agent = start(program=[sys.executable, "-I", mine])
    begin(server, "setsid sleep {nap} & wait", nap)
    Path(mine).unlink()
    agent.send(signal.SIGKILL)
    must_be_gone(nap)


def test_a_new_guard_works_though_the_archive_is_gone(
    server: FakeServer, start: Start, archive: str, tmp_path: Path, nap: str
) -> None:
    mine = shutil.copy(archive, tmp_path / "agent.pyz")
    agent = start(program=[sys.executable, "-I", mine])
    begin(server, "setsid sleep {nap} & wait", nap)
    Path(mine).unlink()
    (first,) = wait_for(lambda: guards(agent))
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: [pid for pid in guards(agent) if pid != first])
    agent.send(signal.SIGKILL)
    must_be_gone(nap)
