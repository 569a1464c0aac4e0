"""When a log grew, as its own node saw it: for each stretch of bytes the two moments between which they were written.

Shipments are up to 15 seconds apart, so the server alone cannot tell when a line came. Whoever sends the log looks at
its size at least once a second and sends with the bytes what it saw. As ages, not times: then it does not matter
whether the clocks of the two machines agree. What the server has not acknowledged is kept in a small file, too, for a
successor; nothing is noted while nothing grows. The marks are no truth: where they are lost, a line's time is coarser.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Optional

    from whirr.wire.files import AnyPath

    Mark = tuple[int, float, float]  # bytes, when they were seen, the last look before they grew
    Clock = Optional[float]

APART = 1.0  # seconds: what grew within one is one mark
MOST = 2048  # marks; beyond that what grew within two seconds is one, then within four, ...
_LONG = 1e7  # seconds: no silence is so long, only a clock that jumped about
MOST_SENT = 100  # with one request, as a part of its address


class Growth:
    """One file's. Two threads may look; `kept` is where the marks survive their process."""

    def __init__(self, path: AnyPath, kept: AnyPath, *, resumed: bool, now: Clock = None) -> None:
        self._path = path
        self._kept = kept
        self._lock = allocate_lock()
        self._marks: list[Mark] = _read(kept) if resumed else []
        self._size = self._marks[-1][0] if self._marks else 0
        self._lines = len(self._marks)  # in the file
        self._looked = None if resumed else _now(now)

    def look(self, now: Clock = None) -> None:
        """Note how far the file has grown, if it has."""
        try:
            found = files.status(self._path)
        except OSError:
            return
        with self._lock:
            self._saw(found.st_size, found.st_mtime, _now(now))

    def told(self, start: int, end: int, now: Clock = None) -> tuple[str, int]:
        """What one request tells of the bytes from `start` to `end`, and up to where: they may be too many marks."""
        with self._lock:
            marks = [mark for mark in self._marks if start < mark[0] <= end]
        if len(marks) > MOST_SENT:
            marks = marks[:MOST_SENT]
            end = marks[-1][0]
        moment = _now(now)
        return "_".join(_in_words(mark, moment) for mark in marks), end

    def forget(self, size: int) -> None:
        """The server has the bytes up to there, and what was told of them."""
        with self._lock:
            if not self._marks or self._marks[0][0] > size:
                return
            self._marks = [mark for mark in self._marks if mark[0] > size]
            if not self._marks:
                self._keep()

    def _saw(self, size: int, changed: float, now: float) -> None:
        before, self._looked = self._looked, now
        if size < self._size:  # the job cut its log short
            self._marks = [mark for mark in self._marks if mark[0] <= size]
        if size > self._size:
            last = self._marks[-1][1] if self._marks else 0.0
            floor = min(last if before is None else before, now)  # `now`: the clock was set back
            at = max(min(changed, now), floor)
            self._add((size, at, at if before is None else floor))
        self._size = size

    def _add(self, mark: Mark) -> None:
        self._marks[-1:] = _thinned([*self._marks[-1:], mark], APART)
        apart = APART
        while len(self._marks) > MOST:
            apart *= 2
            self._marks = _thinned(self._marks, apart)[: None if apart < _LONG else MOST]
        if self._lines > 2 * MOST:
            self._keep()
            return
        with suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(self._kept, flags, 0o600)
            try:
                os.write(fd, _line(mark))
                self._lines += 1
            finally:
                os.close(fd)

    def _keep(self) -> None:
        """Only what is still to be told. A power cut may take it."""
        with suppress(OSError):
            if self._marks:
                files.write_whole(self._kept, b"".join(map(_line, self._marks)), mode=0o600)
            elif self._lines:
                os.truncate(self._kept, 0)
            self._lines = len(self._marks)


def _now(now: Clock) -> float:
    return time.time() if now is None else now


def _thinned(marks: list[Mark], apart: float) -> list[Mark]:
    """Neighbours that grew within so many seconds become one: no silence that is longer is lost."""
    kept = marks[:1]
    for size, at, since in marks[1:]:
        if 0 <= at - kept[-1][2] < apart:
            since = kept.pop()[2]
        kept.append((size, at, since))
    return kept


def _in_words(mark: Mark, now: float) -> str:
    """Bytes, and how many milliseconds ago they were there, and were not yet."""
    size, at, since = mark
    age = max(0, int((now - at) * 1000))
    return f"{size}-{age}-{max(age, int((now - since) * 1000))}"


def _line(mark: Mark) -> bytes:
    return b"%d %.3f %.3f\n" % mark


def _read(path: AnyPath) -> list[Mark]:
    """What a predecessor kept, as far as it can be read."""
    found: list[Mark] = []
    with suppress(OSError, ValueError):
        for line in files.read(path).splitlines()[: 4 * MOST]:
            size, at, since = line.split()
            mark = (int(size), float(at), float(since))
            if not found or found[-1][0] < mark[0]:
                found.append(mark)
    return found[-MOST:]
