"""The last hits in a log, looked for from its end: in a long log they are found before the time is over."""

import os
import time
from collections.abc import Iterator

import numpy as np

from runs.logs import searching
from runs.logs.line_index import newlines_in
from runs.logs.reading import Log
from runs.logs.searching import Hits, Over, Wanted, never

NOWHERE = np.array([], np.int64)


def search_back(
    log: Log,
    wanted: Wanted,
    *,
    most: int,
    start: tuple[int, int] = (0, 0),
    patience: float | None = None,
    given_up: Over = never,
) -> Hits:
    """The last `most` hits of those from `start` on, and how many there are. Raises Invalid.

    Not complete: `searched` lines at the beginning were not looked at, and `total` is of the others.
    """
    find = searching.finder(wanted)
    until = time.monotonic() + (searching.PATIENCE if patience is None else patience)

    def over() -> bool:
        return time.monotonic() > until or given_up()

    found = Hits(searched=log.lines)
    earliest = log.lines  # of the lines with a hit
    for first, block in _blocks_back(log, *start):
        places, all_of_it = (NOWHERE, False) if over() else find(block, over)
        if not all_of_it:  # what it has of this block are its first hits: no use
            found.complete = False
            return found
        lines = np.unique(newlines_in(block).searchsorted(places) + first)
        lines = lines[lines < earliest]
        if len(lines):
            earliest = int(lines[0])
            found.total += len(lines)
            missing = most - len(found.numbers)
            found.numbers = (lines[-missing:].tolist() if missing else []) + found.numbers
        found.searched = first
    found.searched = log.lines
    return found


def _blocks_back(log: Log, first: int, begin: int) -> Iterator[tuple[int, bytes]]:
    """As searching has them, the last one first: the number of its first line, and whole lines without escapes."""
    if log.size <= begin:
        return
    is_open = os.pread(log.handle, 1, log.size - 1) != b"\n"
    end, number = log.size, log.lines - is_open  # the index may be newer than `log` by now
    while end > begin:
        at = max(begin, end - searching.BLOCK)
        block = os.pread(log.handle, end - at, at)
        if len(block) < end - at:  # the log was cut short meanwhile
            return
        cut = block.find(b"\n", 0, -1) + 1 if at > begin else 0
        at, block = at + cut, block[cut:]
        number = max(first, number - block.count(b"\n"))
        end = at
        yield number, searching.ESCAPES.sub(b"", block) if b"\x1b" in block else block
