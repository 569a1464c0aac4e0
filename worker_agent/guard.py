"""A process that does nothing but outlive the agent for a moment.

PDEATHSIG ends a job's main process when the agent is killed with -9, but not what that process
had started: `bash train.sh` would leave its training behind. So the agent forks a guard before it
does anything else. The guard waits for the end of a pipe that only the agent holds open, then
sweeps what the agent's records name. It shares the agent's memory pages.

It also holds the agent's lock (a flock belongs to the open file, which it inherited): no successor
can start a job while the guard still sweeps.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from worker_agent import records
from worker_agent.sweep import sweep


class Guard:
    """The agent's end: closing it, on purpose or by dying, lets the guard do its work and end."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid = pid
        self._fd = fd

    def dismiss(self) -> None:
        os.close(self._fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def post(records_folder: Path, data_dir: Path) -> Guard:
    """Fork the guard, before any thread exists: a fork may inherit a lock that a thread held."""
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid:
        os.close(read_fd)
        return Guard(pid, write_fd)
    try:
        os.close(write_fd)
        _watch(read_fd, records_folder, data_dir)
    finally:
        os._exit(0)  # never back into the agent's code


def _watch(fd: int, records_folder: Path, data_dir: Path) -> None:
    # What is sent to the agent's process group is not meant for the guard. It stays in the agent's
    # session: that is how processes of the agent and processes of jobs are told apart.
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # a pipe that a supervisor reads from must end with the agent
        os.dup2(null, standard)
    while os.read(fd, 1):
        pass
    sweep(records.load_all(records_folder), data_dir)
