"""Real server and agent processes for end-to-end tests; whatever a test starts dies with it."""

import hashlib
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from tests.support.guard import dies_with_its_parent
from tests.support.ports import free_port

logging.getLogger("httpx").setLevel(logging.WARNING)  # a poll would fill the report

ROOT = Path(__file__).resolve().parents[2]
Found = TypeVar("Found")


def wait_for(
    look: Callable[[], Found | None],
    *,
    within: float,
    what: str | Callable[[], str],
    every: float = 0.05,
) -> Found:
    """The first truthy answer of `look`. Fails, saying `what` did not happen, after `within` seconds."""
    until = time.monotonic() + within
    while True:
        if found := look():
            return found
        if time.monotonic() > until:
            missed = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {within:g} s: {missed}")
        time.sleep(every)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no file"


@cache
def migrated() -> Path:
    """A database without rows, made once a session: the tables take seconds that every server would pay."""
    folder = Path(tempfile.mkdtemp(prefix="whirr-migrated-"))
    env = os.environ | {"WHIRR_DATA_DIR": str(folder)}
    env |= {"DJANGO_SETTINGS_MODULE": "whirr_site.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    return folder / "whirr.db"


class Program:
    """A process in a session of its own, with its output in a file."""

    def __init__(self, command: list[str], *, env: dict[str, str], log: Path) -> None:
        self.command, self.env, self.log = command, env, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_its_parent(signal.SIGKILL),
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait(timeout=60)

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Site:
    """A server with a data folder of its own: web and background can be killed and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "server"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        env = {
            "WHIRR_DATA_DIR": str(self.data),
            "PYTHONWARNINGS": "default",
            **settings,
        }
        web = ["-m", "whirr_site.web", "--port", str(self.port), "--migrate"]
        self.web = Program([sys.executable, *web], env=env, log=folder / "web.log")
        self.client = httpx.Client(base_url=self.url, timeout=20)
        self.background = Program(
            [sys.executable, "-m", "whirr_site.background"], env=env, log=folder / "background.log"
        )

    def make_tables(self) -> None:
        """An up-to-date SQLite file, where there is none yet."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        if (self.data / "whirr.db").exists() or "WHIRR_DATABASE_URL" in self.web.env:
            return
        with (
            closing(sqlite3.connect(migrated())) as source,
            closing(sqlite3.connect(self.data / "whirr.db")) as copy,
        ):
            source.backup(copy)

    def start_web(self) -> None:
        self.make_tables()
        self.web.start()
        wait_for(self.is_healthy, within=90, what=lambda: f"healthy\n{self.web.said()}")

    def is_healthy(self) -> bool:
        assert self.web.process is not None
        assert self.web.process.poll() is None, self.web.said()
        try:
            return self.client.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def secret(self) -> str:
        return (self.data / "secret").read_text().strip()

    def call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret}"}
        answer = self.client.request(method, path, headers=headers, **arguments)
        answer.raise_for_status()
        return answer

    def submit(self, *argv: str, **wish: Any) -> int:
        body = {"command_argv": list(argv), "workdir": str(self.folder), **wish}
        return int(self.call("POST", "/api/v1/jobs", json=body).json()["job_id"])

    def job(self, job_id: int) -> dict[str, Any]:
        return dict(self.call("GET", f"/api/v1/jobs/{job_id}").json())

    def wait_for(
        self, job_id: int, status: str, *, within: float, attempt: int = 0
    ) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] == status and job["attempt"] >= attempt else None

        return wait_for(look, within=within, what=f"job {job_id} {status}")

    def log_of(self, job_id: int) -> bytes:
        """What it has of the newest attempt. Asking is looking: its agent sends every second from then on."""
        return self.call("GET", f"/api/v1/runs/job-{job_id}/log").content

    def stop(self) -> None:
        self.client.close()
        self.web.kill()
        self.background.kill()


class Agent(Program):
    """An agent with a data folder of its own, so that everything has to travel over HTTP."""

    def __init__(self, site: Site, name: str, *options: str) -> None:
        self.data = site.folder / name
        self.data.mkdir(exist_ok=True)
        arguments = ["--server", site.url, "--data-dir", str(self.data), "--name", name, *options]
        super().__init__(
            [sys.executable, "-m", "worker_agent", *arguments],
            env={"WHIRR_TOKEN": site.secret},
            log=site.folder / f"{name}.log",
        )

    def attempt_folder(self, job_id: int, attempt: int) -> Path:
        return self.data / "runs" / f"job-{job_id}" / "attempts" / str(attempt)


def processes_with(marker: str) -> list[int]:
    """Processes of this machine whose command line has the marker, this test's own left out."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        if (
            any(marker in word for word in words)
            and process.info["status"] != psutil.STATUS_ZOMBIE
            and process.info["pid"] != os.getpid()
        ):
            found.append(int(process.info["pid"]))
    return found
