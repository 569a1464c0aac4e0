"""Has a direct run delivered while it goes on, by a process of its own: nothing of it can slow or break a training.

The process is whirr/shipping/shipper.py. Here it is only started, from a thread, and at the end waited for.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from pathlib import Path

from whirr.shipping import server as servers
from whirr.shipping.trainer import Trainer
from whirr.wire.lean import signal, socket, suppress

_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from whirr.shipping.shipper import main; main(sys.argv[1:])"
# What it needs of the environment; the rest is the training's own.
_PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *(servers.URL, servers.TOKEN, "COVERAGE_PROCESS_START"),
)
_TOLD = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2]
_WHOLE = b"+"


class Delivery:
    """A shipper that was started, or is being started, for one run."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self._folder = folder
        self._data_dir = data_dir
        self._owner = os.getpid()
        self._begin()

    def _begin(self) -> None:
        """Raises OSError and RuntimeError where no descriptor or no thread is to be had."""
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._started = False
        self._thread = threading.Thread(target=self._start, name="whirr-delivery", daemon=True)
        self._thread.start()

    def __del__(self) -> None:
        with suppress(Exception):  # it was never begun
            self._ours.close()

    def end(self, patience: float) -> bool:
        """Have the rest delivered now, after the last meta.json was written; true once the server has everything.

        It waits at most `patience` seconds (and 0 waits for nothing); what is left is delivered after this process has
        ended. Never raises.
        """
        until = time.monotonic() + patience
        if os.getpid() != self._owner:
            return False
        try:
            answer = self._ask(until)
            if answer is None:  # it was killed: a new one does the rest
                self._begin()
                answer = self._ask(until)
        except (OSError, RuntimeError):
            return False
        return answer is True

    def _ask(self, until: float) -> bool | None:
        """Whether the server has everything, as the shipper says; None where there is no shipper any more."""
        self._thread.join(max(0.0, until - time.monotonic()))
        try:
            if self._thread.is_alive() or not self._started:
                return False
            self._ours.send(b"e", socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
            poll = select.poll()
            poll.register(self._ours, select.POLLIN)
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                return False
            return self._ours.recv(1, socket.MSG_DONTWAIT) == _WHOLE or None
        except OSError:
            return None
        finally:
            self._ours.close()

    def _start(self) -> None:
        """In a thread: the training has better things to do."""
        log = _log_of(self._folder)
        try:
            pid = self._spawn(log)
            self._started = True
            with suppress(ChildProcessError):  # the training waits for children of its own
                os.waitpid(pid, 0)  # it forks and ends at once
        except (OSError, ValueError, NotImplementedError) as error:
            with suppress(OSError):
                os.write(log, f"the shipper cannot be started: {error}\n".encode())
        finally:
            self._theirs.close()
            os.close(log)

    def _spawn(self, log: int) -> int:
        trainer = Trainer.here()
        root = str(Path(__file__).absolute().parent.parent)
        told = [str(self._folder), str(self._data_dir), str(trainer.pid), str(trainer.ticks)]
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", "-c", _BOOT, root, *told],
            {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, self._theirs.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
            setpgroup=0,  # Ctrl-C is for the training
            setsigmask=[],
            setsigdef=_TOLD,  # what the training ignores is no business of the shipper's
        )


def start(folder: Path, run_id: str, data_dir: Path) -> Delivery | None:
    """Begin to deliver the run in `folder`, in the background; None where no server is known.

    Never raises and never waits for a network.
    """
    if servers.is_offline(os.environ) or folder.name != run_id or not _python():
        return None
    try:
        if servers.find(os.environ, data_dir) is None:
            return None
        return Delivery(folder.absolute(), data_dir.absolute())
    except (
        OSError,
        RuntimeError,
        ValueError,
    ):  # no descriptor, no thread: `whirr sync` does it later
        return None


def _python() -> bool:
    """Whether this process is an interpreter that can be started once more; a program that embeds one is not."""
    frozen = getattr(sys, "frozen", False)
    return bool(sys.executable) and not frozen and hasattr(os, "posix_spawn")


def _log_of(folder: Path) -> int:
    """shipper.log, readable by its owner alone; nowhere, where the folder takes no file."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(folder / "shipper.log", flags, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
