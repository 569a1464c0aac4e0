"""Attempts of which the server has everything, told by a mark in their folder; and deleting what it has.

    .delivered    {"attempt": "job-7/1", "final": true}        final: no other attempt goes on from its files
                  ["artifacts/model", 40960, 1751000000000]    a line for each file that was sent: size, time of change

The mark is made after the last byte was acknowledged, and never where the server may see the same folder. A file that
is not in it, or is not as it says any more, is no delivered one.
"""

from __future__ import annotations

import os

from whirr.shipping.beneath import Folder
from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from whirr.shipping.beneath import Sent
    from whirr.wire.files import AnyPath

MARK = ".delivered"
_HEAD = 4096  # bytes that the first line of a mark fits into


def mark(folder: AnyPath, *, final: bool, sent: Iterable[Sent]) -> None:
    """The server has every file of this attempt: these, as they were then."""
    lines: list[Any] = [{"attempt": _name_of(os.fspath(folder)), "final": final}]
    lines += map(list, sent)
    with suppress(OSError):
        files.write_whole(f"{folder}/{MARK}", b"".join(jsontext.dumps(x) + b"\n" for x in lines))


def _name_of(folder: str) -> str:
    run, _, number = folder.rsplit("/", 2)
    return f"{run[run.rfind('/') + 1 :]}/{number}"


def _is_ours(name: str) -> bool:
    return name in layout.DOCUMENTS or layout.is_stream(name)


class Delivered:
    __slots__ = ("_number", "_run_id", "_runs", "at")

    def __init__(self, runs: str, run_id: str, number: str, at: int) -> None:
        self._runs = runs
        self._run_id = run_id
        self._number = number
        self.at = at  # nanoseconds, when the mark was made

    def delete(self) -> int:
        """Its delivered files, and folders that are empty then; how many files."""
        gone = 0
        try:
            with self._folder(()) as folder:
                told = _lines(folder)
            for line in told:
                gone += self._remove(line)
            self._tidy()
        except (OSError, ValueError):
            return gone
        return gone

    def _remove(self, line: Any) -> bool:
        try:
            path, size, changed = line
            *above, name = path.split("/")
            if not (above[0] == layout.ARTIFACTS if above else _is_ours(name)):
                return False
            with self._folder(above) as folder:
                found = folder.plain(name)
                if found is None or found[1:] != (size, changed):
                    return False
                folder.remove(name)
        except (OSError, ValueError, TypeError, AttributeError):
            return False
        return True

    def _folder(self, names: Iterable[str]) -> Folder:
        return Folder(self._runs, (self._run_id, "attempts", self._number, *names))

    def _tidy(self) -> None:
        folders = [[layout.ARTIFACTS]]
        for names in folders:  # it grows meanwhile
            with suppress(OSError), self._folder(names) as folder:
                folders += [[*names, inner] for inner in folder.contents()[0]]
        for names in reversed(folders):
            with suppress(OSError), self._folder(names[:-1]) as folder:
                folder.remove_empty(names[-1])
        with suppress(OSError), self._folder(()) as folder:
            folder.remove(MARK)
        self._tidy_run()

    def _tidy_run(self) -> None:
        """Where no attempt is left, its links lead nowhere. Checkpoints are nobody's but the user's: they stay."""
        with Folder(self._runs, (self._run_id, "attempts")) as attempts:
            attempts.remove_empty(self._number)  # it stays where the job left more
            if any(name.isdigit() for name in attempts.names()):
                return
            attempts.remove_link("newest")
        with Folder(self._runs, (self._run_id,)) as run:
            for name in (*layout.STREAMS, *layout.DOCUMENTS, layout.ARTIFACTS):
                run.remove_link(name)
            for name in ("attempts", layout.CHECKPOINTS):
                run.remove_empty(name)
        with Folder(self._runs) as runs:
            runs.remove_empty(self._run_id)


def find(data_dir: str) -> Iterator[Delivered | None]:
    """Those of runs that have ended. None after each run without one: there may be many, and nothing else waits."""
    runs = f"{data_dir}/runs"
    with suppress(OSError), os.scandir(runs) as entries:
        for entry in entries:
            yield None
            if layout.is_run_id(entry.name):
                yield from _of_run(runs, entry.name)


def _of_run(runs: str, run_id: str) -> list[Delivered]:
    found, ended = [], False
    for number in _names(f"{runs}/{run_id}/attempts"):
        path = f"{runs}/{run_id}/attempts/{number}/{MARK}"
        head = _head(path) if number.isdigit() else {}
        if head.get("attempt") != f"{run_id}/{number}":
            continue
        ended = ended or head.get("final") is True
        with suppress(OSError):
            found.append(Delivered(runs, run_id, number, files.status(path).st_mtime_ns))
    return found if ended else []


def _head(path: str) -> dict[str, Any]:
    """The first line of a mark; the others may be a hundred thousand."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            value = jsontext.loads(os.read(fd, _HEAD).partition(b"\n")[0])
        finally:
            os.close(fd)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _lines(folder: Folder) -> list[Any]:
    """What a mark says was sent."""
    text = files.read(folder.open_file(MARK))  # closes it
    return [jsontext.loads(line) for line in text.splitlines()[1:]]


def _names(folder: str) -> list[str]:
    try:
        return files.names_in(folder)
    except OSError:
        return []
