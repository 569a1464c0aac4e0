"""Series whose steps went back: runs that were resumed, once or often, and steps without any order."""

import math
from importlib import import_module

import numpy as np
import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.models import STRETCH, Chunk, Overview
from runs.points import Points
from runs.series import reading, stretches
from runs.series.stretches import Stretch
from tests.runs.factories import make_run, series
from tests.runs.stored_points import assert_true, fill, made, read

pytestmark = pytest.mark.django_db

MANY = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# How long a stretch is, and how far the next one goes back, from less than a bucket to all of it and more.
LENGTHS = st.sampled_from([1, 5, 900, 8192, 12_345, 40_000])
BACK = st.sampled_from([0.0001, 0.01, 0.3, 0.999, 1.2])


def resumed(pieces: list[tuple[int, float]], *, seed: int) -> Points:
    """One stretch for each piece: so many points, and the part of the steps so far that the next one repeats.

    None leaves out a step, so that what a newer stretch replaces is the same for points and for buckets.
    """
    parts, first = [], 0
    for at, (length, back) in enumerate(pieces):
        part = made(length, seed=seed + at)
        steps = np.arange(first, first + length, dtype="<i8")
        parts.append(Points(steps, part.values, part.times + at * 1e6))
        first += length - max(5, int((first + length) * back))
    return Points.join(parts)


def cut(points: Points) -> list[Stretch]:
    breaks = (np.flatnonzero(np.diff(points.steps) < 0) + 1).tolist()
    edges = zip([0, *breaks], [*breaks, len(points)], strict=True)
    return [Stretch(a, b, int(points.steps[a]), int(points.steps[b - 1])) for a, b in edges]


def counting(points: Points) -> Points:
    """By step, the one that was logged last."""
    newest = dict(zip(points.steps.tolist(), range(len(points)), strict=True))
    return points.at(np.array([newest[step] for step in sorted(newest)]))


def assert_near(found: reading.Reading, points: Points, *, width: int, edges: int) -> None:
    """In order, each with a last point that counts, and all but a few at edges say just what counts in them."""
    x = found.thinned.points.steps
    assert len(x) <= width
    assert (np.diff(x) > 0).all()
    ends = np.searchsorted(points.steps, x) + 1
    np.testing.assert_array_equal(points.steps[ends - 1], x)
    np.testing.assert_array_equal(points.values[ends - 1], found.thinned.points.values)
    np.testing.assert_array_equal(points.times[ends - 1], found.thinned.points.times)
    others = 0
    for at in range(1, len(x)):
        numbers = points.values[ends[at - 1] : ends[at]]
        numbers = numbers[~np.isnan(numbers)]
        told = (numbers.min(), numbers.max()) if len(numbers) else (math.nan, math.nan)
        mine = found.thinned.minimum[at], found.thinned.maximum[at]
        same = found.thinned.counts[at] == ends[at] - ends[at - 1]
        if same:
            np.testing.assert_equal(mine, told)
        others += not same
    assert others <= edges


@MANY
@given(
    pieces=st.lists(st.tuples(LENGTHS, BACK), min_size=1, max_size=5),
    sizes=st.lists(st.sampled_from([7, 512, 8191, 20_000]), max_size=6),
    merge_at=st.sets(st.integers(0, 6)),
    seed=st.integers(0, 99),
    width=st.sampled_from([10, 100, 900]),
    part=st.tuples(st.floats(-0.1, 1.1), st.floats(0, 1)),
)
def test_newer_stretches_replace_older_ones(
    pieces: list[tuple[int, float]],
    sizes: list[int],
    merge_at: set[int],
    seed: int,
    width: int,
    part: tuple[float, float],
) -> None:
    run, points = make_run(), resumed(pieces, seed=seed)
    fill(run, points, sizes, merge_at=merge_at)
    assert stretches.of(series(run)) == cut(points)

    every = counting(points)
    last = int(every.steps[-1])
    start, end = last * part[0], last * (part[0] + part[1] ** 4)
    for span in ((None, None), (start, end)):
        found = read(run, width=width, start=span[0], end=span[1])
        low, high = (-math.inf if span[0] is None else start, math.inf if span[1] is None else end)
        within = (points.steps >= low) & (points.steps <= high)
        assert found.thinned.exact or within.sum() > 2 * width
        if found.thinned.exact:
            inside = every.at((every.steps >= low) & (every.steps <= high))
            assert found.thinned.points.pack() == inside.pack()
            assert len(inside) <= 2 * width
        elif len(points) < 16 * width:
            assert_true(found, every, width=width)
        else:
            assert_near(found, every, width=width, edges=2 * len(pieces) + 1)


def test_an_overview_reads_no_points_but_those_at_the_breaks_and_the_end() -> None:
    run, points = make_run(), resumed([(12 * STRETCH + 5, 0.4), (15 * STRETCH, 0.1)], seed=5)
    fill(run, points, [], merge_at={0})
    before = read(run, width=100)
    needed = [at // STRETCH * STRETCH for at in (12 * STRETCH + 5, len(points))]
    assert Chunk.objects.exclude(start__in=needed).delete()[0] > 20
    after = read(run, width=100)
    assert after.thinned.points.pack() == before.thinned.points.pack()
    assert_near(after, counting(points), width=100, edges=3)


def test_a_spike_before_the_crash_does_not_show_where_the_run_went_on() -> None:
    """The bucket in which a run was resumed holds points of both stretches."""
    run, points = make_run(), made(30_001, seed=1)
    values = np.ones(len(points))
    values[-1] = 1e9
    steps = np.arange(len(points), dtype="<i8")
    ends = Points(steps, values, steps * 1.0)
    on = np.arange(9_000, 50_000, dtype="<i8")
    again = Points(on, np.ones(len(on)), on * 1.0)
    fill(run, Points.join([ends, again]), [], merge_at={0})
    assert read(run, width=100).thinned.maximum.max() == 1


def test_a_step_that_begins_anew_in_each_epoch_is_read_exactly() -> None:
    run = make_run()
    steps = np.tile(np.arange(1000, dtype="<i8"), stretches.MOST + 2)
    fill(
        run,
        Points(steps, np.arange(len(steps), dtype="<f8"), np.arange(len(steps), dtype="<f8")),
        [],
        merge_at={0},
    )
    assert stretches.of(series(run)) is None
    found = read(run, width=500)
    assert found.thinned.exact
    assert found.thinned.points.values.tolist() == list(range(len(steps) - 1000, len(steps)))


def test_what_is_too_much_to_sort_comes_as_buckets_of_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "SORTED_AT_MOST", 10_000)
    run, points = make_run(), made(30_000, seed=3, ordered=False)
    fill(run, points, [], merge_at={0})
    found = read(run, width=50)
    assert len(found.x) <= 50
    assert (np.diff(found.x) >= 0).all()
    assert int(found.thinned.counts.sum()) == len(points)
    assert np.nanmax(found.thinned.maximum) == np.nanmax(points.values)
    part = read(run, width=50, start=5000, end=6000)
    assert ((part.x >= 5000) & (part.x <= 6000)).all()
    assert 0 < len(part.x) <= 50


def test_series_of_older_versions_learn_where_they_were_resumed() -> None:
    once, never, always = make_run(), make_run(), make_run()
    fill(once, resumed([(9000, 0.3), (700, 0.1), (20, 0.0)], seed=1), [600, 8192], merge_at={1})
    fill(never, made(3000, seed=2), [])
    fill(always, made(3000, seed=3, ordered=False), [])
    before = [stretches.of(series(run)) for run in (once, never, always)]
    for run in (once, always):
        type(series(run)).objects.filter(run=run).update(breaks=b"")
    import_module("runs.migrations.0009_breaks").look(apps, None)
    assert [stretches.of(series(run)) for run in (once, never, always)] == before
    assert [len(each) if each else None for each in before] == [3, 1, None]
    assert Overview.objects.exists()
