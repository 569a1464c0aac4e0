"""The agent's own folder: `<data-dir>/agent/<name>/`, for nobody else's eyes."""

from __future__ import annotations

import fcntl
import os
import time

from whirr.wire import files, jsontext
from whirr.wire.lean import suppress
from worker_agent import processes

_LOCK_PATIENCE = 15.0  # a predecessor's guard may still be sweeping


class Taken(Exception):
    """Another agent of this name works in this data folder."""


class Busy(Exception):
    """Who holds the lock is no agent that lives here: it will let go, or somebody else's machine has to."""


class State:
    def __init__(self, data_dir: str, name: str) -> None:
        self.folder = f"{data_dir}/agent/{name}"
        files.make_folder(self.folder)
        files.restrict(self.folder, 0o700)
        self.records = f"{self.folder}/attempts"
        files.make_folder(self.records)
        self.lock_fd = os.open(f"{self.folder}/lock", os.O_RDWR | os.O_CREAT, 0o600)

    @property
    def log_path(self) -> str:
        return f"{self.folder}/worker.log"

    def lock(self) -> None:
        """Held until this process and its guard have ended: the kernel forgets no unlock."""
        until = time.monotonic() + _LOCK_PATIENCE
        while not self._lock_now():
            if self._holder_lives():
                raise Taken(self.folder)
            if time.monotonic() >= until:
                why = "by the guard of a dead agent, which still sweeps, or by an agent elsewhere"
                raise Busy(f"{self.folder}/lock is held {why}")
            time.sleep(0.1)
        self._sign()

    def _sign(self) -> None:
        """Over what is there, which takes no room: an agent whose disk is full makes room once it runs."""
        me = processes.look(os.getpid())
        data = jsontext.dumps(me and me.identity)
        with suppress(OSError):  # then a second agent of this name has to wait before it gives up
            os.pwrite(self.lock_fd, data, 0)
            os.ftruncate(self.lock_fd, len(data))

    def _lock_now(self) -> bool:
        try:
            fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder_lives(self) -> bool:
        """Whether it is an agent that holds the lock, and not just the guard of a dead one."""
        try:
            pid, ticks = jsontext.loads(os.pread(self.lock_fd, 100, 0))
        except (ValueError, TypeError):
            return False
        holder = processes.look(int(pid))
        return holder is not None and holder.identity == (pid, ticks) and holder.state not in "ZX"

    def session(self) -> str:
        """Made once: it tells a restarted agent from a second one of the same name."""
        path = f"{self.folder}/session"
        if files.exists(path) and (text := files.read_text(path).strip()):
            return text
        text = os.urandom(16).hex()
        try:
            files.write_whole(path, text.encode(), mode=0o600, durable=True)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from error
        return text
