"""Folders of a run, entered name by name: none of them may be a link, for it would lead to files that are no run's."""

from __future__ import annotations

import os
import stat

from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whirr.wire.files import AnyPath

    Sent = tuple[str, int, int]  # path in the attempt's folder, size, time of change
    Version = tuple[int, int, int]  # inode, size, time of change: different for each replacement

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """An open folder; `names` lead to it from `base`, which itself may be reached through links."""

    def __init__(self, base: AnyPath, names: Iterable[str] = ()) -> None:
        self._fd = os.open(base, _FOLDER)
        try:
            for name in names:
                outer, self._fd = self._fd, self._enter(name)
                os.close(outer)
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def _enter(self, name: str) -> int:
        if name in {"", ".", ".."} or "/" in name:
            raise NotADirectoryError(f"{name!r} is no folder's name")
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=self._fd)

    def contents(self) -> tuple[list[str], list[tuple[str, Version]]]:
        """(names of folders, plain files), sorted; links and what else there is are neither."""
        folders, plain = [], []
        with os.scandir(self._fd) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                    continue
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(found.st_mode):
                        plain.append((entry.name, version_of(found)))
        return sorted(folders), sorted(plain)

    def plain(self, name: str) -> Version | None:
        """That file as it is now; None where it is no plain one."""
        found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        return version_of(found) if stat.S_ISREG(found.st_mode) else None

    def open_file(self, name: str) -> int:
        """To read it; it never waits for a pipe's writer."""
        return os.open(name, _FILE, dir_fd=self._fd)

    def remove(self, name: str) -> None:
        os.unlink(name, dir_fd=self._fd)

    def remove_link(self, name: str) -> None:
        with suppress(OSError):
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                self.remove(name)

    def remove_empty(self, name: str) -> None:
        """A folder in it, unless something is in there."""
        with suppress(OSError):
            os.rmdir(name, dir_fd=self._fd)

    def names(self) -> list[str]:
        return os.listdir(self._fd)  # noqa: PTH208


def version_of(found: os.stat_result) -> Version:
    return found.st_ino, found.st_size, found.st_mtime_ns
