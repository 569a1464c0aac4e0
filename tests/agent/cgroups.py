"""A part of this machine's own cgroup tree, delegated to an agent as systemd would. Root may make one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.agent.conftest import INSTALLED

# In a mount namespace of its own, with cgroup2 where agents look for it, inside the delegated cgroup.
_ENTER = 'mount -t cgroup2 none /sys/fs/cgroup && echo $$ > "/sys/fs/cgroup/$0/cgroup.procs" && exec "$@"'


def mounted() -> Path | None:
    """Where the tree is, on machines that mount it alone as on those that mount it beside version 1."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    return None


def trees() -> list[Path]:
    """The tree in which this test may work: none where it is not root, or the tree is read-only."""
    found = mounted()
    if found is None or os.geteuid() != 0 or not os.access(found, os.W_OK):
        return []
    return [found]


class Delegated:
    def __init__(self, tree: Path) -> None:
        self.folder = tree / f"whirr-test-{os.urandom(4).hex()}"
        self.folder.mkdir()
        os.setxattr(self.folder, "user.delegate", b"1")

    @property
    def program(self) -> list[str]:
        """An agent that was started in there."""
        return ["unshare", "-m", "sh", "-c", _ENTER, self.folder.name, *INSTALLED]

    def jobs(self) -> list[Path]:
        return sorted(self.folder.glob("job-*"))

    def populated(self) -> bool:
        return "populated 1" in (self.folder / "cgroup.events").read_text()

    def remove(self) -> None:
        (self.folder / "cgroup.kill").write_text("1")
        until = time.monotonic() + 20
        while self.folder.exists() and time.monotonic() < until:
            for path in (*sorted(self.folder.glob("**/"), reverse=True), self.folder):
                with contextlib.suppress(OSError):
                    path.rmdir()


def delegate(tree: Path) -> Iterator[Delegated]:
    delegated = Delegated(tree)
    yield delegated
    delegated.remove()
