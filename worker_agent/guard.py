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
_WAIT = 'trap "" INT TERM HUP USR1 USR2 PIPE; read -r end; exec "$@" </dev/null'
_NAME = "whirr-guard"


class Guard:
    """Who waits for the agent's end, as the end of a pipe: closing it, on purpose or by dying, sets it to work."""

    def __init__(self, records_folder: str, data_dir: str, lock_fd: int) -> None:
        self.pid = 0
        self._folders = records_folder, data_dir
        self._lock_fd = lock_fd
        self._fd = -1
        self._archive_fd = _opened_archive()

    def post(self) -> None:
        """Fork the guard, before any thread exists: a fork may inherit a lock that a thread held."""
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid:
            os.close(read_fd)
            self.pid, self._fd = pid, write_fd
            return
        try:
            os.close(write_fd)
            _step_aside(read_fd, self._lock_fd)
            if self._archive_fd is not None:
                os.set_inheritable(self._archive_fd, True)  # noqa: FBT003
            command = self._command(self._archive_fd)
            if files.exists(
                command[0]
            ):  # a shell that finds no Python to become would sweep nothing
                with suppress(OSError):
                    os.execv(_SHELL, _waiting(command))  # noqa: S606
            while os.read(0, 1):
                pass
            sweep(records.load_all(self._folders[0]), self._folders[1])
        finally:
            os._exit(0)  # never back into the agent's code

    def replace(self) -> None:
        """Another one for one that is dead, while threads exist. OSError when it cannot be started."""
        os.close(self._fd)
        self.pid = 0
        read_fd, self._fd = os.pipe()
        top = max(read_fd, self._fd, self._lock_fd, self._archive_fd or 0)
        lock, archive = top + 1, top + 2  # a file that is given to itself would not be inherited
        actions = [
            (os.POSIX_SPAWN_DUP2, read_fd, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_RDWR, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, self._lock_fd, lock),
        ]
        if self._archive_fd is not None:
            actions.append((os.POSIX_SPAWN_DUP2, self._archive_fd, archive))
        command = self._command(None if self._archive_fd is None else archive)
        try:
            if not files.exists(command[0]):
                raise OSError("Python is not where it was")
            self.pid = os.posix_spawn(
                _SHELL, _waiting(command), os.environ, file_actions=actions, setpgroup=0
            )
        finally:
            os.close(read_fd)

    def dismiss(self) -> None:
        os.close(self._fd)
        with suppress(ChildProcessError):
            if self.pid:
                os.waitpid(self.pid, 0)

    def _command(self, archive_fd: int | None) -> list[str]:
        words = launch.command("guard", *self._folders)
        if archive_fd is not None:
            words[words.index(launch.home())] = f"/proc/self/fd/{archive_fd}"
        return words


def post(records_folder: str, data_dir: str, lock_fd: int) -> Guard:
    """One that waits. To be called before any thread exists."""
    guard = Guard(records_folder, data_dir, lock_fd)
    guard.post()
    return guard


def _opened_archive() -> int | None:
    """An archive may be replaced while we live; opened, it stays what it was."""
    home = launch.home()
    with suppress(OSError):
        return os.open(home, os.O_RDONLY) if files.is_plain(home) else None
    return None


def _waiting(command: list[str]) -> list[str]:
    return [_NAME, "-c", _WAIT, _NAME, *command]


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
