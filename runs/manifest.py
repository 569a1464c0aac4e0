"""manifests/<run>/<attempt>.jsonl: which artifacts arrived, so that files alone can tell the database.

One line for each artifact that arrived whole, and one for each that was deleted; the last line of a path counts. They
lie outside the folders of runs: a job writes to its own folder on a shared disk, and a line there that names the sha256
of somebody else's artifact must give nobody its content.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from runs import contents, storage
from runs.models import Artifact, Run
from runs.moments import moment
from runs.parsing import decode

# Where earlier servers kept them, and jobs could write: they make no row, but what they name is not swept.
OLD = ("*/artifacts.jsonl", "*/attempts/[0-9]*/artifacts.jsonl")
LARGEST = 2**63 - 1  # bytes that a row takes


@dataclass(frozen=True, slots=True)
class Entry:
    """An artifact as its line tells it: `size` in bytes, `sha256` in hexadecimal."""

    path: str
    size: int
    sha256: str
    modified: datetime


def root() -> Path:
    """Where all of them are: a folder of mode 0700, made when the first artifact arrives."""
    return Path(settings.DATA_DIR) / "manifests"


def path_of(key: str, attempt: int) -> Path:
    """The file of one attempt. Raises Invalid where `key` is no run id."""
    return root() / storage.run_folder(key).name / f"{int(attempt)}.jsonl"


def note(artifact: Artifact, *, modified: datetime) -> None:
    """It has arrived whole; its `blob` is its sha256."""
    _append(
        artifact.run,
        artifact.attempt,
        [
            {
                "path": artifact.path,
                "size": artifact.size,
                "sha256": artifact.blob,
                "modified": modified.astimezone(UTC).isoformat(),
            }
        ],
    )


def forget(run: Run, attempt: int, paths: Iterable[str]) -> None:
    """These artifacts were deleted."""
    _append(run, attempt, [{"path": path, "deleted": True} for path in paths])


def read(run: Run, attempt: int) -> dict[str, Entry]:
    """What is still there, by path. A line that cannot be meant is passed over. Raises Invalid for a link."""
    return _read(path_of(run.key, attempt))


def digests() -> set[str]:
    """The sha256 of all artifacts of all runs that are still there. Raises OSError, Invalid for an unreadable file."""
    files = list(root().glob("*/*.jsonl"))
    home = Path(settings.RUNS_DIR)
    for pattern in OLD:
        files += [file for file in home.glob(pattern) if file.is_file() and not file.is_symlink()]
    return {entry.sha256 for file in files for entry in _read(file).values()}


def remove(key: str) -> None:
    """Of a run that was deleted for good. Raises OSError."""
    try:
        shutil.rmtree(path_of(key, 0).parent)
    except FileNotFoundError:
        return


def _read(path: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for line in _lines(path):
        told = decode(line)
        if told is None or not isinstance(told.get("path"), str):
            continue
        found.pop(told["path"], None)
        entry = _entry(told)
        if entry is not None:
            found[entry.path] = entry
    return found


def _entry(told: dict[str, Any]) -> Entry | None:
    size, sha256 = told.get("size"), str(told.get("sha256"))
    modified = moment(told.get("modified"))
    if modified is None or type(size) is not int or not 0 <= size <= LARGEST:
        return None
    return Entry(told["path"], size, sha256, modified) if contents.is_digest(sha256) else None


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with storage.reading(path) as file:
            yield from file
    except FileNotFoundError:
        return


def _append(run: Run, attempt: int, told: list[dict[str, Any]]) -> None:
    """Whole lines, after whatever a killed server left of one."""
    storage.prepare(run, attempt)
    storage.attempt_folder(run, attempt).mkdir(parents=True, exist_ok=True)
    path = path_of(run.key, attempt)
    for folder in (root(), path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    data = b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in told)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "rb+", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end = os.fstat(file.fileno()).st_size
        torn = end and os.pread(file.fileno(), 1, end - 1) != b"\n"
        file.write(b"\n" + data if torn else data)
