"""What a chart's x may be, and which buckets lie in a range of it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from runs.errors import Invalid
from runs.models import Series
from runs.points import Numbers, Steps, Thinned

METRIC = "metric:"


@dataclass(frozen=True, slots=True)
class Axis:
    """`kind` is step, relative (seconds since the run began), time (seconds since 1970) or metric, with its `key`."""

    kind: str = "step"
    key: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Read "step", "relative", "time" or "metric:<key>". Raises Invalid."""
        if text.startswith(METRIC) and len(text) > len(METRIC):
            return cls("metric", text.removeprefix(METRIC))
        if text not in ("step", "relative", "time"):
            raise Invalid(f"x is step, relative, time or metric:<key>, and not {text[:100]!r}")
        return cls(text)


STEP = Axis()


def origin(series: Series) -> float:
    """The second since 1970 from which relative time counts: the run's start, or an earlier first point."""
    started = series.run.started_at
    if started is None:
        return series.first_time
    return min(series.first_time, started.timestamp())


def along(axis: Axis, series: Series, buckets: Thinned) -> Numbers:
    """x of the last point of each bucket; of a metric's axis the step, by which its values are found."""
    if axis.kind == "time":
        return buckets.points.times
    if axis.kind == "relative":
        return np.asarray(buckets.points.times - origin(series), dtype="<f8")
    return buckets.points.steps.astype("<f8")


@dataclass(frozen=True, slots=True)
class Span:
    """A closed range of x; None is open. With `neighbours` the nearest points on both of its sides belong to it too."""

    start: float | None = None
    end: float | None = None
    neighbours: bool = False

    @property
    def is_everything(self) -> bool:
        return self.start is None and self.end is None

    def holds(self, x: Numbers) -> NDArray[np.bool_]:
        """Which of these lie within."""
        first, last = self._ends(x)
        inside = np.ones(len(x), dtype=bool)
        if first is not None:
            inside &= x >= first
        if last is not None:
            inside &= x <= last
        return inside

    def _ends(self, x: Numbers) -> tuple[float | None, float | None]:
        if not self.neighbours:
            return self.start, self.end
        first, last = self.start, self.end
        if first is not None and (before := x <= first).any():
            first = float(x[before].max())
        if last is not None and (behind := x >= last).any():
            last = float(x[behind].min())
        return first, last

    def touched(self, x: Numbers, counts: Steps) -> slice:
        """The buckets that may have a point within, where `x` is that of the last point of each.

        A bucket whose last point lies behind the range may begin in it, if it has more than one.
        """
        first, past = 0, len(x)
        if self.start is not None:
            late = np.flatnonzero(x >= self.start)
            first = int(late[0]) if len(late) else past
        if self.end is not None:
            early = np.flatnonzero(x <= self.end)
            past = int(early[-1]) + 1 if len(early) else 0
            if past < len(x) and counts[past] > 1:
                past += 1
        if self.neighbours:  # the last point of a bucket before, and some point of the one behind
            first, past = max(0, first - (self.start is not None)), min(len(x), past + 1)
        return slice(first, max(first, past))
