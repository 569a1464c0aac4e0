"""A file of lines: one line, one write. Once `append` returns, the line survives this process."""

from __future__ import annotations

import itertools
import os
import threading
import time
from pathlib import Path

from whirr import _times

_TAIL = 64 * 1024  # where a file's last line is looked for first


class Gone(OSError):
    """The file was removed below us: what is written there is kept by nobody."""


class LineFile:
    """Lines that each begin with their number and the time; for several threads, and for signal handlers."""

    def __init__(self, path: Path, fd: int | None = None) -> None:
        """`fd` is the file, opened before. Raises OSError where it cannot be opened."""
        self._path = path
        # A signal handler may log in the middle of a log.
        self._lock = threading.RLock()
        self._fd = open_lines(path) if fd is None else fd
        self._is = _identity(self._fd)
        self.lines, self._torn = _end_of(self._fd)
        self._numbers = itertools.count(
            self.lines
        )  # one step, which no signal handler can come between
        self.found_lines = self.lines > 0 or self._torn
        self._second = -1
        self._prefix = ""

    def append(self, body: str) -> None:
        """One line; `body` is what follows the time, `,"loss":0.5`, in ASCII.

        Raises OSError when the disk takes no more; the next line then begins afresh.
        """
        with self._lock:
            now = time.time()
            second = int(now)
            if second != self._second:  # formatting a date costs more than writing the line
                self._begin_second(second)
            index = next(self._numbers)
            start = "\n{" if self._torn else "{"
            data = (
                f'{start}"_idx":{index},"_timestamp":"{self._prefix}'
                f'{int((now - second) * 1_000_000):06d}Z"{body}}}\n'
            ).encode()
            self._torn = (
                True  # a signal handler that logs in the middle of this begins a line of its own
            )
            try:
                missing = len(data) - os.write(self._fd, data)
            except OSError:
                self._torn = start != "{"
                self._take_back(index)
                raise
            if missing > 1:
                self._take_back(index)
                raise OSError(28, "no space left for a whole line")
            self._torn = missing == 1  # of a line without its end nothing is lost
            self.lines = index + 1

    def close(self) -> None:
        with self._lock:
            self.abandon()

    def abandon(self) -> None:
        """Close it in a forked child, where somebody who is not there any more may hold the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take_back(self, index: int) -> None:
        if next(self._numbers) == index + 1:
            self._numbers = itertools.count(index)

    def _begin_second(self, second: int) -> None:
        """Once a second, it is made sure that the file is still this one, and still there."""
        if self._fd >= 0:
            self._stay_with_the_file()
        self._second = second
        self._prefix = _times.stamp(second)[:-7]

    def _stay_with_the_file(self) -> None:
        """A program that makes itself a daemon closes all files, and opens others under their numbers."""
        try:
            found = os.fstat(self._fd)
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._is:
            fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            if _identity(fd) != self._is:
                os.close(fd)
                raise Gone(2, f"{self._path} is another file now")
            self._fd = fd
        elif found.st_nlink == 0:
            raise Gone(2, f"{self._path} was removed")


def open_lines(path: Path) -> int:
    """The file to append to, made if need be."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def _identity(fd: int) -> tuple[int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino


def _end_of(fd: int) -> tuple[int, bool]:
    """The number of the next line, and whether an earlier process was killed within one.

    Of the file only the end is read: it may have a gigabyte.
    """
    size = os.fstat(fd).st_size
    length = min(size, _TAIL)
    tail = os.pread(fd, length, size - length)
    whole, _, rest = tail.rpartition(b"\n")
    last = whole.rpartition(b"\n")
    number = _number_of(last[2]) if last[1] or length == size else None
    return (_lines_of(fd, size) if number is None else number + 1), bool(rest)


def _number_of(line: bytes) -> int | None:
    """The N of `{"_idx":N,…`, as this library writes it; None for a line that somebody else wrote."""
    start, _, rest = line.partition(b":")
    digits = rest.partition(b",")[0].strip()
    return int(digits) if start == b'{"_idx"' and digits.isdigit() else None


def _lines_of(fd: int, size: int) -> int:
    """How many there are: for files that are not the library's own."""
    lines, offset = 0, 0
    while offset < size and (piece := os.pread(fd, 1 << 20, offset)):
        lines += piece.count(b"\n")
        offset += len(piece)
    return lines
