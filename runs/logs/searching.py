"""Search through a whole log, escapes aside: what is seen is what is found.

A text is looked for as bytes, a regular expression by RE2, whose time grows with the log and with nothing else. Both
stop when their time is over, and say so.
"""

import os
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import re2

from runs.errors import Invalid
from runs.logs.line_index import newlines_in
from runs.logs.reading import Log
from runs.logs.survey import ERRORS

BLOCK = 4 << 20
LONGEST_QUERY = 1000  # characters
PATIENCE = 5.0  # seconds
AROUND = 5000  # line numbers before a place, and behind it, that one answer has
MEMORY = 8 << 20  # bytes that an expression may take

ESCAPES = re2.compile(
    rb"\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[PX^_][^\x1b\n]*(?:\x1b\\)?|[ -/]*[0-Z\\-~])"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for. `kind`: text, regex, or errors (lines that tell of one; `text` is empty then)."""

    text: str
    kind: str = "text"
    case: bool = False


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


Finder = Callable[[bytes], Iterator[int]]


def search(log: Log, wanted: Wanted, *, near: int = 0, patience: float = PATIENCE) -> Hits:
    """All hits, those around line `near` by number. Raises Invalid where it cannot be looked for."""
    finder = _finder(wanted)
    until = time.monotonic() + patience
    earlier: deque[int] = deque(maxlen=AROUND)
    hits, last = Hits(), -1
    for first, block in _blocks(log):
        if time.monotonic() > until:
            hits.complete = False
            break
        ends = newlines_in(block)
        found = (ends.searchsorted(list(finder(block))) + first).tolist()
        hits.searched = first + len(ends)
        found = found[1:] if found[:1] == [last] else found  # a line that came in two parts
        last = found[-1] if found else last
        split = bisect_left(found, near)
        earlier.extend(found[:split])
        hits.numbers += found[split : split + AROUND - len(hits.numbers)]
        hits.total += len(found)
        hits.before += split
    hits.before -= len(earlier)
    hits.numbers = [*earlier, *hits.numbers]
    return hits


def _blocks(log: Log) -> Iterator[tuple[int, bytes]]:
    """Number of the first line, and whole lines without escapes; a line longer than a block comes in parts.

    What lies across two parts of such a line is not found.
    """
    at, first = 0, 0
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


def _finder(wanted: Wanted) -> Finder:
    """Yields a place in each line of a block that has a hit."""
    if wanted.kind == "errors":
        return _by_expression(ERRORS)
    if wanted.kind not in ("text", "regex"):
        raise Invalid(f"{wanted.kind[:40]!r} is no kind of search; there are text, regex, errors")
    text = wanted.text
    if not text or len(text) > LONGEST_QUERY:
        raise Invalid(f"look for 1 to {LONGEST_QUERY} characters")
    if "\n" in text:
        raise Invalid("a hit lies within one line: leave the line break out")
    if wanted.kind == "regex":
        return _by_expression(_expression(_encoded(text), case=wanted.case))
    if wanted.case:
        return _by_bytes(_encoded(text), lower=False)
    if text.isascii():
        return _by_bytes(text.lower().encode(), lower=True)
    return _by_expression(_expression(_either_case(text), case=True))


def _expression(pattern: bytes, *, case: bool) -> "re2._Regexp":
    options = re2.Options()
    options.never_nl, options.one_line = True, False
    options.log_errors, options.max_mem, options.case_sensitive = False, MEMORY, case
    try:
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
    def places(block: bytes) -> Iterator[int]:
        after = 0
        for found in pattern.finditer(block):
            at = found.start()
            if at < after or (at == len(block) and block.endswith(b"\n")):
                continue
            yield at
            after = block.find(b"\n", at) + 1 or len(block) + 1

    return places


def _by_bytes(text: bytes, *, lower: bool) -> Finder:
    def places(block: bytes) -> Iterator[int]:
        block = block.lower() if lower else block
        at = block.find(text)
        while at >= 0:
            yield at
            end = block.find(b"\n", at)
            if end < 0:
                return
            at = block.find(text, end)

    return places
