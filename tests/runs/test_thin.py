"""Thinning to a screen's width: the last point of each bucket, its extremes, and no spike lost."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.points import Points, thin

VALUES = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


def of(values: list[float]) -> Points:
    steps = list(range(len(values)))
    return Points.of(steps, values, [float(step) for step in steps])


@pytest.mark.parametrize("count", [0, 1, 19, 20])
def test_what_fits_stays_exact(count: int) -> None:
    thinned = thin(of([float(each) for each in range(count)]), 10)
    assert thinned.exact
    assert len(thinned.points) == count
    assert thinned.minimum.tolist() == thinned.maximum.tolist() == [*range(count)]


def test_one_point_more_is_thinned_to_the_width() -> None:
    thinned = thin(of([float(each) for each in range(21)]), 10)
    assert not thinned.exact
    assert len(thinned.points) == len(thinned.minimum) == 10
    assert thinned.points.values[-1] == 20


def test_a_single_spike_survives() -> None:
    values = [0.0] * 100_000
    values[54_321], values[77_777] = 9.0, -9.0
    thinned = thin(of(values), 800)
    assert thinned.maximum.max() == 9
    assert thinned.minimum.min() == -9


def test_nan_hides_nothing_and_is_not_hidden_where_there_is_nothing_else() -> None:
    values = [math.nan] * 50 + [1.0] + [math.nan] * 49
    thinned = thin(of(values), 10)
    assert np.nanmax(thinned.maximum) == np.nanmin(thinned.minimum) == 1
    assert np.isnan(thinned.minimum).sum() == 9


@settings(max_examples=80, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=120), width=st.integers(1, 20))
def test_every_bucket_tells_the_truth(values: list[float], width: int) -> None:
    thinned = thin(of(values), width)
    if thinned.exact:
        assert len(values) <= 2 * width
        return
    edges = np.linspace(0, len(values), width + 1).astype(int)
    for bucket, (start, end) in enumerate(pairwise(edges)):
        inside = np.array(values[start:end])
        numbers = inside[~np.isnan(inside)]
        assert thinned.points.steps[bucket] == end - 1
        np.testing.assert_equal(thinned.points.values[bucket], inside[-1])
        low = numbers.min() if len(numbers) else math.nan
        high = numbers.max() if len(numbers) else math.nan
        np.testing.assert_equal(thinned.minimum[bucket], low)
        np.testing.assert_equal(thinned.maximum[bucket], high)


def test_columns_survive_packing() -> None:
    points = Points.of([2**63 - 1, -(2**63)], [math.nan, -0.0], [1e300, 0.0])
    again = Points.unpack(*points.pack())
    assert again.steps.tolist() == points.steps.tolist()
    assert again.values.tobytes() == points.values.tobytes()
    assert [len(part) for part in points.pack()] == [16, 16, 16]
