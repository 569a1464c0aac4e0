"""Where the lines of a log begin: enough of them that any other is found by reading little.

A line ends with `\\n`; what follows the last one is a line, too, still open. Numbers count from 0 here, and from 1 for
people. Blocks are read, never mapped: a job on a shared disk may cut its log short, and touching a page of a mapping
that is no longer there ends the whole server.
"""

import os
from array import array
from bisect import bisect_right

import numpy as np

BLOCK = 1 << 20  # bytes of one read
EVERY = 1000  # lines between two entries
APART = 64 * 1024  # bytes between two entries, where lines are long


class LineIndex:
    """Of the first `size` bytes of a log: how many lines, and where every thousandth begins."""

    def __init__(self) -> None:
        self.size = 0
        self.newlines = 0
        self.last_start = 0  # offset of the last line
        self._numbers = array("Q", [0])
        self._offsets = array("Q", [0])

    @property
    def lines(self) -> int:
        """Lines by now, the open one at the end included."""
        return self.newlines + (self.size > self.last_start)

    def extend(self, handle: int, size: int) -> None:
        """Read on up to byte `size`, or to where the file ends."""
        while self.size < size:
            block = os.pread(handle, min(BLOCK, size - self.size), self.size)
            if not block:
                return
            self._take(block)

    def _take(self, block: bytes) -> None:
        starts = newlines_in(block) + (self.size + 1)
        if len(starts):
            self._enter_some(starts)
            self.newlines += len(starts)
            self.last_start = int(starts[-1])
        self.size += len(block)  # last: others read meanwhile, and believe what is before it

    def _enter_some(self, starts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
        first = self.newlines + 1
        if int(starts[0]) - self._offsets[-1] >= APART:  # both ends of what may be a long line
            self._enter(self.newlines, self.last_start)
            self._enter(first, int(starts[0]))
        for at in range(-first % EVERY, len(starts), EVERY):
            self._enter(first + at, int(starts[at]))

    def _enter(self, number: int, offset: int) -> None:
        """Others look for numbers meanwhile: what has one has an offset."""
        if number > self._numbers[-1]:
            self._offsets.append(offset)
            self._numbers.append(number)

    def before(self, number: int) -> tuple[int, int]:
        """The nearest entry that is not behind line `number`: its number and offset."""
        at = bisect_right(self._numbers, number) - 1
        return self._numbers[at], self._offsets[at]

    def behind(self, number: int) -> tuple[int, int]:
        """The nearest entry behind line `number`; what comes after the last line where there is none.

        A line longer than a block has an entry right behind it.
        """
        at = bisect_right(self._numbers, number)
        if at < len(self._numbers):
            return self._numbers[at], self._offsets[at]
        return self.lines, self.size

    def before_byte(self, offset: int) -> tuple[int, int, bool]:
        """Nearest entry not behind byte `offset`: its number and offset, and whether its line has that byte."""
        known = len(self._numbers)
        at = bisect_right(self._offsets, offset, 0, known) - 1
        number = self._numbers[at]
        alone = at + 1 < known and self._numbers[at + 1] == number + 1
        return number, self._offsets[at], alone


def newlines_in(block: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Where the `\\n` of a block are."""
    return np.flatnonzero(np.frombuffer(block, np.uint8) == 0x0A)
