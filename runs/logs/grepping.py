"""Lines of a log for a terminal: those with a hit, those since a moment, as bytes and whole."""

import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from runs.errors import Invalid
from runs.logs import marks, searching
from runs.logs.last_hits import search_back
from runs.logs.reading import Log, reading
from runs.logs.searching import AROUND, Hits, Over, Wanted
from runs.logs.turns import TERMINALS, TURNS, Busy
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
    """`lines` are the bytes of `shown` lines of `total`. Not `complete`: it was searched up to line `searched`.

    The last lines with a hit are searched from the end: then it was back to that line, and `total` is from there on.
    """

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
    if not 0 < offset < log.size:
        return min(offset, log.size)
    behind = log.number_at(offset - 1) + 1
    number, at = log.index.before(behind)
    if number == behind:
        return min(at, log.size)
    block = os.pread(log.handle, min(PIECE, log.size - offset + 1), offset - 1)
    end = block.find(b"\n")  # a longer line that has ended is in the index with what is behind it
    return offset + end if end >= 0 else log.size


def grep(run: Run, *, attempt: int, asked: Grep, now: float, who: str) -> Found:
    """The lines with a hit, the first ones of them where they are more than 5000. Raises Invalid, Busy.

    `who` asks: one search of a run at a time, and the next one ends it.
    """
    if asked.tail is not None and not 0 < asked.tail <= AROUND:
        raise Invalid(f"the last 1 to {AROUND} lines with a hit can be asked for")
    with ExitStack() as kept:
        log = kept.enter_context(reading(run, attempt))
        start = (0, 0)
        if asked.since is not None:
            offset = offset_since(log, asked.since, now=now)
            start = (log.number_at(offset) if offset < log.size else log.lines, offset)
        with _turn(f"{who} {run.key}") as given_up:
            hits = _search(log, asked, start, given_up)
        lines = _lines(log, hits.numbers, kept.pop_all())
    back = asked.tail is not None and not hits.complete
    return Found(lines, len(hits.numbers), hits.total, hits.complete, hits.searched + back)


def _search(log: Log, asked: Grep, start: tuple[int, int], given_up: Over) -> Hits:
    if asked.tail is not None:
        return search_back(log, asked.wanted, most=asked.tail, start=start, given_up=given_up)
    near = start[0]
    return searching.search(log, asked.wanted, near=near, start=start, given_up=given_up)


@contextmanager
def _turn(who: str) -> Iterator[Over]:
    """One among terminals, and then one among all. Raises Busy, also where `who` asked again meanwhile."""
    with TERMINALS.taken(who) as given_up, TURNS.taken(""):
        yield given_up
        if given_up():
            raise Busy("another search of this log began in your name, and ended this one")


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
