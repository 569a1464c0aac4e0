"""A log that is being read: its open file, and an index of its lines that is as new as the file.

Indexes live in this process, the 64 that were read last. One is only believed while the file is the one that it was
made from: the same inode, not shorter, with the same bytes at its beginning and where the index ended.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runs import storage
from runs.logs.line_index import LineIndex
from runs.logs.lines import Line, number_at, read
from runs.logs.survey import Survey
from runs.models import Run

KEPT = 64
COMPARED = 64  # bytes at the beginning, and before the end of the index

OUTPUT = "output.log"


@dataclass(slots=True)
class _Known:
    """What is known of one file. Whoever extends the index holds `lock`; the survey takes longer and has its own."""

    identity: tuple[int, int] = (0, 0)
    head: bytes = b""
    tail: bytes = b""
    index: LineIndex = field(default_factory=LineIndex)
    survey: Survey = field(default_factory=Survey)
    lock: threading.Lock = field(default_factory=threading.Lock)
    surveying: threading.Lock = field(default_factory=threading.Lock)

    def is_of(self, handle: int) -> bool:
        size = self.index.size
        status = os.fstat(handle)
        return (
            self.identity == (status.st_dev, status.st_ino)
            and size <= status.st_size
            and os.pread(handle, len(self.head), 0) == self.head
            and os.pread(handle, len(self.tail), size - len(self.tail)) == self.tail
        )

    def refresh(self, handle: int) -> None:
        """Read on what came; from the beginning where it is another file."""
        status = os.fstat(handle)
        if not self.is_of(handle):
            self.index, self.survey = LineIndex(), Survey()
            self.identity = (status.st_dev, status.st_ino)
        self.index.extend(handle, status.st_size)
        size = self.index.size
        self.head = os.pread(handle, min(COMPARED, size), 0)
        self.tail = os.pread(handle, min(COMPARED, size), max(0, size - COMPARED))


_known: OrderedDict[str, _Known] = OrderedDict()
_all = threading.Lock()


def _of(path: Path) -> _Known:
    with _all:
        known = _known.setdefault(str(path), _Known())
        _known.move_to_end(str(path))
        while len(_known) > KEPT:
            _known.popitem(last=False)
        return known


@dataclass(frozen=True, slots=True)
class Log:
    """An attempt's output up to `size`. `final`: nothing more will come."""

    path: Path
    handle: int
    size: int
    lines: int
    final: bool
    index: LineIndex
    survey: Survey
    surveying: threading.Lock

    def read(self, first: int, count: int) -> list[Line]:
        """At most `count` lines from `first` on."""
        return read(self.handle, self.index, first=first, count=count)

    def number_at(self, offset: int) -> int:
        """The line that a byte belongs to."""
        return number_at(self.handle, self.index, offset)

    def look_over(self, *, seconds: float) -> bool:
        """Go on with the survey for so long; whether it is complete."""
        with self.surveying:
            return self.survey.extend(self.handle, self.size, seconds=seconds, final=self.final)


@contextmanager
def reading(run: Run, attempt: int) -> Iterator[Log]:
    """The log of an attempt while the block lasts; an empty one where nothing was written.

    Raises Invalid where a link or a pipe lies in its place.
    """
    final = run.is_final or attempt < run.attempt  # before the bytes: a final log cannot grow
    path = storage.stream_path(run, attempt, OUTPUT)
    try:
        file = storage.opened(path) if attempt else None
    except FileNotFoundError:
        file = None
    if file is None:
        yield Log(path, -1, 0, 0, final, LineIndex(), Survey(), threading.Lock())
        return
    with file:
        known, handle = _of(path), file.fileno()
        with known.lock:
            known.refresh(handle)
            index, survey = known.index, known.survey
            size, lines = index.size, index.lines
        yield Log(path, handle, size, lines, final, index, survey, known.surveying)
