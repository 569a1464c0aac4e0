"""`.delivered` in the folder of a direct run: which server has it wholly, and what it was then.

    {"run": "local-...", "server": "<store id>", "url": "http://...", "shared": false,
     "files": {"metrics.jsonl": [size, time of change in ns], ...}}

Made after the last byte was acknowledged. A run whose files are not as it says any more has grown since.
"""

from __future__ import annotations

import os
import stat

from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from whirr.shipping.beneath import Sent
    from whirr.wire.files import AnyPath

MARK = ".delivered"


def write(folder: AnyPath, *, store_id: str, url: str, shared: bool, sent: Iterable[Sent]) -> None:
    """Raises OSError where the folder takes no file."""
    told = {
        "run": _name_of(folder),
        "server": store_id,
        "url": url,
        "shared": shared,
        "files": {name: [size, changed] for name, size, changed in sent},
    }
    files.write_whole(f"{os.fspath(folder)}/{MARK}", jsontext.dumps(told) + b"\n")


def read(folder: AnyPath) -> dict[str, Any] | None:
    return files.read_json_object(f"{os.fspath(folder)}/{MARK}")


def holds(folder: AnyPath, mark: dict[str, Any] | None) -> bool:
    """Whether everything in the folder is still as the mark says."""
    told = mark.get("files") if mark else None
    if not isinstance(told, dict) or (mark and mark.get("run", "") != _name_of(folder)):
        return False
    artifacts = () if mark and mark.get("shared") is True else _artifacts(os.fspath(folder))
    found = (*small(folder), *artifacts)
    return all(told.get(name) == [size, changed] for name, size, changed in found)


def _name_of(folder: AnyPath) -> str:
    return os.fspath(folder).rpartition("/")[2]


def small(folder: AnyPath) -> Iterator[Sent]:
    """Streams and documents as they are now."""
    for name in (*layout.streams_in(folder), *layout.DOCUMENTS):
        with suppress(OSError):
            found = files.status(f"{os.fspath(folder)}/{name}", follow_links=False)
            if stat.S_ISREG(found.st_mode):
                yield name, found.st_size, found.st_mtime_ns


def _artifacts(folder: str) -> Iterator[Sent]:
    waiting = [layout.ARTIFACTS]
    while waiting:
        inner = waiting.pop()
        with suppress(OSError), os.scandir(f"{folder}/{inner}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{inner}/{entry.name}")
                elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(
                    ".whirr-part"
                ):
                    found = entry.stat(follow_symlinks=False)
                    yield f"{inner}/{entry.name}", found.st_size, found.st_mtime_ns
