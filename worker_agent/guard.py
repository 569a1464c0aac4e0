"""A process that does nothing but outlive the agent for a moment.

PDEATHSIG ends a job's main process when the agent is killed with -9, but not what that process
had started: `bash train.sh` would leave its training behind. So the agent starts a guard before it
does anything else. The guard waits for the end of a pipe that only the agent holds open, then
sweeps what the agent's records name. While it waits it is a shell, a twentieth of a Python; only
then does it become one. Where that cannot be, it waits as a fork of the agent.

It also holds the agent's lock (a flock belongs to the open file, which it inherited): no successor
can start a job while the guard still sweeps.
"""

from __future__ import annotations

import os
import sys

from whirr.wire import files
from whirr.wire.lean import signal, suppress
from worker_agent import launch, records
from worker_agent.sweep import sweep

_SHELL = "/bin/sh"
_WAIT = 'read -r end; exec "$@" </dev/null'
_NAME = "whirr-guard"


class Guard:
    """The agent's end: closing it, on purpose or by dying, lets the guard do its work and end."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid = pid
        self._fd = fd

    def dismiss(self) -> None:
        os.close(self._fd)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def post(records_folder: str, data_dir: str, lock_fd: int) -> Guard:
    """Fork the guard, before any thread exists: a fork may inherit a lock that a thread held."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid:
        os.close(read_fd)
        return Guard(pid, write_fd)
    try:
        os.close(write_fd)
        _step_aside(read_fd, lock_fd)
        command = launch.command("guard", records_folder, data_dir)
        if files.exists(command[0]):  # a shell that finds no Python to become would sweep nothing
            with suppress(OSError):
                os.execv(_SHELL, [_NAME, "-c", _WAIT, _NAME, *command])  # noqa: S606
        while os.read(0, 1):
            pass
        sweep(records.load_all(records_folder), data_dir)
    finally:
        os._exit(0)  # never back into the agent's code


def _step_aside(read_fd: int, lock_fd: int) -> None:
    # What is sent to the agent's process group is not meant for the guard. It stays in the agent's
    # session: that is how processes of the agent and processes of jobs are told apart.
    os.setpgid(0, 0)
    told = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    for number in (*told, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.dup2(read_fd, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):  # a pipe that a supervisor reads from must end with the agent
        os.dup2(null, standard)
    os.set_inheritable(lock_fd, True)  # noqa: FBT003


def main() -> int:
    """What the guard becomes when the agent is dead."""
    records_folder, data_dir = sys.argv[1:]
    sweep(records.load_all(records_folder), data_dir)
    return 0
