"""Lines of a log for a terminal: those with a hit, those since a moment, as bytes and whole."""

import math
import os
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from runs.errors import Invalid
from runs.logs import marks, searching
from runs.logs.reading import Log, reading
from runs.logs.searching import AROUND, Wanted
from runs.logs.turns import TURNS
from runs.models import Run

PIECE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Grep:
    """What to look for; only from the time `since` on, and only the last `tail` hits, where these are given."""

    wanted: Wanted
    since: float | None = None
    tail: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`lines` are the bytes of `shown` lines of `total`. Not `complete`: it was searched up to line `searched`."""

    lines: Iterator[bytes]
    shown: int
    total: int
    complete: bool
    searched: int


def offset_since(log: Log, since: float, *, now: float) -> int:
    """The first byte that came then, or later; a negative time is so many seconds before `now`. Raises Invalid."""
    if not math.isfinite(since):
        raise Invalid(
            "since is no time: seconds since 1970, or how many seconds ago as a negative number"
        )
    if not log.size:
        return 0
    times = marks.of(log.path)
    if not times:
        raise Invalid("nobody saw this log grow: it has no times, so there is no since")
    offset = min(times.before(now + since if since < 0 else since), log.size)
    return _line_start(log, offset)


def _line_start(log: Log, offset: int) -> int:
    """Where the first line begins that begins there, or later."""
    at = offset
    while 0 < at < log.size:
        block = os.pread(log.handle, min(PIECE, log.size - at + 1), at - 1)
        end = block.find(b"\n")
        if end >= 0 or not block:
            return at + max(end, 0)
        at += len(block)
    return min(at, log.size)


def grep(run: Run, *, attempt: int, asked: Grep, now: float) -> Found:
    """The lines with a hit, the first ones of them where they are more than 5000. Raises Invalid, Busy."""
    if asked.tail is not None and not 0 < asked.tail <= AROUND:
        raise Invalid(f"the last 1 to {AROUND} lines with a hit can be asked for")
    with ExitStack() as kept:
        log = kept.enter_context(reading(run, attempt))
        first = 0
        if asked.since is not None:
            offset = offset_since(log, asked.since, now=now)
            first = log.number_at(offset) if offset < log.size else log.lines
        near = first if asked.tail is None else log.lines
        with TURNS.taken(""):
            hits = searching.search(log, asked.wanted, near=near)
        start = bisect_left(hits.numbers, first)
        numbers = hits.numbers[start:]
        total = hits.total - hits.before - start if asked.tail is None else len(numbers)
        if asked.tail is not None:
            numbers = numbers[-asked.tail :]
            total = len(numbers)
        lines = _lines(log, numbers, kept.pop_all())
    return Found(lines, len(numbers), total, hits.complete, hits.searched)


def _lines(log: Log, numbers: list[int], kept: ExitStack) -> Iterator[bytes]:
    with kept:
        for number in numbers:
            for line in log.read(number, 1):
                at = line.offset
                while at < line.end and (
                    part := os.pread(log.handle, min(PIECE, line.end - at), at)
                ):
                    at += len(part)
                    yield part
                yield b"\n"
