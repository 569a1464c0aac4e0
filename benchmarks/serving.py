"""The stack that is measured, and those who talk to it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring import cpu_seconds, timed
from whirr.stack.child import deathsig
from whirr.wire import Client, WireError


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """This environment without what a job or a project left in it."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("WHIRR")
    } | more


class Stack:
    """A running embedded stack with a data folder of its own."""

    def __init__(self, project: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.project = project
        self.data = project / ".whirr"
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self.ready_after = 0.0

    @property
    def secret(self) -> str:
        return (self.data / "secret").read_text().strip()

    def has_started(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError("whirr up ended:\n" + (self.project / "up.log").read_text())
        return (self.data / "server.json").exists()

    def client(self, token: str | None = None) -> Client:
        """A client with one kept connection."""
        return Client(self.url, token or self.secret, timeout=60)

    def log(self, job_id: int) -> Path:
        return self.data / "runs" / f"job-{job_id}" / "attempts" / "1" / "output.log"

    def processes(self) -> list[int]:
        return family(self.process.pid)

    def cost(self, work: Callable[[], object]) -> tuple[float, float]:
        """Seconds that the work takes, and CPU seconds of the stack's processes meanwhile."""
        before = sum(map(cpu_seconds, self.processes()))
        seconds = timed(work)
        return seconds, sum(map(cpu_seconds, self.processes())) - before


def family(pid: int) -> list[int]:
    """A process and all that came from it."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [pid, *(member for child in children for member in family(child))]


@contextmanager
def stack(*, with_agent: bool, **settings: str) -> Iterator[Stack]:
    """`whirr up` in a temporary folder; gone afterwards, also when this program is killed."""
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder:
        port = free_port()
        options = ["--no-browser", "--port", str(port), *([] if with_agent else ["--no-agent"])]
        began = time.perf_counter()
        running = Stack(Path(folder), port, _up(Path(folder), options, settings))
        try:
            until(running.has_started, what="whirr up is healthy")
            running.ready_after = time.perf_counter() - began
            if with_agent:
                until(lambda: _workers_are_idle(running.client()), what="the agent is idle")
            yield running
        finally:
            running.process.terminate()
            running.process.wait(timeout=60)


def _up(folder: Path, options: list[str], settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    with (folder / "up.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "whirr.cli.main", "up", *options],
            cwd=folder,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=deathsig(signal.SIGTERM),
        )


def _workers_are_idle(client: Client) -> bool:
    workers = client.get("/api/v1/workers").json()["workers"]
    return bool({worker["status"] for worker in workers} == {"idle"})


def until(
    look: Callable[[], object], *, what: str, within: float = 120, every: float = 0.02
) -> None:
    """Return once `look` is true. A server that cannot be asked yet is looked for again."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if look():
                return
        except WireError:
            pass
        time.sleep(every)
    raise TimeoutError(f"not within {within:g} s: {what}")


def wait_for(client: Client, job_id: int, status: str) -> dict[str, Any]:
    """The job, once it has that status."""
    seen: dict[str, Any] = {}

    def look() -> bool:
        seen.update(client.get(f"/api/v1/jobs/{job_id}").json())
        return bool(seen["status"] == status)

    until(look, what=f"job {job_id} {status}", every=0.05)
    return seen


def submit(client: Client, *argv: str, workdir: Path = Path("/")) -> int:
    wish = {"command_argv": list(argv), "workdir": str(workdir)}
    return int(client.post("/api/v1/jobs", wish).json()["job_id"])


class LightAgent:
    """The agent's side of the protocol and nothing else: it takes jobs, and runs none."""

    def __init__(self, client: Client, name: str, slots: int) -> None:
        self._client, self._name, self._slots = client, name, slots
        body = {"worker_id": name, "hostname": "bench", "slots": slots}
        client.post("/api/v1/workers/register", body)

    def claim(self) -> list[dict[str, Any]]:
        """Orders for all slots, by one sync that does not wait."""
        body = {
            "claim_id": os.urandom(8).hex(),
            "free_slots": self._slots,
            "accepting": True,
            "running": [],
            "lease_seconds": 600,
            "hold_seconds": 0,
        }
        answer = self._client.post(f"/api/v1/workers/{self._name}/sync", body).json()
        return list(answer["jobs"])

    def finish(self, order: dict[str, Any]) -> None:
        path = f"/api/v1/jobs/{order['job_id']}/attempts/{order['attempt']}/finish"
        self._client.post(path, {"worker_id": self._name, "outcome": "exited", "exit_code": 0})


def exit_of(pid: int) -> int:
    """A file descriptor that can be read from once the process has exited."""
    return os.pidfd_open(pid)


def close_all(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)
