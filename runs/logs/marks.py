"""When the bytes of a log came: output.times beside it, a mark whenever it was seen to have grown.

Programs write straight into output.log, so nobody stamps their lines. A mark says "at this moment there were so many
bytes": little-endian, int64 bytes and float64 seconds since 1970. There is one a second at most, so what is after the
last mark came within a second of it. The file is no truth: without it a log has no times, and nothing else is lost.
"""

import contextlib
import fcntl
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runs import storage
from runs.errors import Invalid
from runs.logs.reading import OUTPUT
from runs.models import Run

NAME = "output.times"
APART = 1.0  # seconds between two marks
SPREAD = 15.0  # seconds: bytes that arrived together came within the longest interval of an agent

_MARK = np.dtype([("size", "<i8"), ("time", "<f8")])
MOST = (
    262_144  # marks that are kept and read: three days of one a second; then every other one goes
)
LATEST = 4e9  # seconds since 1970; what is later, or before it, is no time that this file can mean
KEPT = 64  # logs whose marks are kept in memory


def note(run: Run, attempt: int, *, size: int, at: float) -> None:
    """The log had `size` bytes at the moment `at`. Where it cannot be written down, nothing is."""
    log = storage.stream_path(run, attempt, OUTPUT)
    path = log.with_name(NAME)
    with contextlib.suppress(OSError):
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(path, flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _append(handle, size, at, there=log.lstat().st_size)
        finally:
            os.close(handle)


def _append(handle: int, size: int, at: float, *, there: int) -> None:
    """The writer has let go of the log since: `there` are its bytes now. A smaller size may be late, or a new log's."""
    if size > there:
        return
    end = os.fstat(handle).st_size // _MARK.itemsize * _MARK.itemsize
    if end:
        last = np.frombuffer(os.pread(handle, _MARK.itemsize, end - _MARK.itemsize), _MARK)[0]
        if there < last["size"]:  # the log began anew
            end = 0
            os.ftruncate(handle, 0)
        elif size <= last["size"] or 0 <= at - last["time"] < APART:
            return
        elif end >= MOST * _MARK.itemsize:
            end = _thin(handle)
    os.pwrite(handle, np.array([(size, at)], _MARK).tobytes(), end)


def _thin(handle: int) -> int:
    """Every other mark goes, never the last; where the rest ends. Whoever reads meanwhile leaves out what falls."""
    marks = np.frombuffer(os.pread(handle, MOST * _MARK.itemsize, 0), _MARK)[1::2].tobytes()
    os.pwrite(handle, marks, 0)
    os.ftruncate(handle, len(marks))
    return len(marks)


@dataclass(frozen=True, slots=True)
class Times:
    """The marks of a log, by rising size. A later mark that tells of an earlier moment (a clock set back) stays."""

    sizes: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    times: "np.ndarray[tuple[int], np.dtype[np.float64]]"

    def of(self, offsets: list[int]) -> list[float] | None:
        """Seconds since 1970 for the bytes at these offsets; None where there is no mark at all.

        Between two marks it is interpolated, over the last 15 seconds before the second one.
        """
        if not len(self.sizes):
            return None
        at = np.asarray(offsets, np.int64)
        behind = np.searchsorted(self.sizes, at, side="right")
        right = np.minimum(behind, len(self.sizes) - 1)
        left = np.maximum(right - 1, 0)
        first = right == 0
        end = self.times[right]
        begin = np.where(first, end, np.clip(self.times[left], end - SPREAD, end))
        from_size = np.where(first, 0, self.sizes[left])
        share = (at - from_size) / np.maximum(self.sizes[right] - from_size, 1)
        found = np.where(behind == len(self.sizes), end, begin + (end - begin) * share)
        return [round(float(each), 2) for each in found]

    def __bool__(self) -> bool:
        return len(self.sizes) > 0


_Seen = tuple[int, int, int]  # a file by its inode, size and time of change
_kept: OrderedDict[str, tuple[_Seen, Times]] = OrderedDict()
_lock = threading.Lock()


def of(path: Path) -> Times:
    """The marks of the log at `path`. What cannot be read, or is no marks, gives none."""
    with contextlib.suppress(OSError, Invalid), storage.reading(path.with_name(NAME)) as file:
        status = os.fstat(file.fileno())
        seen = (status.st_ino, status.st_size, status.st_mtime_ns)
        with _lock:
            known = _kept.get(str(path))
        if known is None or known[0] != seen:
            known = seen, _times(file.read(MOST * _MARK.itemsize))
        with _lock:
            _kept[str(path)] = known
            _kept.move_to_end(str(path))
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
        return known[1]
    return _times(b"")


def _times(data: bytes) -> Times:
    marks = np.frombuffer(data[: len(data) // _MARK.itemsize * _MARK.itemsize], _MARK)
    marks = marks[(marks["time"] >= 0) & (marks["time"] <= LATEST)]  # what is no number is neither
    if len(marks):
        marks = marks[marks["size"] >= np.maximum.accumulate(marks["size"])]
    return Times(marks["size"].astype(np.int64), marks["time"].astype(np.float64))


def last(path: Path) -> float | None:
    """When the log at `path` was seen to grow the last time; None where nobody saw it."""
    with contextlib.suppress(OSError, Invalid), storage.reading(path.with_name(NAME)) as file:
        end = os.fstat(file.fileno()).st_size // _MARK.itemsize * _MARK.itemsize
        data = os.pread(file.fileno(), _MARK.itemsize, max(0, end - _MARK.itemsize))
        if len(data) == _MARK.itemsize:
            time = float(np.frombuffer(data, _MARK)[0]["time"])
            return time if 0 <= time <= LATEST else None
    return None
