"""When the bytes of a log came: output.times beside it, a mark whenever it was seen to have grown.

Programs write straight into output.log, so nobody stamps their lines. A mark says "at this moment there were so many
bytes": little-endian, int64 bytes and float64 seconds since 1970. Agents look once a second and tell with the bytes
what they saw (`Grown`); what comes without that is marked when it arrives, once a second at most. The file is no
truth: without it a log has no times, and nothing else is lost.
"""

import contextlib
import fcntl
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
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
RECENT = 1024  # marks
MOST_TOLD = 1000  # by one request

_TOLD = re.compile(r"([0-9]{1,15})-([0-9]{1,10})-([0-9]{1,10})\Z")


@dataclass(frozen=True, slots=True)
class Grown:
    """The log had `size` bytes `age` seconds ago; `before` seconds ago it had not grown to there yet."""

    size: int
    age: float
    before: float


def told(text: str) -> list[Grown]:
    """`120-900-1900_340-0-900`: bytes and two ages in milliseconds each. What is none of that is left out."""
    parts = (_TOLD.match(part) for part in text.split("_", MOST_TOLD)[:MOST_TOLD])
    return [Grown(int(p[1]), int(p[2]) / 1000, int(p[3]) / 1000) for p in parts if p]


def note(run: Run, attempt: int, *, size: int, at: float, grown: Sequence[Grown] = ()) -> None:
    """The log had `size` bytes at the moment `at`; or, where it is told, grew as it did, as seen from that moment.

    Where it cannot be written down, nothing is.
    """
    log = storage.stream_path(run, attempt, OUTPUT)
    path = log.with_name(NAME)
    with contextlib.suppress(OSError):
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(path, flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            end = _end(handle, there := log.lstat().st_size, more=2 * len(grown))
            last = _tail(handle, end)
            if grown:
                fresh = _seen(last, [each for each in grown if each.size <= there], now=at)
            else:
                fresh = _arrived(last, size, at, there=there)
            os.pwrite(handle, np.array(fresh, _MARK).tobytes(), end - len(last) * _MARK.itemsize)
        finally:
            os.close(handle)


Mark = tuple[int, float]


def _end(handle: int, there: int, *, more: int) -> int:
    """Where marks end; none are left where the log began anew, and every other one where so many more are too many."""
    end = os.fstat(handle).st_size // _MARK.itemsize * _MARK.itemsize
    if end and there < _tail(handle, end)[-1][0]:
        os.ftruncate(handle, 0)
        return 0
    return _thin(handle, end) if end // _MARK.itemsize + max(more, 1) > MOST else end


def _tail(handle: int, end: int) -> list[Mark]:
    """The last two."""
    size = min(end, 2 * _MARK.itemsize)
    return [(int(s), float(t)) for s, t in np.frombuffer(os.pread(handle, size, end - size), _MARK)]


def _arrived(last: list[Mark], size: int, at: float, *, there: int) -> list[Mark]:
    """The writer has let go of the log since: `there` are its bytes now. A smaller size is late, or an older log's."""
    known = last and (size <= last[-1][0] or 0 <= at - last[-1][1] < APART)
    return last if known or size > there else [*last, (size, at)]


def _seen(last: list[Mark], grown: Sequence[Grown], *, now: float) -> list[Mark]:
    """What the writer itself saw, never before the mark that is there; bytes that are marked stay so.

    Of three marks within a second the middle one goes. What came before and after a silence is marked at both its ends.
    """
    found = list(last)
    for each in grown:
        size, time = found[-1] if found else (0, 0.0)
        if each.size <= size:
            continue
        floor = time if time <= now else 0.0  # else the clock was set back
        at = max(now - each.age, floor)
        since = min(max(now - each.before, floor), at)
        if found and since - time >= APART:
            found.append((size, since))
        elif len(found) > 1 and 0 <= at - found[-2][1] < APART:
            found.pop()
        found.append((each.size, at))
    return found


def _thin(handle: int, end: int) -> int:
    """Every other mark goes, never the last; where the rest ends. Whoever reads meanwhile leaves out what falls."""
    marks = np.frombuffer(os.pread(handle, end, 0), _MARK)[::-2][::-1].tobytes()
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

    def before(self, time: float) -> int:
        """How many bytes had surely come before that time."""
        at = int(np.argmax(np.append(self.times, np.inf) >= time))
        return int(self.sizes[at - 1]) if at else 0

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


def recent(path: Path) -> Times:
    """The last marks alone: a page that follows a log is told of its end once a second."""
    with contextlib.suppress(OSError, Invalid), storage.reading(path.with_name(NAME)) as file:
        end = os.fstat(file.fileno()).st_size // _MARK.itemsize * _MARK.itemsize
        size = min(end, RECENT * _MARK.itemsize)
        return _times(os.pread(file.fileno(), size, end - size))
    return _times(b"")
