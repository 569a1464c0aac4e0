"""Real agents as real processes, and the server that they talk to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.agent.fake_server import FakeServer
from tests.agent.watching import alive, wait_for

ROOT = Path(__file__).resolve().parents[2]


INSTALLED = (sys.executable, "-m", "worker_agent")


class AgentProcess:
    def __init__(
        self,
        server: FakeServer,
        data_dir: Path,
        *options: str,
        program: Sequence[str] = INSTALLED,
        **env: str,
    ) -> None:
        self.data_dir = data_dir
        command = [*program, "--data-dir", str(data_dir), "--poll-interval", "0.3"]
        if "--server" not in options:
            command += ["--server", server.url]
        if "--name" not in options:
            command += ["--name", "node1"]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def state(self) -> Path:
        return self.data_dir / "agent" / "node1"

    @property
    def log(self) -> str:
        path = self.state / "worker.log"
        return path.read_text() if path.exists() else ""

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        """kill -9, and wait until its guard has gone, too: then nobody holds the lock."""
        self.process.kill()
        self.process.wait()

    def records(self) -> list[Path]:
        return list((self.state / "attempts").glob("*.json"))

    def delivered(self) -> None:
        wait_for(lambda: not self.records(), "the agent still has something to deliver")


Start = Callable[..., AgentProcess]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.stop()


@pytest.fixture
def start(server: FakeServer, tmp_path: Path) -> Iterator[Start]:
    """Start an agent; all that are left are killed at the end, and with them their jobs."""
    started: list[AgentProcess] = []

    def start_one(*options: str, **more: Any) -> AgentProcess:
        agent = AgentProcess(server, tmp_path / "data", *options, **more)
        started.append(agent)
        return agent

    yield start_one
    for agent in started:
        agent.kill()


@pytest.fixture
def agent(server: FakeServer, start: Start) -> AgentProcess:
    agent = start()
    assert server.is_registered()
    return agent


@pytest.fixture
def nap() -> Iterator[str]:
    """A number of seconds that nobody else sleeps: it finds a test's processes again."""
    seconds = f"86400.{int.from_bytes(os.urandom(4), 'big'):010d}"
    yield seconds
    for pid in alive(seconds):
        with suppress(ProcessLookupError):  # it was about to end anyhow
            os.kill(pid, signal.SIGKILL)
