"""The files of artifacts/, sent one part at a time so that no model delays a log line.

They are sent when the attempt is over. A checkpoint that is written anew has the size of the one
before, and the server, which goes by sizes, could not tell the parts of the two apart.
"""

from __future__ import annotations

import os
import stat

from whirr.wire import OffsetGap, files, layout
from whirr.wire.lean import TYPE_CHECKING
from worker_agent.shipping.unreadable import Unreadable, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whirr.wire.files import AnyPath
    from worker_agent.shipping.target import Target

    Version = tuple[int, int, int]  # inode, size, time of change: different for each replacement


class Artifacts:
    def __init__(self, folder: AnyPath) -> None:
        self._root = f"{folder}/{layout.ARTIFACTS}"
        self._sent: dict[str, Version] = {}
        self._current: tuple[str, Version, int] | None = None  # name, version, next offset
        self._looking: Iterator[tuple[str, Version]] | None = None

    def pending(self, target: Target) -> bool:
        """Whether there is something to send."""
        if self._current is None and not target.shared:
            self._current = self._next()
        return self._current is not None

    def send_part(self, target: Target) -> bool:
        """Send one part. Whether there was one."""
        if not self.pending(target) or self._current is None:
            return False
        self._send(target, *self._current)
        return True

    def refused(self) -> None:
        """The current file is not wanted, or cannot be sent: go on with the others."""
        if self._current is not None:
            name, version, _ = self._current
            self._sent[name] = version
            self._current = None

    def _send(self, target: Target, name: str, version: Version, offset: int) -> None:
        whole = version[1]
        if not _is_utf8(name):
            raise Unreadable(f"its name is not UTF-8: {name!a}")
        part = self._read(name, version, offset, target.route.part)
        if part is None:  # replaced or removed meanwhile: it will be found anew, if it exists
            self._current = None
            return
        try:
            answer = target.put(f"artifacts/{name}", part, offset=offset, size=whole)
        except OffsetGap as gap:
            if gap.size == offset or gap.size > whole:
                raise
            self._current = (name, version, gap.size)
            return
        reached = max(offset + len(part), int(answer.get("size", 0)))
        if answer.get("complete") or reached >= whole:
            self._sent[name] = version
            self._current = None
        else:
            self._current = (name, version, reached)

    def _next(self) -> tuple[str, Version, int] | None:
        """None once a whole look has found nothing that is new; it goes on where it stopped, for there may be many."""
        while True:
            whole = self._looking is None
            if self._looking is None:
                self._looking = self._files()
            for name, version in self._looking:
                if self._sent.get(name) != version:
                    return name, version, 0
            self._looking = None
            if whole:
                return None

    def _files(self) -> Iterator[tuple[str, Version]]:
        for folder, _, names in os.walk(self._root):  # links to folders are not followed
            for name in sorted(names):
                path = f"{folder}/{name}"
                version = _version(path)
                if version is not None and not name.endswith(".whirr-part"):
                    yield path[len(self._root) + 1 :], version

    def _read(self, name: str, version: Version, offset: int, limit: int) -> bytes | None:
        """None when it is not that version any more."""
        path = f"{self._root}/{name}"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                part = os.pread(fd, min(limit, version[1] - offset), offset)
                return part if _of(os.fstat(fd)) == version else None
            finally:
                os.close(fd)
        except OSError as error:
            if _version(path) != version:
                return None
            raise unreadable(error) from error


def _is_utf8(name: str) -> bool:
    """Whether it can be told to the server; Linux takes any bytes for a name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _version(path: str) -> Version | None:
    """None for what is no plain file: a link could name any file of this machine."""
    try:
        found = files.status(path, follow_links=False)
    except OSError:
        return None
    return _of(found) if stat.S_ISREG(found.st_mode) else None


def _of(found: os.stat_result) -> Version:
    return found.st_ino, found.st_size, found.st_mtime_ns
