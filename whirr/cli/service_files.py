"""Putting a unit and its environment file where they belong: both or none, and nothing of others lost."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from whirr.cli import failures


def check(path: Path, content: str, *, force: bool) -> bool:
    """Whether the file has to be written. Raises Failure where another one is there already."""
    held = _read(path)
    if held is None:
        return True
    if held == content:
        return False
    if not force:
        raise failures.Failure(
            f"{path} is there already, and differs", "compare them; --force replaces it"
        )
    return True


def check_folder(folder: Path, *, make: bool) -> None:
    """Raises Failure where no file could be made in that folder; `make`: make it if it is not there."""
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(folder, error) from error
    if not folder.is_dir():
        raise failures.Failure(f"there is no folder {folder}", "name another one with --dir")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise failures.Failure(
            f"cannot write into {folder}", "use sudo, or --user for a service of your own"
        )


def write(path: Path, content: str, *, mode: int) -> None:
    """Write the whole file or nothing, never readable by more than `mode` says. Raises Failure."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)  # whatever the umask says
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise unusable(path, error) from error


def is_there(path: Path) -> bool:
    """Raises Failure where that cannot be told."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unusable(path, error) from error
    return True


def close(path: Path) -> bool:
    """Take a kept file's rights from everybody but its owner; whether that was needed. Raises Failure."""
    try:
        if not stat.S_IMODE(path.stat().st_mode) & 0o077:
            return False
        path.chmod(0o600)
    except OSError as error:
        raise unusable(path, error) from error
    return True


def unusable(path: Path, error: OSError) -> failures.Failure:
    """A file that cannot be read or written."""
    reason = error.strerror or str(error)
    return failures.Failure(f"cannot use {path}: {reason}", "use sudo, or name another place")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, error) from error
