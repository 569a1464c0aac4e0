"""Starting other programs. `subprocess` would do it for two and a half megabytes more.

A job is forked by hand, since only its own process can ask the kernel to die with the agent.
"""

from __future__ import annotations

import os
import select
import time

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, signal, suppress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable, NoReturn

# Programs that did not answer in time and were killed: they may be in state D, so nobody waits.
abandoned: set[int] = set()
# Programs that a thread waits for right now, and how many of them are just being started.
_awaited: set[int] = set()
_beginning: list[bool] = []

# Python ignores the last two, nohup and `&` the first three; a program expects none of that.
_USUAL = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ)


# What a child that is no program yet must not inherit of the agent's: it should die of these.
_OURS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD)
_FOLDER = b"folder "  # before the number of an error that the working directory is to blame for


class Child:
    """A process of ours; `returncode` is negative for a signal, as everywhere in Python."""

    def __init__(self, pid: int, report: int | None = None) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._report = report

    def begun(self, patience: float = 0.0) -> bool:
        """Whether it is the program by now, or dead. OSError when it could not become it.

        A file server that does not answer may keep it from that for as long as it likes.
        """
        if self._report is None:
            return True
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        if not poll.poll(patience * 1000):
            return False
        said = files.read(self._report)  # its end comes when the program has been executed
        self._report = None
        if said:
            number = int(said.removeprefix(_FOLDER))
            place = "workdir" if said.startswith(_FOLDER) else None
            os.waitpid(self.pid, 0)  # it said that last
            self.returncode = 255
            raise OSError(number, os.strerror(number), place)
        return True

    def poll(self) -> int | None:
        """Its exit code, once it has one. It is reaped here and nowhere else."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # as subprocess has it: reaped by a stranger
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def begin(
    command: Sequence[str],
    *,
    workdir: str,
    env: dict[str, str],
    output: int,
    promise: Callable[[], None],
) -> Child:
    """Run it in a session of its own, with no input; ValueError when it cannot be passed on.

    Nobody waits here: whether it could be run is known by `begun`.
    """
    words = [_encoded(word) for word in command]
    block = {_encoded(name): _encoded(value) for name, value in env.items()}
    if any(b"=" in name for name in block):
        raise ValueError("a variable's name holds an equals sign")
    folder, paths = _encoded(workdir), _candidates(words[0], block)
    read_fd, write_fd = os.pipe()
    try:
        pid = os.fork()
        if not pid:
            _become(paths, words, block, folder, output, promise, write_fd)
    except OSError:
        os.close(read_fd)
        raise
    finally:
        os.close(write_fd)
    return Child(pid, read_fd)


def _encoded(text: str) -> bytes:
    data = os.fsencode(text)
    if b"\0" in data:
        raise ValueError("embedded null byte")
    return data


def _candidates(name: bytes, env: dict[bytes, bytes]) -> list[bytes]:
    if b"/" in name:
        return [name]
    folders = env.get(b"PATH", os.defpath.encode()).split(b":")
    return [folder + b"/" + name if folder else name for folder in folders]


def _become(
    paths: list[bytes],
    words: list[bytes],
    env: dict[bytes, bytes],
    folder: bytes,
    output: int,
    promise: Callable[[], None],
    report: int,
) -> NoReturn:
    """In the child: turn into the program, or report the error's number. Never returns."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (*_OURS, *_USUAL):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        promise()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        _let_go(report)
        _enter(folder, report)
        os.write(report, str(_execute(paths, words, env)).encode())
    except OSError as error:
        os.write(report, str(error.errno or 0).encode())
    finally:
        os._exit(255)


def _let_go(report: int) -> None:
    """Close the agent's files: as long as we are kept waiting, its guard and its successor would be, too."""
    for name in files.names_in("/proc/self/fd"):
        if int(name) > 2 and int(name) != report:
            with suppress(OSError):  # the listing's own
                os.close(int(name))


def _enter(folder: bytes, report: int) -> None:
    try:
        os.chdir(folder)
    except OSError:
        os.write(report, _FOLDER)
        raise


def _execute(paths: list[bytes], words: list[bytes], env: dict[bytes, bytes]) -> int:
    """Which error it was, if none of them could be executed: rather one that is not "not found"."""
    found = missing = 0
    for path in paths:
        try:
            os.execve(path, words, env)  # noqa: S606
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error.errno or 0
        except OSError as error:
            found = found or error.errno or 0
    return found or missing


def is_awaited(pid: int) -> bool:
    """Whether a thread may be waiting for this dead child of ours, which is then its to reap."""
    # In this order: one that died has been started, so it is noted as soon as nothing is beginning.
    return bool(_beginning) or pid in _awaited


def answer_of(command: Sequence[str], patience: float) -> tuple[str, int | None]:
    """What it prints, complaints included, and its exit code: None when it takes too long.

    OSError when it cannot be run.
    """
    read_fd, write_fd = os.pipe()
    _beginning.append(True)
    try:
        pid = _spawn(command, write_fd)
        _awaited.add(pid)
    except OSError:
        os.close(read_fd)
        raise
    finally:
        _beginning.pop()
        os.close(write_fd)
    until = time.monotonic() + patience
    try:
        text = _read_until(read_fd, until)
        return text, _exit_code(Child(pid), until)
    finally:
        _awaited.discard(pid)
        os.close(read_fd)


def _spawn(command: Sequence[str], output: int) -> int:
    return os.posix_spawnp(
        command[0],
        list(command),
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
        ],
        setsigdef=_USUAL[-2:],
    )


def _read_until(fd: int, until: float) -> str:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    data = b""
    while poll.poll(max(0.0, until - time.monotonic()) * 1000):
        piece = os.read(fd, 65536)
        if not piece:
            break
        data += piece
    return data.decode("utf-8", "replace")


def _exit_code(child: Child, until: float) -> int | None:
    pause = 0.001
    while child.poll() is None:
        if time.monotonic() >= until:
            abandoned.add(child.pid)
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            return None
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return child.returncode
