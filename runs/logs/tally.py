"""How many errors and warnings a log has where, however long it is: stretches of lines, longer ones as it grows."""

from collections.abc import Iterator
from dataclasses import dataclass

MOST = 4096  # stretches that are kept


@dataclass(slots=True)
class Stretch:
    """Some lines one after the other: what they have, and the first of each kind; -1 where there is none."""

    errors: int = 0
    warnings: int = 0
    first_error: int = -1
    first_warning: int = -1

    def take(self, later: "Stretch") -> None:
        """What comes behind it."""
        if self.first_error < 0:
            self.first_error = later.first_error
        if self.first_warning < 0:
            self.first_warning = later.first_warning
        self.errors += later.errors
        self.warnings += later.warnings


class Tally:
    """A line is a stretch at first; where there would be too many of them, two become one."""

    def __init__(self) -> None:
        self._kept: tuple[int, dict[int, Stretch]] = (1, {})  # lines of a stretch; by their number

    def take(self, line: int, *, error: bool) -> None:
        """A line, from 0, that tells of an error, or of a warning. Lines rise."""
        each, stretches = self._kept
        while line // each >= MOST:
            each, stretches = each * 2, _joined(stretches, 2)
            self._kept = each, stretches  # at once: others read meanwhile
        found = stretches.get(line // each)
        if found is None:
            found = stretches[line // each] = Stretch()
        found.take(Stretch(1, 0, line, -1) if error else Stretch(0, 1, -1, line))

    def buckets(self, most: int, *, lines: int) -> Iterator[tuple[int, int, int]]:
        """(line, errors, warnings) of at most `most` stretches of equal length, those with neither left out.

        The line is that of the first error, and of the first warning where there is no error.
        """
        each, stretches = self._kept
        together = max(1, -(-lines // (each * most)))
        for found in _joined(dict(stretches), together).values():
            line = found.first_error if found.errors else found.first_warning
            yield line, found.errors, found.warnings


def _joined(stretches: dict[int, Stretch], together: int) -> dict[int, Stretch]:
    found: dict[int, Stretch] = {}
    for at, stretch in sorted(stretches.items()):
        found.setdefault(at // together, Stretch()).take(stretch)
    return found
