"""Which process of a job wrote a line, where the launcher says so before it.

A rank is named as pages ask for it: `3` where the prefix is unmistakable (torchrun, PyTorch, accelerate, mpirun), `3:`
where it is a number and a colon alone (`srun -l`), which other programs write as well: those count only where at least
half of the lines have one.
"""

import re
from array import array
from collections import Counter

import numpy as np
import numpy.typing as npt

from runs.errors import Invalid

MOST = 256  # ranks of one log that are told apart
STRETCHES = 1024  # that are kept; they get longer as a log grows
PAGE = 500  # lines of the shortest stretch; what the viewer has as a page
HALF = 2  # one of so many lines

STYLES = r"(?:\x1b\[[0-9;]{0,20}m){0,4}"
TAGGED = (
    r"\[(?:default|rank)(?P<tag>[0-9]{1,4})\](?::|(?=[ \n]))"
    r"|\[(?:[\w.@-]{1,80}@|)[0-9]{1,10},(?P<mpi>[0-9]{1,4})\]<std(?:out|err|diag)>:"
)
BARE = r" {0,3}(?P<bare>[0-9]{1,4}): "
PREFIX = re.compile(rf"{STYLES}(?:{TAGGED}|{BARE})".encode())
AT_LINES = re.compile(rf"\n{STYLES}(?:{TAGGED}|{BARE})".encode())
NAME = re.compile(r"(0|[1-9][0-9]{0,3})(:?)")


def checked(name: str) -> str:
    """The name of a rank. Raises Invalid."""
    if not NAME.fullmatch(name):
        raise Invalid(f"{name[:40]!r} is no rank: a number, with a colon behind it for srun -l")
    return name


def _name(found: "re.Match[bytes]") -> str:
    bare = found["bare"]
    return f"{int(bare)}:" if bare else str(int(found["tag"] or found["mpi"]))


def lines_of(name: str, block: bytes, *, begins: bool) -> npt.NDArray[np.int64]:
    """Which lines of a block a rank wrote, counted from 0. `begins`: the block begins with a line."""
    padded = (b"\n" if begins else b" ") + block
    starts = [each.start() for each in AT_LINES.finditer(padded) if _name(each) == name]
    ends = np.flatnonzero(np.frombuffer(padded, np.uint8) == 0x0A)
    return ends.searchsorted(np.array(starts, np.int64)) + (0 if begins else 1)


class Ranks:
    """How many lines of which rank are where: stretches of lines, longer ones as the log grows."""

    def __init__(self) -> None:
        self.each = PAGE  # lines of a stretch
        self.left_out: set[str] = set()  # names of ranks beyond those; their four digits bound them
        self._lines: dict[str, int] = {}
        self._stretches: dict[str, array[int]] = {}
        self._within = False  # the last block ended within a line

    def take(self, block: bytes, first: int, ends: npt.NDArray[np.int64]) -> None:
        """Lines from number `first` on, whose line breaks are at `ends`. A long line comes in several blocks."""
        padded = (b" " if self._within else b"\n") + block
        self._within = not block.endswith(b"\n")
        breaks = np.concatenate(([0], ends + 1))  # before each of the lines
        at = 0
        while at < len(breaks):
            number = (first + at) // PAGE
            until = min((number + 1) * PAGE - first, len(breaks))
            stop = int(breaks[until]) if until < len(breaks) else len(padded)
            self._enter(number, padded, int(breaks[at]), stop)
            at = until

    def _enter(self, page: int, padded: bytes, start: int, stop: int) -> None:
        seen = Counter(each.group() for each in AT_LINES.finditer(padded, start, stop + 1))
        for prefix, lines in seen.items():
            found = AT_LINES.match(prefix + b" ")  # what comes behind `[rank3]` is no part of it
            if found is not None:
                self._count(_name(found), page, lines)

    def _count(self, name: str, page: int, lines: int) -> None:
        if name not in self._lines and len(self._lines) >= MOST:
            self.left_out.add(name)
            return
        while page * PAGE // self.each >= STRETCHES:
            self._longer()
        stretches = self._stretches.setdefault(name, array("L"))
        stretch = page * PAGE // self.each
        stretches.extend([0] * (stretch + 1 - len(stretches)))
        stretches[stretch] += lines
        self._lines[name] = self._lines.get(name, 0) + lines

    def _longer(self) -> None:
        """Two stretches become one; others read meanwhile, so the new ones come at once."""
        joined = {
            name: array("L", [sum(old[at : at + 2]) for at in range(0, len(old), 2)])
            for name, old in self._stretches.items()
        }
        self._stretches, self.each = joined, self.each * 2

    def told(self, lines: int) -> list[tuple[str, int]]:
        """(rank, its lines), by number, of a log of that many lines; none where there are not at least two."""
        known = sorted(self._lines.items(), key=lambda each: int(each[0].rstrip(":")))
        tagged = [each for each in known if not each[0].endswith(":")]
        if len(tagged) > 1:
            return tagged
        bare = [each for each in known if each[0].endswith(":")]
        of_all = sum(count for _, count in bare)
        return bare if len(bare) > 1 and of_all * HALF >= lines else []

    def untold(self, told: list[tuple[str, int]]) -> int:
        """How many ranks are left out of what `told` answered."""
        bare = bool(told) and told[0][0].endswith(":")
        return sum(each.endswith(":") == bare for each in self.left_out.copy()) if told else 0

    def stretches(self, name: str) -> tuple[int, list[int]]:
        """How long a stretch is, and how many lines each has of that rank; what is left out at the end has none."""
        each = self.each
        return each, list(self._stretches.get(name, ()))
