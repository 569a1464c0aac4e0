"""Which colour a run has: the same on every page, and never the same as its neighbour's in one chart."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

COLOURS = 8  # --series-0 … --series-7 in tokens.css, told apart by colour-blind people
DASHES = 4


@dataclass(frozen=True, slots=True)
class Look:
    """A colour, and a dash once the colours are used up."""

    colour: int
    dash: int = 0


def own(key: str) -> int:
    """The colour that a run would like: jobs take turns, so a sweep gets different ones."""
    number = key.removeprefix("job-")
    return (int(number) if number.isdigit() else zlib.crc32(key.encode())) % COLOURS


# For each colour that a run would like, all looks in the order in which they are tried.
_CHOICES = [
    [Look((wish + step) % COLOURS, dash) for dash in range(DASHES) for step in range(COLOURS)]
    for wish in range(COLOURS)
]


def looks(keys: Iterable[str]) -> dict[str, Look]:
    """A look for each run of one chart: its own colour, or the next one that is free."""
    given: dict[str, Look] = {}
    taken: set[Look] = set()
    for key in keys:
        choices = _CHOICES[own(key)]
        used_up = len(taken) == len(choices)
        given[key] = choices[0] if used_up else next(each for each in choices if each not in taken)
        taken.add(given[key])
    return given
