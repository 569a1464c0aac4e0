"""Files without `pathlib`, which costs an agent two megabytes; and small files that are written whole.

A path may be a `str` or a `Path`: the library uses the one, the agent the other.
"""
# ruff: noqa: PTH100, PTH101, PTH103, PTH105, PTH108, PTH110, PTH112, PTH113, PTH115, PTH116, PTH118, PTH123, PTH208, PTH211

from __future__ import annotations

import os

from whirr.wire import jsontext
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Any, Union

    AnyPath = Union[str, os.PathLike[str]]


def write_whole(path: AnyPath, data: bytes, *, mode: int = 0o644, durable: bool = False) -> None:
    """Replace `path` in one step, so that a reader, or a power cut, meets the old text or the new one.

    `durable` waits until the disk has it.
    """
    draft = draft_of(path, ".tmp")
    fd = create(draft, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(fd)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    if durable:
        _settle(os.path.split(os.fspath(path))[0] or ".")


def draft_of(path: AnyPath, ending: str) -> str:
    """A name beside `path` that no other process, thread or signal handler has."""
    folder, name = os.path.split(os.fspath(path))
    return os.path.join(folder, f".{name[:40]}.{os.getpid()}.{os.urandom(8).hex()}{ending}")


def create(path: AnyPath, mode: int = 0o666) -> int:
    """A new file's descriptor, for writing. Raises FileExistsError where there is one already."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def _settle(folder: str) -> None:
    """The new name itself is on disk only once its folder is."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read(path: AnyPath | int) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def read_text(path: AnyPath) -> str:
    return read(path).decode("utf-8", "replace")


def read_json_object(path: AnyPath) -> dict[str, Any] | None:
    """The object in a file; None where there is none that can be read."""
    try:
        value = jsontext.loads(read(path))
    except (OSError, ValueError, RecursionError):  # nested too deeply for anybody
        return None
    return value if isinstance(value, dict) else None


def make_folder(path: AnyPath, mode: int = 0o777) -> None:
    """With all that are missing above it; no error when it is there."""
    os.makedirs(path, mode, exist_ok=True)


def restrict(path: AnyPath, mode: int) -> None:
    os.chmod(path, mode)


def names_in(folder: AnyPath) -> list[str]:
    return os.listdir(folder)


def status(path: AnyPath, *, follow_links: bool = True) -> os.stat_result:
    return os.stat(path, follow_symlinks=follow_links)


def exists(path: AnyPath) -> bool:
    return os.path.exists(path)


def is_folder(path: AnyPath) -> bool:
    return os.path.isdir(path)


def is_plain(path: AnyPath) -> bool:
    return os.path.isfile(path)


def absolute(path: str) -> str:
    return os.path.abspath(path)


def target_of(link: AnyPath) -> str:
    return os.readlink(link)


def link(path: AnyPath, target: str) -> None:
    """Make `path` a link to the target."""
    os.symlink(target, path)


def rename(old: AnyPath, new: AnyPath) -> None:
    """Give it the new name, whatever bore that name."""
    os.replace(old, new)


def remove(path: AnyPath) -> None:
    os.unlink(path)


def remove_folder(path: AnyPath) -> None:
    """An empty one; OSError for any other."""
    os.rmdir(path)  # noqa: PTH106
