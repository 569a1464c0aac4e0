"""Attempts of which the server has everything, told by a mark in their folder; and deleting what it has.

    .delivered    {"final": true}     the run has ended with this attempt: no other one goes on from its files

The mark is made after the last byte was acknowledged, and never where the server sees the same folder. A file that was
changed or put there after the mark is no delivered one.
"""

from __future__ import annotations

import os
import stat

from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whirr.wire.files import AnyPath

MARK = ".delivered"


def mark(folder: AnyPath, *, final: bool) -> None:
    """The server has every file of this attempt."""
    with suppress(OSError):
        files.write_whole(f"{folder}/{MARK}", jsontext.dumps({"final": final}))


class Delivered:
    def __init__(self, run: str, number: int, at: int) -> None:
        self._run = run  # the run's folder
        self._folder = f"{run}/attempts/{number}"
        self.at = at  # nanoseconds, when the mark was made

    @staticmethod
    def all_in(data_dir: str) -> list[Delivered]:
        """Those of runs that have ended, oldest first."""
        found: list[Delivered] = []
        for run_id in _names(f"{data_dir}/runs"):
            if layout.is_run_id(run_id):
                found += _of_run(f"{data_dir}/{layout.run_path(run_id)}")
        return sorted(found, key=lambda each: each.at)

    def delete(self) -> int:
        """Its delivered files, and folders that are empty then; how many files."""
        gone = sum(map(self._remove, self._files()))
        with suppress(OSError):
            files.remove(f"{self._folder}/{MARK}")
        with suppress(OSError):
            files.remove_folder(self._folder)  # it stays where the job left more than is delivered
        _tidy(self._run)
        return gone

    def _files(self) -> Iterator[str]:
        for name in (*layout.STREAMS, *layout.DOCUMENTS):
            yield f"{self._folder}/{name}"
        for folder, _, names in os.walk(f"{self._folder}/{layout.ARTIFACTS}", topdown=False):
            for name in names:
                yield f"{folder}/{name}"
            with suppress(OSError):
                files.remove_folder(folder)

    def _remove(self, path: str) -> bool:
        try:
            found = files.status(path, follow_links=False)
            if not stat.S_ISREG(found.st_mode) or found.st_ctime_ns > self.at:
                return False
            files.remove(path)
        except OSError:
            return False
        return True


def _of_run(run: str) -> list[Delivered]:
    found, ended = [], False
    for name in _names(f"{run}/attempts"):
        path = f"{run}/attempts/{name}/{MARK}"
        facts = files.read_json_object(path) if name.isdigit() else None
        if facts is None:
            continue
        ended = ended or facts.get("final") is True
        with suppress(OSError):
            found.append(Delivered(run, int(name), files.status(path).st_ctime_ns))
    return found if ended else []


def _tidy(run: str) -> None:
    """Where no attempt is left, its links lead nowhere. Checkpoints are nobody's but the user's: they stay."""
    if any(name.isdigit() for name in _names(f"{run}/attempts")):
        return
    for name in ("attempts/newest", *layout.STREAMS, *layout.DOCUMENTS, layout.ARTIFACTS):
        path = f"{run}/{name}"
        with suppress(OSError):
            if stat.S_ISLNK(files.status(path, follow_links=False).st_mode):
                files.remove(path)
    for folder in (f"{run}/attempts", f"{run}/{layout.CHECKPOINTS}", run):
        with suppress(OSError):
            files.remove_folder(folder)


def _names(folder: str) -> list[str]:
    try:
        return files.names_in(folder)
    except OSError:
        return []
