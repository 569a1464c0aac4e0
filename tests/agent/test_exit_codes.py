"""An agent that ends for something that may pass says so by a code that its unit restarts; and a turn of the loop
that fails ends nothing at all."""

from __future__ import annotations

import fcntl
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.conftest import INSTALLED, ROOT, AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import asleep, wait_for
from worker_agent import state

NOTHING_MORE = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")  # no file can grow: a disk that is full
BROKEN = """
import sys
from worker_agent import {0}, main
def fail(*_):
    raise MemoryError('none left')
{0}.{1} = fail
sys.exit(main.main())
"""
SERVER = "http://127.0.0.1:1"
PASSING = 75


def ended(*program: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    options = ["--server", SERVER, "--data-dir", str(data_dir), "--name", "node1"]
    return subprocess.run(
        [*program, *options], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_disk_that_is_full_at_the_first_start_may_have_room_later(tmp_path: Path) -> None:
    answer = ended(*NOTHING_MORE, *INSTALLED, data_dir=tmp_path / "data")
    assert answer.returncode == PASSING
    assert "cannot start: [Errno 27] File too large" in answer.stderr
    assert str(tmp_path / "data" / "agent") in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_disk_that_is_full_keeps_no_agent_from_starting_again(
    server: FakeServer, start: Start
) -> None:
    """It makes room, once it runs."""
    first = start()
    assert server.is_registered()
    first.send(signal.SIGTERM)
    assert first.wait() == 0
    before = len(server.registrations)
    start(program=[*NOTHING_MORE, *INSTALLED])
    server.wait_for(lambda: len(server.registrations) > before, "it did not start")


@pytest.mark.parametrize(("module", "name"), [("options", "read"), ("packing", "pack")])
def test_what_nobody_foresaw_is_no_verdict_on_the_options(
    tmp_path: Path, module: str, name: str
) -> None:
    answer = ended(sys.executable, "-c", BROKEN.format(module, name), data_dir=tmp_path)
    assert answer.returncode == PASSING
    assert "cannot start: MemoryError('none left') (<string>, line 5)" in answer.stderr


@pytest.mark.parametrize("error", ["BlockingIOError(11, 'Try again')", "RuntimeError('odd')"])
def test_a_start_that_fails_half_way_is_tried_again(tmp_path: Path, error: str) -> None:
    """As where no process can be forked: the guard is the first one."""
    code = f"""
import sys
from worker_agent import guard, main
sys.executable = ''  # so it goes on in this process
def fail(*_):
    raise {error}
guard.post = fail
sys.exit(main.main())
"""
    answer = ended(sys.executable, "-c", code, data_dir=tmp_path)
    assert answer.returncode == PASSING
    log = (tmp_path / "agent" / "node1" / "worker.log").read_text()
    assert f"cannot start: {error}" in log


class TestTheLock:
    def test_an_agent_that_lives_has_the_name(self, server: FakeServer, start: Start) -> None:
        first = start()
        assert server.is_registered()
        second = start()
        assert second.wait() == 1
        assert "another agent called node1 works in" in first.log

    def test_a_guard_that_sweeps_for_long_is_waited_for_by_the_next_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(state, "_LOCK_PATIENCE", 0.0)
        mine = state.State(str(tmp_path), "node1")
        with (tmp_path / "agent" / "node1" / "lock").open() as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            with pytest.raises(state.Busy, match="lock"):
                mine.lock()
        mine.lock()

    def test_a_file_system_that_cannot_lock_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def flock(*_: int) -> None:
            raise OSError(37, "No locks available")

        mine = state.State(str(tmp_path), "node1")
        monkeypatch.setattr(fcntl, "flock", flock)
        with pytest.raises(OSError, match="No locks available"):
            mine.lock()


def said_to(path: Path) -> tuple[str, ...]:
    return ("sh", "-c", f'exec "$@" 2>> {path}', "sh", *INSTALLED)


def hold_files(agent: AgentProcess, most: int) -> None:
    _, hard = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (most, hard))


def test_a_turn_that_fails_ends_neither_the_agent_nor_its_jobs(
    server: FakeServer, start: Start, tmp_path: Path, nap: str
) -> None:
    """/proc cannot be listed for a while: no file can be opened."""
    stderr = tmp_path / "stderr"
    agent = start(program=said_to(stderr))
    assert server.is_registered()
    key = server.submit("sleep", nap)
    wait_for(lambda: asleep(nap), "no job")
    assert server.wait_for(lambda: server.syncs)
    usual, _ = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    hold_files(agent, 3)
    (job,) = asleep(nap)
    subprocess.run(["kill", "-TERM", str(job)], check=True)
    wait_for(lambda: agent.process.poll() is not None or "trying again" in stderr.read_text())
    assert agent.process.poll() is None
    assert "Too many open files" in stderr.read_text()
    hold_files(agent, usual)
    assert server.outcome(key)["signal"] == signal.SIGTERM
