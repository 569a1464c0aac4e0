"""The files of artifacts/, sent one part at a time so that no model delays a log line.

They are sent when the attempt is over. A checkpoint that is written anew has the size of the one
before, and the server, which goes by sizes, could not tell the parts of the two apart. What the library puts below
media/ has names that are never used again: it is sent at once, since somebody may be looking.

A direct run may end, go on and end again with another file of the same size: its files are announced with their
sha256, and the server says which bytes it wants.
"""

from __future__ import annotations

import errno
import os
import stat

from whirr.shipping.beneath import Folder, version_of
from whirr.shipping.digest import sha256_of
from whirr.shipping.unreadable import Unreadable, unreadable
from whirr.wire import OffsetGap, Refused, files, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from whirr.shipping.beneath import Sent, Version
    from whirr.shipping.target import Target
    from whirr.wire.files import AnyPath

    Found = TypeVar("Found")

_SMALL = 64 * 1024 * 1024  # bytes
_MEDIA = "media/"
_MEDIA_FOLDERS = ("media", "media/images", "media/tables")
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})  # it is another one now, or none


class Artifacts:
    def __init__(self, folder: AnyPath, *, hashed: bool = False) -> None:
        self._hashed = hashed
        self._asked: tuple[str, Version] | None = None  # of which file the server was told
        self._digest = ""  # its sha256
        self._again: tuple[str, Version] | None = None  # what was sent anew, once
        self._root = f"{folder}/{layout.ARTIFACTS}"
        self._attempt = folder
        self._sent: dict[str, Version] = {}
        self._current: tuple[str, Version, int] | None = None  # name, version, next offset
        self._looking: Iterator[tuple[str, Version]] | None = None
        self._looks_for_media = False
        self._media_as_of: list[int] = []  # when its folders were changed, where all of it is sent
        self._looks_into = ""  # the folder in there that is being read
        self._closed: set[str] = set()  # folders that cannot be read

    def sent(self) -> Iterator[Sent]:
        for name, (_, size, changed) in self._sent.items():
            yield f"{layout.ARTIFACTS}/{name}", size, changed

    @property
    def current(self) -> str:
        """The file, or the folder, that is being sent."""
        name = self._current[0] if self._current else self._looks_into
        return f"{layout.ARTIFACTS}/{name}"

    def pending(self, target: Target, *, media: bool = False) -> bool:
        """Whether there is something to send; of `media` alone, while the run goes on."""
        if self._current is None and not target.shared:
            self._current = self._next_media() if media else self._next("")
        return self._current is not None

    def send_part(self, target: Target, *, media: bool = False) -> bool:
        """Send one part. Whether there was one."""
        if not self.pending(target, media=media) or self._current is None:
            return False
        name, version, _ = self._current
        try:
            self._send(target, *self._current)
        except Refused as error:
            if error.code != "checksum_mismatch" or self._again == (name, version):
                raise
            self._again, self._asked = (name, version), None  # the server threw its bytes away
            self._current = (name, version, 0)
        return True

    @property
    def is_small(self) -> bool:
        """Whether the current file is hashed and sent within a moment."""
        return self._current is None or self._current[1][1] <= _SMALL

    def refused(self) -> None:
        """The current file or folder is not wanted, or cannot be sent: go on with the others."""
        if self._current is None:
            self._closed.add(self._looks_into)
            return
        name, version, _ = self._current
        self._sent[name] = version
        self._current = None

    def _send(self, target: Target, name: str, version: Version, offset: int) -> None:
        whole = version[1]
        if not _is_utf8(name):
            raise Unreadable(f"its name is not UTF-8: {name!a}")
        if self._hashed and self._asked != (name, version):
            self._ask(target, name, version)
            return
        part = self._read(name, version, offset, target.route.part)
        if part is None:  # replaced or removed meanwhile: it will be found anew, if it exists
            self._current = None
            return
        query: dict[str, int | str] = {"offset": offset, "size": whole}
        if self._hashed:
            query["sha256"] = self._digest
        try:
            answer = target.put(f"artifacts/{name}", part, **query)  # type: ignore[arg-type]
        except OffsetGap as gap:
            if gap.size == offset or gap.size > whole:
                raise
            self._current = (name, version, gap.size)
            return
        self._heard(answer, name, version, offset + len(part))

    def _ask(self, target: Target, name: str, version: Version) -> None:
        """Tell the file's sha256 and no bytes: the answer says how many of them are there."""
        digest = self._opened(name, version, sha256_of)
        if digest is None:
            self._current = None
            return
        path = f"artifacts/{name}"
        answer = target.put(path, offset=0, size=version[1], sha256=digest)
        self._asked, self._digest = (name, version), digest
        self._heard(answer, name, version, 0)

    def _heard(self, answer: dict[str, Any], name: str, version: Version, reached: int) -> None:
        whole = version[1]
        reached = max(reached, int(answer.get("size", 0)))
        if answer.get("complete") or reached >= whole:
            self._sent[name] = version
            self._current = None
        else:
            self._current = (name, version, reached)

    def _next_media(self) -> tuple[str, Version, int] | None:
        """The same of media/, whose folders are read only when something was added to them."""
        as_of = [_changed(f"{self._root}/{inner}") for inner in _MEDIA_FOLDERS]
        if not as_of[0] or as_of == self._media_as_of:
            return None
        found = self._next(_MEDIA)
        if found is None:
            self._media_as_of = as_of
        return found

    def _next(self, start: str) -> tuple[str, Version, int] | None:
        """None once a whole look has found nothing that is new; it goes on where it stopped, for there may be many."""
        if self._looks_for_media != (start == _MEDIA):
            self._looks_for_media, self._looking = start == _MEDIA, None
        while True:
            whole = self._looking is None
            if self._looking is None:
                self._looking = self._files(start)
            for name, version in self._looking:
                if self._sent.get(name) != version:
                    return name, version, 0
            self._looking = None
            if whole:
                return None

    def _files(self, start: str) -> Iterator[tuple[str, Version]]:
        folders = [start]
        while folders:
            self._looks_into = inner = folders.pop()
            if inner in self._closed:
                continue
            try:
                names, found = self._list(inner)
            except OSError as error:
                if error.errno in _GONE:
                    continue
                raise unreadable(error) from error
            folders += [f"{inner}{name}/" for name in reversed(names)]
            for name, version in found:
                if not name.endswith(".whirr-part"):
                    yield inner + name, version

    def _list(self, inner: str) -> tuple[list[str], list[tuple[str, Version]]]:
        if not inner:
            mode = files.status(self._root, follow_links=False).st_mode
            if not stat.S_ISDIR(mode):
                what = "a link, and no link is followed" if stat.S_ISLNK(mode) else "no folder"
                raise Unreadable(f"{self._root} is {what}")
        with self._folder(inner) as folder:
            return folder.contents()

    def _folder(self, inner: str) -> Folder:
        return Folder(self._attempt, (layout.ARTIFACTS, *inner.split("/")[:-1]))

    def _read(self, name: str, version: Version, offset: int, limit: int) -> bytes | None:
        """None when it is not that version any more."""
        size = min(limit, version[1] - offset)
        return self._opened(name, version, lambda fd: os.pread(fd, size, offset))

    def _opened(self, name: str, version: Version, look: Callable[[int], Found]) -> Found | None:
        """What `look` makes of its descriptor; None when it is not that version any more."""
        inner, slash, last = name.rpartition("/")
        try:
            with self._folder(inner + slash) as folder:
                fd = folder.open_file(last)
            try:
                found = look(fd)
                return found if version_of(os.fstat(fd)) == version else None
            finally:
                os.close(fd)
        except OSError as error:
            if error.errno in _GONE:
                return None
            raise unreadable(error) from error


def _changed(folder: str) -> int:
    """When something was last added to it, in nanoseconds; 0 where there is none."""
    try:
        return files.status(folder, follow_links=False).st_mtime_ns
    except OSError:
        return 0


def _is_utf8(name: str) -> bool:
    """Whether it can be told to the server; Linux takes any bytes for a name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
