"""Points for tests of the series store: made up, stored in batches, and held against what is read."""

import math
from typing import Any

import numpy as np

from runs import indexing
from runs.models import Run
from runs.points import Points
from runs.series import merging, reading
from runs.series.reading import Reading
from tests.runs.factories import series

ODD = [math.nan, math.inf, -math.inf]


def made(count: int, *, seed: int, ordered: bool = True, first: int = 0) -> Points:
    """Points with gaps and odd values; ordered ones never have a step twice."""
    random = np.random.default_rng(seed)
    values = random.normal(size=count)
    values[random.random(count) < 0.02] = random.choice(ODD)
    values[count // 3 : count // 3 + count // 10] = math.nan
    gaps = random.integers(1, 4, count).cumsum() + first
    steps = gaps if ordered else random.integers(0, max(1, count // 2), count)
    return Points(steps.astype("<i8"), values, gaps * 0.5)


def add(run: Run, points: Points, *, writer: str = "", key: str = "loss") -> None:
    indexing.store(run, run.attempt, writer, {key: points})


def fill(run: Run, points: Points, sizes: list[int], *, merge_at: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    at = 0
    for number, size in enumerate([*sizes, len(points)]):
        part = points.at(slice(at, at + size))
        at += len(part)
        if len(part):
            add(run, part)
        if number in merge_at:
            merging.merge_all(seconds=60)


def read(run: Run, **asked: Any) -> Reading:
    (found,) = reading.read([series(run)], **asked)
    return found


def assert_true(found: Reading, points: Points, *, width: int) -> None:
    """Every bucket says what the points in it are, and neighbours touch."""
    ends = np.searchsorted(points.steps, found.thinned.points.steps) + 1
    starts = ends - found.thinned.counts
    np.testing.assert_array_equal(starts[1:], ends[:-1])
    lasts = points.at(ends - 1)
    np.testing.assert_array_equal(found.thinned.points.values, lasts.values)
    np.testing.assert_array_equal(found.thinned.points.times, lasts.times)
    if found.thinned.exact:
        assert len(ends) <= 2 * width
        assert (found.thinned.counts == 1).all()
        return
    assert len(ends) <= width
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        numbers = points.values[start:end]
        numbers = numbers[~np.isnan(numbers)]
        low, high = (numbers.min(), numbers.max()) if len(numbers) else (math.nan, math.nan)
        np.testing.assert_equal(found.thinned.minimum[at], low)
        np.testing.assert_equal(found.thinned.maximum[at], high)
