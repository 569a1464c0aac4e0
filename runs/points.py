"""Columns of points: packing, joining, cutting. Plain numpy, no Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Numbers = NDArray[np.float64]
Packed = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Points:
    """Points in the order they were logged: `steps` (n,) int64, `values` (n,) float64, `times` (n,) float64 seconds."""

    steps: Steps
    values: Numbers
    times: Numbers

    def __len__(self) -> int:
        return len(self.steps)

    @classmethod
    def of(cls, steps: list[int], values: list[float], times: list[float]) -> Self:
        return cls(
            np.asarray(steps, dtype="<i8"),
            np.asarray(values, dtype="<f8"),
            np.asarray(times, dtype="<f8"),
        )

    @classmethod
    def unpack(cls, steps: Packed, values: Packed, times: Packed) -> Self:
        return cls(
            np.frombuffer(steps, dtype="<i8"),
            np.frombuffer(values, dtype="<f8"),
            np.frombuffer(times, dtype="<f8"),
        )

    @classmethod
    def join(cls, parts: "Sequence[Points]") -> "Points":
        if not parts:
            return cls.of([], [], [])
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.times for part in parts]),
        )

    def pack(self) -> tuple[bytes, bytes, bytes]:
        """Little-endian columns: steps, values, times."""
        return (
            self.steps.astype("<i8", copy=False).tobytes(),
            self.values.astype("<f8", copy=False).tobytes(),
            self.times.astype("<f8", copy=False).tobytes(),
        )

    def at(self, places: "slice | NDArray[Any]") -> "Points":
        """Those at these places, in their order."""
        return Points(self.steps[places], self.values[places], self.times[places])

    def after(self, index: int) -> "Points":
        return self.at(slice(index, None))


@dataclass(frozen=True, slots=True)
class Thinned:
    """At most `width` buckets of neighbouring points: the last point of each, how many it holds, and its extremes
    without NaN.

    `exact` says that no point was left out; then `minimum` and `maximum` equal the values.
    """

    points: Points
    minimum: Numbers
    maximum: Numbers
    counts: Steps
    exact: bool

    def at(self, places: "slice | NDArray[Any]") -> "Thinned":
        """Those at these places, in their order."""
        return Thinned(
            self.points.at(places),
            self.minimum[places],
            self.maximum[places],
            self.counts[places],
            self.exact,
        )


def as_they_are(points: Points) -> Thinned:
    """Every point, as a bucket of its own."""
    ones = np.ones(len(points), dtype=np.int64)
    return Thinned(points, points.values, points.values, ones, exact=True)


def thin(points: Points, width: int) -> Thinned:
    """Reduce to what `width` pixels can show, losing no spike: see Thinned. Up to 2 x width points stay exact."""
    exact = as_they_are(points)
    return exact if len(points) <= 2 * width else thinner(exact, width)


def thinner(fine: Thinned, width: int) -> Thinned:
    """At most `width` buckets, all of about as many points, though those of `fine` hold different numbers of them."""
    total = int(fine.counts.sum())
    edges = (np.arange(1, width + 1) * total) // width  # of the coarse buckets, in points
    ends = np.cumsum(fine.counts)
    group = np.searchsorted(edges, ends - 1, side="right")
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return folded(fine, starts)


def folded(fine: Thinned, starts: NDArray[np.intp]) -> Thinned:
    """Buckets that begin at these of the finer ones. Empty where `fine` is."""
    if not len(fine.points):
        return fine
    low = np.minimum.reduceat(np.where(np.isnan(fine.minimum), np.inf, fine.minimum), starts)
    high = np.maximum.reduceat(np.where(np.isnan(fine.maximum), -np.inf, fine.maximum), starts)
    numbers = np.add.reduceat((~np.isnan(fine.minimum)).astype(np.int64), starts)
    low[numbers == 0], high[numbers == 0] = np.nan, np.nan
    lasts = np.append(starts[1:], len(fine.points)) - 1
    counts = np.add.reduceat(fine.counts, starts)
    return Thinned(fine.points.at(lasts), low, high, counts, exact=False)
