"""Columns of points: packing, joining, and thinning to a screen's width. Plain numpy, no Django."""

from dataclasses import dataclass
from typing import Self

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
    def join(cls, parts: "list[Points]") -> Self:
        if not parts:
            return cls.of([], [], [])
        return cls(
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.times for part in parts]),
        )

    def pack(self) -> tuple[bytes, bytes, bytes]:
        """Little-endian columns: steps, values, times."""
        return (
            self.steps.astype("<i8").tobytes(),
            self.values.astype("<f8").tobytes(),
            self.times.astype("<f8").tobytes(),
        )

    def after(self, index: int) -> "Points":
        return Points(self.steps[index:], self.values[index:], self.times[index:])


@dataclass(frozen=True, slots=True)
class Thinned:
    """At most `width` buckets of neighbouring points: the last point of each, and the bucket's extremes without NaN.

    `exact` says that no point was left out; then `minimum` and `maximum` equal the values.
    """

    points: Points
    minimum: Numbers
    maximum: Numbers
    exact: bool


def thin(points: Points, width: int) -> Thinned:
    """Reduce to what `width` pixels can show, losing no spike: see Thinned. Up to 2 x width points stay exact."""
    if len(points) <= 2 * width:
        return Thinned(points, points.values, points.values, exact=True)
    edges = np.linspace(0, len(points), width + 1).astype(np.int64)
    starts, lasts = edges[:-1], edges[1:] - 1
    low = np.minimum.reduceat(np.where(np.isnan(points.values), np.inf, points.values), starts)
    high = np.maximum.reduceat(np.where(np.isnan(points.values), -np.inf, points.values), starts)
    empty = np.isnan(points.values[lasts]) & (low == np.inf) & (high == -np.inf)
    low[empty], high[empty] = np.nan, np.nan
    kept = Points(points.steps[lasts], points.values[lasts], points.times[lasts])
    return Thinned(kept, low, high, exact=False)
