"""Search through a whole log, escapes aside: what is seen is what is found.

A text is looked for as bytes, a regular expression by RE2, whose time grows with the log and with nothing else: of a
line it is asked for the first hit alone. Both stop when their time is over, or nobody waits any more, and say so.
"""

import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import re2

from runs.errors import Invalid
from runs.logs import ranks
from runs.logs.line_index import newlines_in
from runs.logs.reading import Log
from runs.logs.survey import ERRORS

BLOCK = 128 << 10  # bytes between two looks at the clock; a longer line comes in parts
HITS = 1000  # hits of an expression between two looks at the clock
LONGEST_QUERY = 1000  # characters
PATIENCE = 5.0  # seconds
AROUND = 5000  # line numbers before a place, and behind it, that one answer has
MEMORY = 2 << 20  # bytes that an expression may take; one with more states than fit is slow

# RE2 has a call in Python for each of a million escapes. No two of these classes overlap, so this is linear, too.
ESCAPES = re.compile(
    rb"\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    rb"|[PX^_][^\x1b\n]*(?:\x1b\\)?|[ -/]*[0-Z\\-~])"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for. `kind`: text, regex, or errors (lines that tell of one; `text` is empty then).

    `rank`: only in the lines of that one, where it is not empty; see ranks.
    """

    text: str
    kind: str = "text"
    case: bool = False
    rank: str = ""


@dataclass(slots=True)
class Hits:
    """Lines with a hit: `total` in all; `numbers` of those around a place, `before` others before them.

    Where `complete` is false time was over at line `searched`, and `total` is of the lines up to there.
    """

    total: int = 0
    before: int = 0
    numbers: list[int] = field(default_factory=list)
    searched: int = 0
    complete: bool = True


Places: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
Over = Callable[[], bool]
Finder = Callable[[bytes, Over], tuple[Places, bool]]


def never() -> bool:
    """Somebody waits for the hits."""
    return False


def search(
    log: Log,
    wanted: Wanted,
    *,
    near: int = 0,
    start: tuple[int, int] = (0, 0),
    patience: float = PATIENCE,
    given_up: Over = never,
) -> Hits:
    """All hits from `start` on, a line and its first byte; those around line `near` by number.

    Raises Invalid where it cannot be looked for.
    """
    find = finder(wanted)
    until = time.monotonic() + patience

    def over() -> bool:
        return time.monotonic() > until or given_up()

    found = _Found(near)
    begins = True
    for first, block in _blocks(log, *start):
        if over():
            return found.hits(searched=first, complete=False)
        places, all_of_it = find(block, over)
        if len(places):
            lines = newlines_in(block).searchsorted(places)
            if wanted.rank:
                lines = lines[np.isin(lines, ranks.lines_of(wanted.rank, block, begins=begins))]
            found.take(lines + first)
        begins = block.endswith(b"\n")
        if not all_of_it:
            return found.hits(searched=found.last + 1, complete=False)
    return found.hits(searched=log.lines, complete=True)


class _Found:
    """Hits are counted; only those around a place become numbers that are kept."""

    def __init__(self, near: int) -> None:
        self.near = near
        self.last = -1
        self.total = self.before = 0
        self.earlier: deque[int] = deque(maxlen=AROUND)
        self.numbers: list[int] = []

    def take(self, lines: Places) -> None:
        """Lines with a hit, rising; one may come several times, and again in the next call."""
        fresh = lines[np.flatnonzero(np.diff(lines, prepend=self.last))]
        if not len(fresh):
            return
        split = int(fresh.searchsorted(self.near))
        self.earlier.extend(fresh[max(0, split - AROUND) : split].tolist())
        self.numbers += fresh[split : split + AROUND - len(self.numbers)].tolist()
        self.total += len(fresh)
        self.before += split
        self.last = int(fresh[-1])

    def hits(self, *, searched: int, complete: bool) -> Hits:
        numbers = [*self.earlier, *self.numbers]
        return Hits(self.total, self.before - len(self.earlier), numbers, searched, complete)


def _blocks(log: Log, first: int, at: int) -> Iterator[tuple[int, bytes]]:
    """Number of the first line, and whole lines without escapes; a line longer than a block comes in parts.

    What lies across two parts of such a line is not found.
    """
    while at < log.size:
        block = os.pread(log.handle, min(BLOCK, log.size - at), at)
        if not block:
            return
        cut = block.rfind(b"\n") + 1
        if cut and at + len(block) < log.size:
            block = block[:cut]
        at += len(block)
        shown = ESCAPES.sub(b"", block) if b"\x1b" in block else block
        yield first, shown
        first += block.count(b"\n")


def finder(wanted: Wanted) -> Finder:
    """Yields a place in each line of a block that has a hit."""
    _check(wanted)
    text = wanted.text
    if wanted.kind != "text" or not (wanted.case or text.isascii()):
        return _by_expression(expression_of(wanted))
    return _by_bytes(_encoded(text if wanted.case else text.lower()), lower=not wanted.case)


def expression_of(wanted: Wanted) -> "re2._Regexp":
    """What finds the places of a hit within its line. Raises Invalid."""
    _check(wanted)
    if wanted.kind == "errors":
        return ERRORS
    if wanted.kind == "regex":
        return _expression(_encoded(wanted.text), case=wanted.case)
    if wanted.case:
        return _expression(re2.escape(_encoded(wanted.text)), case=True)
    return _expression(_either_case(wanted.text), case=True)


def _check(wanted: Wanted) -> None:
    if wanted.rank:
        ranks.checked(wanted.rank)
    if wanted.kind == "errors":
        return
    if wanted.kind not in ("text", "regex"):
        raise Invalid(f"{wanted.kind[:40]!r} is no kind of search; there are text, regex, errors")
    text = wanted.text
    if not text or len(text) > LONGEST_QUERY:
        raise Invalid(f"look for 1 to {LONGEST_QUERY} characters")
    if "\n" in text:
        raise Invalid("a hit lies within one line: leave the line break out")


def _expression(pattern: bytes, *, case: bool) -> "re2._Regexp":
    options = re2.Options()
    options.never_nl, options.one_line, options.never_capture = True, False, True
    options.log_errors, options.max_mem, options.case_sensitive = False, MEMORY, case
    try:
        re2.compile(pattern, options)  # what is wrong with it is told without what we put before it
        return re2.compile(b"(?m)" + pattern, options)
    except re2.error as wrong:
        told = wrong.args[0] if wrong.args else b"it cannot be read"
        told = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise Invalid(
            f"not a regular expression: {told} (RE2 knows no look-around and no back-references)"
        ) from wrong


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _either_case(text: str) -> bytes:
    """An expression for a text that is not ASCII: bytes know no case beyond it."""
    parts = (
        b"(?:"
        + b"|".join(re2.escape(_encoded(form)) for form in {char, char.lower(), char.upper()})
        + b")"
        for char in text
    )
    return b"".join(parts)


def _by_expression(pattern: "re2._Regexp") -> Finder:
    """The first hit of each line, and whether there was time for all. Every hit would be quadratic in a line."""

    def places(block: bytes, over: Over) -> tuple[Places, bool]:
        found: list[int] = []
        after = 0
        while after < len(block) and (hit := pattern.search(block, after)):
            at = hit.start()
            if at == len(block) and block.endswith(b"\n"):
                break
            found.append(at)
            after = block.find(b"\n", at) + 1 or len(block)
            if len(found) % HITS == 0 and over():
                return np.array(found, np.int64), False
        return np.array(found, np.int64), True

    return places


def _by_bytes(text: bytes, *, lower: bool) -> Finder:
    """Every hit, several of a line among them: found at once, which is quicker than line by line."""

    def places(block: bytes, over: Over) -> tuple[Places, bool]:
        block = block.lower() if lower else block
        if len(text) == 1:
            return np.flatnonzero(np.frombuffer(block, np.uint8) == text[0]), True
        parts = block.split(text)
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        return np.cumsum(lengths[:-1] + len(text)) - len(text), True

    return places
