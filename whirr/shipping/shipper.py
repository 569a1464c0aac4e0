"""The process that delivers a direct run while its training goes on, and the rest when it is over.

`whirr._delivery` starts it beside the training; it lives in a session of its own and outlives it. It shares nothing
with the training but the run's folder and one socket: a byte on it means "the run has ended, hurry", and a byte back
"the server has everything".
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
import time

from whirr.shipping import server as servers
from whirr.shipping import trainer
from whirr.shipping.direct import DirectRun
from whirr.shipping.trainer import Trainer
from whirr.wire import NotAllowed, NotFound, Refused, Unreachable
from whirr.wire.lean import TYPE_CHECKING, socket, suppress

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG = "shipper.log"
WHOLE = b"+"
_INTERVALS = (0.2, 30.0)  # what the server may ask for, in seconds
_BACKOFF = (0.5, 30.0)
_GIVE_UP = 3600.0  # seconds after the run's end without an answer: `whirr sync` does the rest
_REFUSED_PATIENCE = 60.0  # seconds after the run's end that a token may be refused
_FRUITLESS = 20  # turns after the end that change nothing
_LOOK = 0.5  # seconds between looks whether another shipper has ended


class Shipper:
    """One run. `run` returns the process's exit code: 0 where nothing is left for this process to do."""

    def __init__(
        self, folder: str, data_dir: str, training: Trainer, env: Mapping[str, str], told: int
    ) -> None:
        self._folder = folder
        self._data_dir = data_dir
        self._training = training
        self._env = env
        self._told = told
        self._run: DirectRun | None = None
        self._failures = 0
        self._fruitless = 0
        self._over_since: float | None = None
        self._poll = select.poll()
        self._poll.register(told, select.POLLIN)
        self._watch_the_training()

    def run(self) -> int:
        lock = self._lock()
        try:
            while True:
                code, pause = self._round()
                if code is not None:
                    return code
                self._wait(pause)
        finally:
            if self._run is not None:
                self._run.close()
            if lock is not None:
                os.close(lock)

    def _round(self) -> tuple[int | None, float]:
        """(exit code where it ends, seconds until the next round)."""
        lives = self._training.lives()  # before the files: what is written later is not the end
        if not lives:
            self._close()
        meta = trainer.meta_of(self._folder)
        over = meta is not None and trainer.is_over(meta)
        self._over_since = (self._over_since or time.monotonic()) if over else None
        if not (over or lives):  # another process has taken the run up, or its folder is gone
            return 0, 0.0
        run = self._found()
        if run is None:  # no stack runs here: whichever comes finds the folder by itself
            return (0, 0.0) if over else (None, self._back_off("no server is known"))
        try:
            return self._deliver(run, over=over)
        except (NotAllowed, NotFound, Unreachable) as error:
            return self._failed(run, error)
        except Refused as error:
            say(f"the server does not take this run ({error.code}): {error.detail}")
            return 1, 0.0

    def _deliver(self, run: DirectRun, *, over: bool) -> tuple[int | None, float]:
        before, progress = run.taken, run.progress
        more = run.turn()
        if self._failures:
            say("the server takes deliveries again")
            self._failures = 0
        if more:
            return None, 0.0 if run.taken > before else _LOOK
        if not over:
            return None, self._interval(run)
        if run.is_whole():
            with suppress(OSError):
                run.mark()
            self._reply()
            return 0, 0.0
        self._fruitless = 0 if run.progress > progress else self._fruitless + 1
        if run.left_out or self._fruitless > _FRUITLESS:
            say("not all could be delivered; `whirr sync` tries it again")
            return 1, 0.0
        return None, _INTERVALS[0]

    def _interval(self, run: DirectRun) -> float:
        return min(max(run.interval or 1.0, _INTERVALS[0]), _INTERVALS[1])

    def _failed(self, run: DirectRun, error: Refused | Unreachable) -> tuple[int | None, float]:
        waited = time.monotonic() - self._over_since if self._over_since is not None else 0.0
        patience = _REFUSED_PATIENCE if isinstance(error, NotAllowed) else _GIVE_UP
        pause = self._back_off(str(error))
        if waited > patience:
            say("given up; `whirr sync` goes on")
            return 1, 0.0
        now_known = servers.find(self._env, self._data_dir)
        if now_known and (now_known.url, now_known.token) != (run.server.url, run.server.token):
            run.close()
            self._run = None  # a stack that was started anew
        elif now_known is None and self._over_since is not None:
            return 0, 0.0
        return None, pause

    def _found(self) -> DirectRun | None:
        if self._run is None:
            server = servers.find(self._env, self._data_dir)
            if server is not None:
                self._run = DirectRun(self._folder, self._data_dir, server, say)
        return self._run

    def _back_off(self, why: str) -> float:
        self._failures += 1
        if self._failures == 1:
            say(f"cannot deliver now, will go on trying: {why}")
        seconds = min(_BACKOFF[0] * 2.0 ** min(self._failures - 1, 10), _BACKOFF[1])
        return seconds * (0.5 + os.urandom(1)[0] / 510)  # many shippers shall not knock in step

    def _close(self) -> None:
        try:
            if trainer.close_if_killed(self._folder, self._training):
                say(trainer.KILLED)
        except OSError as error:
            say(f"meta.json cannot say that the run failed: {error}")

    def _reply(self) -> None:
        with suppress(OSError):
            answer = socket.socket(fileno=os.dup(self._told))
            answer.send(WHOLE, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)

    def _watch_the_training(self) -> None:
        try:
            self._poll.register(os.pidfd_open(self._training.pid), select.POLLIN)
        except (AttributeError, OSError):  # an old kernel or Python: each round looks
            return

    def _wait(self, seconds: float) -> None:
        for fd, _ in self._poll.poll(seconds * 1000):
            self._failures = 0  # something has happened: try again soon
            if fd != self._told or not self._heard():
                self._poll.unregister(fd)

    def _heard(self) -> bool:
        try:
            return bool(os.read(self._told, 64))
        except OSError:
            return False

    def _lock(self) -> int | None:
        """One shipper for a run: wait until the one before has ended. None where no file can be locked."""
        try:
            handle = os.open(
                f"{self._folder}/{trainer.LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError:
            return None
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                self._wait(_LOOK)
            except OSError:  # a file system without locks
                return handle


def say(line: str) -> None:
    """Into shipper.log."""
    with suppress(OSError):
        os.write(2, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n".encode("utf-8", "replace"))


def main(argv: list[str]) -> None:
    """Folder, data folder, the training's process id and start; the socket is standard input."""
    folder, data_dir, pid, ticks = argv
    if os.fork():  # nobody's child: a training that waits for its own children must not meet it
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.closerange(3, 4096)
    shipper = Shipper(folder, data_dir, Trainer(int(pid), int(ticks)), os.environ, 0)
    try:
        code = shipper.run()
    except Exception as error:
        say(f"ended by {type(error).__name__}: {error}")
        code = 1
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
