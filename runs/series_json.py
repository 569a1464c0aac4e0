"""Series as JSON: columns, thinned to a width; what JSON cannot say becomes a word."""

import math
from collections.abc import Iterable
from typing import Any

from runs.models import Series
from runs.points import Points, thin
from runs.selectors import points_of


def number(value: float | None, *, nan_is_none: bool = False) -> float | str | None:
    """A float that JSON takes; with `nan_is_none`, None stands for NaN, as in `Series.last`."""
    if value is None:
        return "NaN" if nan_is_none else None
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def numbers(values: Iterable[float]) -> list[float | str | None]:
    return [number(value) for value in values]


def as_json(found: Iterable[Series], *, width: int) -> list[dict[str, Any]]:
    """Every series with at most `width` buckets of points; all of them where there are at most twice as many."""
    series = list(found)
    points = points_of(series)
    return [_one(each, points[each.pk], width) for each in series]


def _one(series: Series, points: Points, width: int) -> dict[str, Any]:
    thinned = thin(points, width)
    return {
        "key": series.key,
        "count": series.count,
        "last": number(series.last, nan_is_none=series.count > 0),
        "min": number(series.minimum),
        "max": number(series.maximum),
        "nan_count": series.nan_count,
        "exact": thinned.exact,
        "points": {
            "step": thinned.points.steps.tolist(),
            "value": numbers(thinned.points.values.tolist()),
            "time": thinned.points.times.tolist(),
            "min": numbers(thinned.minimum.tolist()),
            "max": numbers(thinned.maximum.tolist()),
        },
    }
