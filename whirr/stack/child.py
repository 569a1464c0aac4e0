"""One supervised process: how it starts, how its end is noticed, how its group is ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

ROTATE_BYTES = 10 * 1024 * 1024
CONFIGURATION_ERROR = 2
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Spec:
    """What to run.

    `on_parent_death` is what the kernel sends it when the supervisor is killed. `stops_first`: it
    is stopped before the others, with a second SIGTERM that tells it not to wait for its work.
    """

    name: str
    argv: list[str]
    env: Mapping[str, str]
    on_parent_death: signal.Signals = signal.SIGKILL
    stops_first: bool = False


@dataclass
class Child:
    """A spec and its running process, if there is one."""

    spec: Spec
    log: Path
    cwd: Path
    process: subprocess.Popen[bytes] | None = None
    failures: deque[float] = field(default_factory=deque)
    start_at: float | None = None
    log_start: int = 0
    started: float = 0.0
    proven: bool = False  # it has run well: its configuration cannot be what is wrong

    def start(self) -> int:
        """Start it in a session of its own, output to its log; returns the process group's id."""
        with open_log(self.log) as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                self.spec.argv,
                env=dict(self.spec.env),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=deathsig(self.spec.on_parent_death),
            )
        self.start_at, self.started = None, time.monotonic()
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None

    def collect(self) -> int | None:
        """The exit code if it has ended, else None; what is left of its group is killed first.

        The leader is reaped after that: until then nobody else can be given its group's id.
        """
        process = self.process
        if process is None or not _has_exited(process.pid):
            return None
        self.send_group(signal.SIGKILL)
        self.process = None
        return process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def send_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and to everything in its group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def last_words(self, lines: int) -> list[str]:
        """The last lines that it wrote since its last start."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self.log_start, size - 16384))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        return [line for line in text.splitlines() if line.strip()][-lines:]


def _has_exited(pid: int) -> bool:
    """Whether a child of ours has ended, leaving it to be reaped."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def open_log(path: Path) -> BinaryIO:
    """The log opened for appending; a large one is put aside first (one old file is kept)."""
    if path.exists() and path.stat().st_size > ROTATE_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    log = os.fdopen(handle, "ab")
    log.seek(0, os.SEEK_END)
    return log


def deathsig(number: signal.Signals) -> Callable[[], None] | None:
    """A function for the new process: ask Linux for a signal when the supervisor dies."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before the request
            os._exit(1)

    return ask
