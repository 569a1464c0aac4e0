"""How a read finds its way down the pyramid: from buckets that are too coarse to finer ones of what they touch.

A series is searched in its ordered stretches, of which most have one, all on one level at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from runs.models import Series
from runs.points import Points, Thinned, as_they_are
from runs.series import pyramid, stored
from runs.series.stored import Range
from runs.series.stretches import Stretch

EVEN = pyramid.size_of(pyramid.EVEN)


@dataclass(slots=True)
class Search:
    """Where the read of a series stands: these parts of its stretches, from buckets of a level."""

    series: Series
    parts: list[Stretch]
    level: int

    @classmethod
    def begin(cls, series: Series, parts: list[Stretch], *, width: int) -> Self:
        return cls(series, parts, pyramid.coarsest(series.merged, series.count, width))

    def ranges(self, part: Stretch) -> list[Range]:
        """What to read of a part: buckets of the level; smaller ones around them; and points where none fit."""
        pk, start, end = self.series.pk, part.start, part.end
        size = pyramid.size_of(self.level)
        even = min(size, EVEN)
        small = _up(start, even), _down(min(end, self.series.merged), even)
        if self.level == 0 or small[0] >= small[1]:
            return [Range(pk, start, end)]
        large = _up(start, size), _down(small[1], size)
        if large[0] >= large[1]:
            large = small[1], small[1]
        every = [
            Range(pk, start, small[0]),
            _buckets(pk, small[0], large[0], pyramid.EVEN),
            _buckets(pk, *large, self.level),
            _buckets(pk, large[1], small[1], pyramid.EVEN),
            Range(pk, small[1], end),
        ]
        return [each for each in every if not each.is_empty]

    def keep(self, found: Sequence[Thinned], places: Sequence[slice]) -> list[Thinned]:
        """Go on with these buckets of each part, and with no part that has none of them; what is kept."""
        parts, kept = [], []
        for part, buckets, place in zip(self.parts, found, places, strict=True):
            ends = part.start + np.cumsum(buckets.counts)[place]
            if len(ends):
                begin = int(ends[0] - buckets.counts[place][0])
                parts.append(part._replace(start=begin, end=int(ends[-1])))
                kept.append(buckets.at(place))
        self.parts = parts
        return kept

    def refine(self, width: int) -> bool:
        """Go down to the level that what is kept asks for; whether that is another one."""
        size = pyramid.size_of(self.level)
        points = sum(part.end - part.start for part in self.parts)
        edges = 2 * size * max(0, len(self.parts) - 1)  # may lie outside of what was asked for
        finer = pyramid.coarsest(self.series.merged, points - edges, width)
        if finer >= self.level:
            return False
        self.level = finer
        return True


def fetch(searches: Sequence[Search]) -> Iterator[tuple[Search, list[Thinned]]]:
    """The buckets that each search asks for, part by part; at most two statements for all."""
    plans = [[search.ranges(part) for part in search.parts] for search in searches]
    every = [each for plan in plans for ranges in plan for each in ranges]
    coarse = [each for each in every if each.level]
    buckets = iter(stored.buckets_of(coarse))
    points = iter(stored.points_of([each for each in every if not each.level]))
    for search, plan in zip(searches, plans, strict=True):
        found = [
            [next(buckets) if each.level else as_they_are(next(points)) for each in ranges]
            for ranges in plan
        ]
        yield search, [join([each for each in parts if each is not None]) for parts in found]


def join(parts: list[Thinned]) -> Thinned:
    """One after the other; there may be none."""
    return pyramid.join(parts or [as_they_are(Points.of([], [], []))])


def _buckets(series: int, start: int, end: int, level: int) -> Range:
    size = pyramid.size_of(level)
    return Range(series, start // size, end // size, level)


def _up(index: int, size: int) -> int:
    return -(-index // size) * size


def _down(index: int, size: int) -> int:
    return index // size * size
