"""Copies of files that a run wants to keep, under names that are safe everywhere."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from whirr.wire import files

_SEGMENT = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}\Z")
_PART = ".whirr-part"  # not yet whole: the agent passes these over


def checked_name(name: str) -> str:
    """A relative name between slashes. Raises ValueError for what could lead elsewhere."""
    parts = name.split("/")
    sane = all(_SEGMENT.match(part) and part.strip(". ") for part in parts)
    if not sane or len(name) > 512 or len(parts) > 16 or name.endswith(_PART):
        raise ValueError(f"{name[:100]!r} cannot name an artifact: use plain names between slashes")
    return name


def save(source: Path, root: Path, name: str) -> Path:
    """Copy a file, or a folder with all its plain files, to `root/name`."""
    target = root / checked_name(name)
    if source.is_dir():
        for file in _files(source):
            inner = checked_name(f"{name}/{file.relative_to(source).as_posix()}")
            _copy(file, root / inner)
    else:
        _copy(source, target)
    return target


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            file = Path(parent) / name
            if file.is_file() and not file.is_symlink():
                yield file


def write(data: bytes, root: Path, name: str) -> None:
    """Make `data` the file `root/name`, in one step."""
    with _draft_of(root / checked_name(name)) as draft:
        draft.write_bytes(data)


def _copy(source: Path, target: Path) -> None:
    import shutil  # noqa: PLC0415  (with its archives, it costs as much as the rest of the library)

    with _draft_of(target) as draft:
        shutil.copyfile(source, draft)


@contextlib.contextmanager
def _draft_of(target: Path) -> Iterator[Path]:
    """It takes its place whole or not at all: somebody may be looking."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(files.draft_of(target, _PART))
    os.close(files.create(draft))
    try:
        yield draft
        draft.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
