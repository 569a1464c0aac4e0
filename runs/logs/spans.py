"""Where in a line the hit is that a search found: to be marked, whoever draws the line."""

import time
from itertools import islice
from typing import TypeAlias

from runs.logs.searching import ESCAPES, Wanted, expression_of

MOST = 50  # of one line, those that are empty included: each costs a look at the rest of the line
LONGEST = 16 << 10  # bytes of a line that are looked through
PATIENCE = 1.0  # seconds for all lines of one answer

Span: TypeAlias = tuple[int, int]  # first character, and how many; as scripts count: UTF-16


class Spans:
    """Of one search, for `seconds` from now on. Raises Invalid where it cannot be looked for."""

    def __init__(self, wanted: Wanted, *, seconds: float = PATIENCE) -> None:
        self._pattern = expression_of(wanted)
        self._until = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether the time is over: whoever has more lines leaves them out, and says so."""
        return time.monotonic() > self._until

    def of(self, line: bytes) -> list[Span]:
        """The hits of a line, escapes aside; none that is empty, and not all where there are many."""
        shown = ESCAPES.sub(b"", line)[:LONGEST]
        found: list[Span] = []
        at = units = 0
        for hit in islice(self._pattern.finditer(shown), MOST):
            if hit.start() == hit.end():
                continue
            units += _units(shown[at : hit.start()])
            length = _units(shown[hit.start() : hit.end()])
            found.append((units, length))
            at, units = hit.end(), units + length
        return found


def _units(part: bytes) -> int:
    return len(part.decode("utf-8", "replace").encode("utf-16-le")) // 2
