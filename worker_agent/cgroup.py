"""A cgroup for each attempt, where a part of the tree was delegated to the agent (systemd: `Delegate=yes`).

However a process forks, it stays in its cgroup; one write ends all that is in there, between two
forks; and the kernel counts there whom it killed for lack of memory. Where there is no such
place, the agent does what it can by looking at processes.
"""

from __future__ import annotations

import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_agent.order import Key

ROOT = "/sys/fs/cgroup"
_SELF = "/proc/self/cgroup"
_LEAF = "agent"  # no process may stay above cgroups that have controllers
_JOB = "job-"


class Cgroup:
    """One cgroup, and those that were made below it. It may be gone: then it is empty."""

    def __init__(self, path: str) -> None:
        self.path = path

    def open(self) -> int:
        """A file to which a process writes "0" to enter. Nobody inherits it."""
        return os.open(f"{self.path}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def members(self) -> set[int]:
        """Who lives there (zombies do not). What belongs to another pid namespace is not shown."""
        found: set[int] = set()
        for path in self._folders():
            with suppress(OSError):
                found.update(map(int, files.read(f"{path}/cgroup.procs").split()))
        return found - {0}

    def kill(self) -> None:
        """SIGKILL to all of it at once. Kernels before 5.14 cannot: then it does nothing."""
        _write(f"{self.path}/cgroup.kill", "1")

    def oom_kills(self) -> int | None:
        """How many of its processes the kernel killed for lack of memory; None: it does not count."""
        try:
            lines = files.read_text(f"{self.path}/memory.events").splitlines()
        except OSError:
            return None
        counts = dict(line.split(" ", 1) for line in lines if " " in line)
        return int(counts.get("oom_kill", 0))

    def remove(self) -> bool:
        """Whether it is gone. The kernel refuses while a process lives in it."""
        with suppress(OSError):
            for path in reversed(list(self._folders())):
                os.rmdir(path)  # noqa: PTH106
        return not files.exists(self.path)

    def _folders(self) -> Iterator[str]:
        """Those above come before those below. A job may have made some of its own."""
        waiting = [self.path]
        while waiting:
            path = waiting.pop()
            yield path
            with suppress(OSError):
                below = (f"{path}/{name}" for name in files.names_in(path))
                waiting += [each for each in below if files.is_folder(each)]


class Place:
    """The agent's part of the tree: the agent itself in one leaf, each attempt in another."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._left: list[Cgroup] = []

    def begin(self, key: Key) -> Cgroup | None:
        """An empty cgroup for an attempt; None where the kernel refuses."""
        mine = Cgroup(f"{self.folder}/{_JOB}{key[0]}.{key[1]}-{os.getpid()}")
        try:
            os.mkdir(mine.path)  # noqa: PTH102
        except OSError:
            return None
        return mine

    def end(self, cgroup: Cgroup) -> None:
        """Remove it, and what could not be removed before."""
        self._left = [each for each in (*self._left, cgroup) if not each.remove()]

    def clear_up(self) -> None:
        """Remove the empty cgroups of agents that are gone."""
        for name in files.names_in(self.folder):
            agent = name.rpartition("-")[2]
            if name.startswith(_JOB) and agent.isdigit() and processes.look(int(agent)) is None:
                Cgroup(f"{self.folder}/{name}").remove()


def settle(root: str = ROOT) -> Place | None:
    """Take our place, before anything else is started. None where nothing was delegated to us."""
    folder = _delegated(root)
    if folder is None:
        return None
    leaf = f"{folder}/{_LEAF}"
    with suppress(FileExistsError, PermissionError):
        os.mkdir(leaf)  # noqa: PTH102
    if not _write(f"{leaf}/cgroup.procs", "0"):
        return None
    _write(f"{folder}/cgroup.subtree_control", "+memory")  # refused where others live beside us
    return Place(folder)


def _delegated(root: str) -> str | None:
    """The folder of the cgroup that we are in, if we may make others in there."""
    own = _own_path()
    folder = f"{root}{own}".rstrip("/")
    # The machine's own root has no type, and nobody delegates it.
    if own is None or not files.exists(f"{folder}/cgroup.type"):
        return None
    if not all(os.access(path, os.W_OK) for path in (folder, f"{folder}/cgroup.procs")):
        return None
    # root may write everywhere, also where systemd wants to be alone.
    return folder if os.geteuid() or own == "/" or _is_marked(folder) else None


def _own_path() -> str | None:
    """As /proc tells it; None where there is none, or it lies outside of what we see."""
    with suppress(OSError):
        for line in files.read_text(_SELF).splitlines():
            if line.startswith("0::/") and "/.." not in line:
                return line[3:]
    return None


def _is_marked(folder: str) -> bool:
    """Whether systemd says that it delegated this."""
    for name in ("user.delegate", "trusted.delegate"):
        with suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False


def _write(path: str, text: str) -> bool:
    """Whether the kernel took it. Nothing is created: where there is no such file, it cannot be done."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(fd, text.encode())
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
