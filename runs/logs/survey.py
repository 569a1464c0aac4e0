"""What a log is about, line by line: how many errors and warnings where, which groups of lines, and whose they are.

Made a stretch at a time, so that whoever asks waits a moment at most and asks again for the rest.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import re2

from runs.logs.line_index import newlines_in
from runs.logs.ranks import Ranks
from runs.logs.tally import Tally

BLOCK = 4 << 20
MOST_FOLDS = 5000
TITLE = 200  # bytes of a heading

ERROR = rb"\b(?:ERROR|CRITICAL|FATAL|Traceback|[A-Z]\w*Error)\b"
WARNING = rb"\b(?:WARN|WARNING|[A-Z]\w*Warning)\b"
GROUPS = (
    rb"^(?:\x1b\[[0-9;]*m)*(::group::|::endgroup::|\^\^\^ \+\+\+|(?:---|\+\+\+|~~~) )([^\n]{0,200})"
)


def _compiled(pattern: bytes) -> "re2._Regexp":
    options = re2.Options()
    options.never_nl = True
    options.one_line = False
    return re2.compile(pattern, options)


MARKED = _compiled(rb"(?m)(" + ERROR + rb")|(" + WARNING + rb")|" + GROUPS)
ERRORS = _compiled(ERROR)
WARNINGS = _compiled(WARNING)


def _kinds_in(title: bytes) -> list[int]:
    """What a heading tells of, as groups of the pattern, which took the heading as one piece."""
    return [kind for kind, words in ((1, ERRORS), (2, WARNINGS)) if words.search(title)]


@dataclass(slots=True)
class Fold:
    """Lines `first` to `last`, both included; `last` is -1 while nothing has ended it. `kind`: group, heading.

    `wanted`: the program asked that it is open (`^^^ +++`, as in Buildkite).
    """

    kind: str
    first: int
    last: int
    title: str
    wanted: bool = False


class Survey:
    """Of the first `size` bytes, which end with a whole line unless that is longer than a block."""

    def __init__(self) -> None:
        self.size = 0
        self.lines = 0
        self.tally = Tally()
        self.ranks = Ranks()
        self.folds: list[Fold] = []
        self.folds_left_out = 0
        self._open: list[Fold] = []
        self._latest: Fold | None = None

    def extend(self, handle: int, size: int, *, seconds: float, final: bool) -> bool:
        """Read on up to byte `size` for about that long; whether all is read. The open line waits, unless `final`."""
        until = time.monotonic() + seconds
        while self.size < size:
            block = os.pread(handle, min(BLOCK, size - self.size), self.size)
            at_end = self.size + len(block) >= size
            cut = block.rfind(b"\n") + 1
            if not cut and (len(block) == BLOCK or (at_end and final)):
                cut = len(block)
            if final and at_end:
                cut = len(block)
            if not cut:
                return True
            self._take(block[:cut])
            if time.monotonic() > until:
                return self.size >= size
        return True

    def _take(self, block: bytes) -> None:
        ends = newlines_in(block)
        seen = {1: -1, 2: -1}  # the line that was counted last, by the group of the pattern
        for found in MARKED.finditer(block):
            number = self.lines + int(np.searchsorted(ends, found.start()))
            kind = 1 if found.group(1) else 2 if found.group(2) else 3
            kinds = [kind]
            if kind == 3:
                title = bytes(found.group(4))
                self._group(number, bytes(found.group(3)), title)
                kinds = _kinds_in(title)
            for each in kinds:
                if seen[each] < number:
                    seen[each] = number
                    self.tally.take(number, error=each == 1)
        self.ranks.take(block, self.lines, ends)
        self.lines += len(ends)
        self.size += len(block)

    def _group(self, number: int, mark: bytes, title: bytes) -> None:
        if mark.startswith(b"^"):
            asked = self._open[-1] if self._open else self._latest
            if asked is not None:
                asked.wanted = True
            return
        if mark == b"::endgroup::":
            if any(each.kind == "group" for each in self._open):
                self._end_headings(number - 1)
                self._open.pop().last = number
            return
        kind = "group" if mark == b"::group::" else "heading"
        if kind == "heading":
            self._end_headings(number - 1)
        fold = Fold(kind, number, -1, title.decode("utf-8", "replace").strip())
        if len(self.folds) >= MOST_FOLDS:
            self.folds_left_out += 1
        else:
            self.folds.append(fold)
        self._latest = fold
        self._open.append(fold)
        del self._open[:-64]

    def _end_headings(self, last: int) -> None:
        while self._open and self._open[-1].kind == "heading":
            self._open.pop().last = last

    def buckets(self, most: int) -> Iterator[tuple[int, int, int]]:
        """(line of the first problem, errors, warnings) of at most `most` stretches that have any."""
        return self.tally.buckets(most, lines=self.lines)
