"""Which colour a run has: the same on every page. Runs of one colour are told apart by dashes."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

COLOURS = 8  # --series-0 … --series-7 in tokens.css, told apart by colour-blind people
DASHES = 4


@dataclass(frozen=True, slots=True)
class Look:
    """A colour, and a dash."""

    colour: int
    dash: int = 0


def own(key: str) -> int:
    """The colour that a run would like: jobs take turns, so a sweep gets different ones."""
    number = key.removeprefix("job-")
    return (int(number) if number.isdigit() else zlib.crc32(key.encode())) % COLOURS


def looks(keys: Iterable[str]) -> dict[str, Look]:
    """A look for each run of one chart: its own colour, and a dash where others have the same.

    Only where there are more of one colour than dashes, the last ones take looks that nobody has. The order of the runs
    changes nothing, so a page that is sorted anew keeps its looks.
    """
    given: dict[str, Look] = {}
    crowded: list[str] = []
    used = [0] * COLOURS
    for key in sorted(set(keys), key=lambda key: (len(key), key)):
        colour = own(key)
        given[key] = Look(colour, used[colour] % DASHES)
        if used[colour] >= DASHES:
            crowded.append(key)
        used[colour] += 1
    free = [
        Look(colour, dash)
        for dash in range(DASHES)
        for colour in range(COLOURS)
        if used[colour] <= dash
    ]
    return given | dict(zip(crowded, free, strict=False))
