"""Where the steps of a series went back, and the ordered stretches between: those of a run that was resumed.

What is kept is exact, however long the series: of each break the index of the first point behind it, the step before
it, and the step behind it. Beyond MOST breaks nothing is kept, and the steps count as having no order.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from runs.models import Series
from runs.points import Packed, Points, Steps

MOST = 64
COLUMNS = 3  # of a break


class Stretch(NamedTuple):
    """Points `start` to `end` of a series, in which no step is smaller than the one before it; its steps in all."""

    start: int
    end: int
    first: int
    last: int

    def hides(self, steps: Steps) -> NDArray[np.bool_]:
        """Which steps of older stretches this one replaces."""
        return (steps >= self.first) & (steps <= self.last)


def whole(series: Series) -> list[Stretch]:
    """The series as it was logged, in one piece. None where it has no points."""
    return list(_between(series, np.empty((0, COLUMNS), dtype="<i8")))


def of(series: Series) -> list[Stretch] | None:
    """The ordered stretches, as they were logged; None where there are too many."""
    if series.breaks is None:
        return None
    return list(_between(series, np.frombuffer(series.breaks, dtype="<i8").reshape(-1, COLUMNS)))


def _between(series: Series, breaks: Steps) -> Iterator[Stretch]:
    start, first = 0, series.first_step
    for index, before, behind in breaks.tolist():
        yield Stretch(start, index, first, before)
        start, first = index, behind
    if start < series.count:
        yield Stretch(start, series.count, first, series.last_step)


def grown(breaks: Packed | None, *, count: int, last_step: int, points: Points) -> bytes | None:
    """The breaks of a series of `count` points, the last of which has `last_step`, once these points are behind it."""
    if breaks is None:
        return None
    steps = points.steps if count == 0 else np.append(np.int64(last_step), points.steps)
    back = np.flatnonzero(steps[1:] < steps[:-1])
    first = count if count == 0 else count - 1  # index of steps[0]
    fresh = np.column_stack([back + 1 + first, steps[back], steps[back + 1]]).astype("<i8")
    told = bytes(breaks) + fresh.tobytes()
    return told if len(told) <= MOST * COLUMNS * fresh.itemsize else None
