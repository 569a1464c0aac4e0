"""The `whirr` command as a process, and waiting with a deadline."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).resolve().parent.parent.parent
FORGET = ("WHIRR_", "WORKER_", "DJANGO_", "DISPLAY", "WAYLAND_DISPLAY")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """Poll until the condition holds; returns what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


Call = Callable[..., subprocess.CompletedProcess[str]]


class Whirr:
    """Runs `whirr` as a process in one folder."""

    def __init__(self, cwd: Path, program: list[str] | None = None) -> None:
        self.cwd = cwd
        self.program = program or [sys.executable, "-m", "whirr.cli.main"]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(FORGET)}
        self.env = {**kept, "PYTHONPATH": str(ROOT), "HOME": str(cwd), "COLUMNS": "200"}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """Start a command; it is ended with the test if it still runs."""
        process = subprocess.Popen(
            [*self.program, *args],
            cwd=self.cwd,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def __call__(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*args, **env)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.communicate(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
