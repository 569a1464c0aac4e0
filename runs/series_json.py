"""Series as JSON: what is known of each, and columns of its points; what JSON cannot say becomes a word."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from runs.models import Series
from runs.points import Numbers
from runs.series import reading
from runs.series.reading import Reading


def number(value: float | None, *, nan_is_none: bool = False) -> float | str | None:
    """A float that JSON takes; with `nan_is_none`, None stands for NaN, as in `Series.last`."""
    if value is None:
        return "NaN" if nan_is_none else None
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def numbers(values: Numbers) -> list[Any]:
    """A column; the usual one, of nothing but numbers, at once."""
    listed: list[Any] = values.tolist()
    return listed if bool(np.isfinite(values).all()) else [number(each) for each in listed]


def as_json(found: Iterable[Series], *, width: int) -> list[dict[str, Any]]:
    """Every series with at most `width` buckets of points; all of them where there are at most twice as many."""
    series = list(found)
    return told(reading.read(series, width=width))


def told(found: Sequence[Reading]) -> list[dict[str, Any]]:
    """What was read of each series, its run named."""
    return [about(each) | {"points": _columns(each)} for each in found]


def about(found: Reading) -> dict[str, Any]:
    """A series without its points."""
    series = found.series
    return {
        "run": series.run.key,
        "attempt": series.attempt,
        "key": series.key,
        "writer": series.writer,
        "count": series.count,
        "last": number(series.last, nan_is_none=series.count > 0),
        "min": number(series.minimum),
        "max": number(series.maximum),
        "nan_count": series.nan_count,
        "first_nan_step": series.first_nan_step,
        "exact": found.thinned.exact,
    }


def _columns(found: Reading) -> dict[str, list[Any]]:
    thinned = found.thinned
    points = thinned.points
    value = numbers(points.values)
    return {
        "x": numbers(found.x),
        "step": points.steps.tolist(),
        "value": value,
        "time": points.times.tolist(),
        "min": value if thinned.exact else numbers(thinned.minimum),
        "max": value if thinned.exact else numbers(thinned.maximum),
        "count": thinned.counts.tolist(),
    }
