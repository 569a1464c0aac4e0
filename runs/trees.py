"""Folders that programs made, as deep as they like: walked and removed step by step, and never through a link."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def files(root: Path, *, deepest: int | None = None) -> Iterator[tuple[str, os.stat_result]]:
    """Plain files below a folder, those of a folder by name: path from `root` on, with slashes, and what it is.

    `deepest`: so many names a path has at the most. What vanishes meanwhile, or cannot be read, is passed over.
    """
    waiting = [("", 1)]
    while waiting:
        home, names = waiting.pop()
        folders = []
        for entry in _listed(f"{root}/{home}"):
            path = f"{home}/{entry.name}" if home else entry.name
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(info.st_mode):
                yield path, info
            elif stat.S_ISDIR(info.st_mode) and (deepest is None or names < deepest):
                folders.append((path, names + 1))
        waiting += reversed(folders)


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # gone, not ours, or its path is longer than the system takes
        return []


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it. Raises OSError.

    What lies deeper is lifted to the top first, so no depth is too much, and no path becomes too long.
    """
    top = os.open(folder, FOLDER)
    try:
        while names := os.listdir(top):  # noqa: PTH208  (an open folder has no path)
            for name in names:
                if not _unlinked(name, top):
                    _lift(name, top)
                    os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    folder.rmdir()


def _unlinked(name: str, home: int) -> bool:
    """Remove what is no folder, or an empty one; false where a folder has something in it."""
    try:
        if stat.S_ISDIR(os.stat(name, dir_fd=home, follow_symlinks=False).st_mode):
            os.rmdir(name, dir_fd=home)
        else:
            os.unlink(name, dir_fd=home)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        return False
    return True


def _lift(name: str, top: int) -> None:
    """Empty a folder: its files go, its folders move to the top."""
    home = os.open(name, FOLDER, dir_fd=top)
    try:
        for inner in os.listdir(home):  # noqa: PTH208
            if not _unlinked(inner, home):
                os.rename(inner, f".{secrets.token_hex(8)}", src_dir_fd=home, dst_dir_fd=top)
    finally:
        os.close(home)
