"""Curves of groups of runs: members on a common x, their middle and how far they lie from it. Plain numpy.

Members are interpolated linearly, each between its own first and last point and nowhere else, so that a run that
stopped early stops to count; `n` says how many do. Points without a number are passed over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.points import Numbers

MEANS = ("mean", "median", "min", "max")
BANDS = ("minmax", "std", "sem", "ci", "off")
# Student's t of 97.5 % by degrees of freedom, 1 to 30.
T_TABLE = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
NORMAL = 1.959964
CELLS_AT_MOST = 1_000_000  # members x places: 8 MB for each column that is computed


@dataclass(frozen=True, slots=True)
class Member:
    """A curve of a group: x that ascends, values, extremes of the buckets; all of one length."""

    x: Numbers
    value: Numbers
    low: Numbers
    high: Numbers
    exact: bool = True

    @classmethod
    def of(
        cls, x: Numbers, value: Numbers, low: Numbers, high: Numbers, *, exact: bool
    ) -> "Member":
        """Points in the order of x; of several at one place the last, with the extremes of all of them.

        Those without a finite number are left out.
        """
        order = np.argsort(x, kind="stable")
        order = order[np.isfinite(x[order]) & np.isfinite(value[order])]
        if not len(order):
            none = np.empty(0)
            return cls(none, none, none, none, exact)
        first = np.flatnonzero(np.append(True, x[order][1:] != x[order][:-1]))
        last = order[np.append(first[1:], len(order)) - 1]
        least = np.fmin.reduceat(low[order], first)
        return cls(x[last], value[last], least, np.fmax.reduceat(high[order], first), exact)


@dataclass(frozen=True, slots=True)
class Band:
    """The curve of a group: columns of one length; `n` members count at each x."""

    x: Numbers
    value: Numbers
    low: Numbers
    high: Numbers
    n: NDArray[np.uint32]


def band(
    members: Sequence[Member],
    *,
    width: int,
    agg: str = "mean",
    kind: str = "std",
    start: float | None = None,
    end: float | None = None,
) -> Band:
    """The group's curve from `start` to `end`, at most 2 x `width` points; the band is NaN where fewer than two count.

    `agg` is one of MEANS, `kind` one of BANDS: "std" is the deviation of the sample, "sem" that of the mean, "ci"
    the 95 % confidence interval of the mean by Student's t; they lie round the mean whatever `agg` is. "minmax" spans
    the extremes of the buckets. Where members are many, there are fewer points: CELLS_AT_MOST.
    """
    some = [each for each in members if len(each.x)]
    width = max(1, min(width, CELLS_AT_MOST // (2 * max(1, len(some)))))
    x = common_x(some, width, start, end)
    if not len(x):
        none = np.empty(0)
        return Band(none, none, none, none, np.empty(0, dtype=np.uint32))
    values = _on(x, some, lambda each: each.value)
    n = np.isfinite(values).sum(axis=0)
    x, values, n = x[n > 0], values[:, n > 0], n[n > 0]
    middle: dict[str, Callable[..., Any]] = {
        "mean": np.nanmean,
        "median": np.nanmedian,
        "min": np.nanmin,
        "max": np.nanmax,
    }
    low, high = _edges(some, x, values, n, kind)
    return Band(x, middle[agg](values, axis=0), low, high, n.astype(np.uint32))


def common_x(
    members: Sequence[Member], width: int, start: float | None = None, end: float | None = None
) -> Numbers:
    """All places where a member has a point, if those are at most 2 x `width`; else `width` in equal distances.

    Where a range ends between points, its end is a place too, so that a curve crosses what is looked at.
    """
    if not members:
        return np.empty(0)
    first = min(float(each.x[0]) for each in members)
    last = max(float(each.x[-1]) for each in members)
    first = first if start is None else max(first, start)
    last = last if end is None else min(last, end)
    if first > last:
        return np.empty(0)
    if all(each.exact for each in members):
        every = np.unique(np.concatenate([*(each.x for each in members), [first, last]]))
        every = every[(every >= first) & (every <= last)]
        if len(every) <= 2 * width:
            return every
    return np.linspace(first, last, width) if last > first else np.array([first])


def _on(
    x: Numbers, members: Sequence[Member], column: Callable[[Member], Numbers]
) -> NDArray[np.float64]:
    """One row for each member: its column on the common x, NaN beyond its ends."""
    rows = [np.interp(x, each.x, column(each), left=np.nan, right=np.nan) for each in members]
    return np.asarray(rows, dtype="<f8")


def _edges(
    members: Sequence[Member],
    x: Numbers,
    values: NDArray[np.float64],
    n: NDArray[np.int64],
    kind: str,
) -> tuple[Numbers, Numbers]:
    if kind == "off":
        return np.full(len(x), np.nan), np.full(len(x), np.nan)
    if kind == "minmax":
        return _extremes(x, members)
    mean = np.nanmean(values, axis=0)
    spread = np.full(len(x), np.nan)
    several = n > 1
    spread[several] = np.nanstd(values[:, several], axis=0, ddof=1)
    if kind in ("sem", "ci"):
        spread = spread / np.sqrt(n)
    if kind == "ci":
        spread = spread * student(n - 1)
    return mean - spread, mean + spread


def _extremes(x: Numbers, members: Sequence[Member]) -> tuple[Numbers, Numbers]:
    """The least and the greatest value round each place: those of a bucket wherever it reaches, so no spike is lost."""
    low, high = np.full(len(x), np.inf), np.full(len(x), -np.inf)
    borders = (x[1:] + x[:-1]) / 2
    for each in members:
        np.fmin(low, np.interp(x, each.x, each.low, left=np.nan, right=np.nan), out=low)
        np.fmax(high, np.interp(x, each.x, each.high, left=np.nan, right=np.nan), out=high)
        begins = each.x if each.exact else np.append(each.x[:1], each.x[:-1])
        seen = np.flatnonzero((each.x >= x[0]) & (begins <= x[-1]))
        first = np.searchsorted(borders, begins[seen])
        sizes = np.searchsorted(borders, each.x[seen]) - first + 1
        cells = np.arange(sizes.sum()) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        np.minimum.at(low, cells, np.repeat(each.low[seen], sizes))
        np.maximum.at(high, cells, np.repeat(each.high[seen], sizes))
    return low, high


def student(freedom: NDArray[np.int64]) -> Numbers:
    """The 97.5 % quantile of Student's t; beyond 30 degrees of freedom by the expansion of Cornish and Fisher."""
    table = np.array([np.nan, *T_TABLE])
    wide = np.maximum(freedom, 1).astype("<f8")
    far = NORMAL + (NORMAL**3 + NORMAL) / (4 * wide)
    far += (5 * NORMAL**5 + 16 * NORMAL**3 + 3 * NORMAL) / (96 * wide**2)
    return np.where(freedom <= 30, table[np.clip(freedom, 0, 30)], far)
