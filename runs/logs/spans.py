"""Where in a line the hit is that a search found: to be marked, whoever draws the line."""

from typing import TypeAlias

from runs.logs.searching import ESCAPES, Wanted, expression_of

MOST = 50  # of one line
LONGEST = 16 << 10  # bytes of a line that are looked through

Span: TypeAlias = tuple[int, int]  # first character, and how many; as scripts count: UTF-16


class Spans:
    """Of one search. Raises Invalid where it cannot be looked for."""

    def __init__(self, wanted: Wanted) -> None:
        self._pattern = expression_of(wanted)

    def of(self, line: bytes) -> list[Span]:
        """The hits of a line, escapes aside; none that is empty, and not all where there are many."""
        shown = ESCAPES.sub(b"", line)[:LONGEST]
        found: list[Span] = []
        at = units = 0
        for hit in self._pattern.finditer(shown):
            if hit.start() == hit.end():
                continue
            units += _units(shown[at : hit.start()])
            length = _units(shown[hit.start() : hit.end()])
            found.append((units, length))
            at, units = hit.end(), units + length
            if len(found) == MOST:
                break
        return found


def _units(part: bytes) -> int:
    return len(part.decode("utf-8", "replace").encode("utf-16-le")) // 2
