"""The series store against plain lists: whatever comes in, in whichever batches, and whenever merging is at work."""

import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import indexing
from runs.models import STRETCH, Chunk, Overview, Series
from runs.points import Points
from runs.series import merging, pyramid, reading
from runs.series.axes import Axis
from tests.runs.factories import make_run, series
from tests.runs.stored_points import add, assert_true, fill, made, read

pytestmark = pytest.mark.django_db

BATCHES = st.lists(st.sampled_from([1, 7, 300, 511, 512, 1000, 8191, 8192, 20_000]), max_size=8)
MANY = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MANY
@given(
    sizes=BATCHES,
    merge_at=st.sets(st.integers(0, 8)),
    count=st.sampled_from([1, 600, 8192, 30_000, 70_000]),
    seed=st.integers(0, 99),
    width=st.sampled_from([10, 100, 900]),
    part=st.tuples(st.floats(-0.1, 1.1), st.floats(0, 1)),
)
def test_reads_are_what_the_points_say(
    sizes: list[int],
    merge_at: set[int],
    count: int,
    seed: int,
    width: int,
    part: tuple[float, float],
) -> None:
    run, points = make_run(), made(count, seed=seed)
    fill(run, points, sizes, merge_at=merge_at)
    stored = series(run)

    after = int(count * part[1])
    (rest,) = reading.exact([stored], after=after).values()
    assert rest.pack() == points.after(after).pack()

    whole = read(run, width=width)
    assert int(whole.thinned.counts.sum()) == count
    assert whole.thinned.exact == (count <= 2 * width)
    assert_true(whole, points, width=width)

    last = int(points.steps[-1])
    start, end = last * part[0], last * (part[0] + part[1] ** 4)
    some = read(run, width=width, start=start, end=end)
    within = np.flatnonzero((points.steps >= start) & (points.steps <= end))
    assert some.thinned.exact == (len(within) <= 2 * width)
    assert_true(some, points, width=width)
    if len(within):
        ends = np.searchsorted(points.steps, some.thinned.points.steps) + 1
        assert ends[0] - some.thinned.counts[0] <= within[0]
        assert ends[-1] - 1 >= within[-1]
        if some.thinned.exact:
            assert len(some.x) == len(within)
    else:
        assert len(some.x) == 0


@MANY
@given(
    sizes=BATCHES,
    merge_at=st.sets(st.integers(0, 8)),
    count=st.sampled_from([5, 3000, 20_000]),
    seed=st.integers(0, 99),
    width=st.sampled_from([10, 900]),
)
def test_steps_that_go_back_are_sorted_and_the_newer_value_counts(
    sizes: list[int], merge_at: set[int], count: int, seed: int, width: int
) -> None:
    run, points = make_run(), made(count, seed=seed, ordered=False)
    fill(run, points, sizes, merge_at=merge_at)
    assert series(run).is_ordered == bool((np.diff(points.steps) >= 0).all())
    if series(run).is_ordered:
        return

    newest = dict(zip(points.steps.tolist(), range(count), strict=True))
    expected = points.at(np.array([newest[step] for step in sorted(newest)]))
    found = read(run, width=width)
    assert found.thinned.exact == (len(newest) <= 2 * width)
    assert_true(found, expected, width=width)

    by_time = read(run, width=width, x=Axis("time"))
    assert int(by_time.thinned.counts.sum()) == count
    assert (np.diff(by_time.x) > 0).all()


class TestMerging:
    def test_whole_stretches_become_one_chunk_each_and_the_rest_stays(self) -> None:
        run, points = make_run(), made(3 * STRETCH + 100, seed=1)
        fill(run, points, [1000] * 10 + [STRETCH])
        assert merging.merge_all(seconds=60) == 3
        shape = Chunk.objects.order_by("start").values_list("tier", "start", "count")
        whole = [(1, at * STRETCH, STRETCH) for at in range(3)]
        assert [each for each in shape if each[0] == 1] == whole
        assert sum(count for tier, _, count in shape if tier == 0) == 100
        assert series(run).merged == 3 * STRETCH

    def test_a_second_time_changes_nothing(self) -> None:
        run, points = make_run(), made(5 * STRETCH, seed=2)
        fill(run, points, [])
        merging.merge_all(seconds=60)
        before = [list(model.objects.order_by("pk").values()) for model in (Chunk, Overview)]
        assert merging.merge_all(seconds=60) == merging.merge(series(run).pk) == 0
        assert [
            list(model.objects.order_by("pk").values()) for model in (Chunk, Overview)
        ] == before

    @pytest.mark.parametrize("at_once", [1, 3, 16])
    def test_the_pyramid_is_the_same_however_it_grew(
        self, at_once: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(merging, "AT_ONCE", at_once)
        run, points = make_run(), made(21 * STRETCH, seed=3)
        fill(run, points, [5 * STRETCH, STRETCH], merge_at={0, 1, 2})
        level, buckets = 1, pyramid.of_points(points)
        while len(buckets.points):
            mine = Overview.objects.filter(series=series(run), level=level).order_by("start")
            assert [each.start for each in mine] == list(range(0, len(buckets.points), pyramid.ROW))
            stored = pyramid.join([pyramid.unpack(each.data, level=level) for each in mine])
            assert pyramid.pack(stored) == pyramid.pack(buckets)
            assert [each.count for each in mine] == [len(each.data) // 40 for each in mine]
            level, buckets = level + 1, pyramid.coarser(buckets)
        assert not Overview.objects.filter(level__gte=level).exists()

    def test_chunks_of_older_versions_may_cross_a_stretch(self) -> None:
        run, points = make_run(), made(STRETCH + 3000, seed=4)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(indexing, "STRETCH", 10**9)
            fill(run, points, [600, STRETCH - 100])
        add(run, made(5 * STRETCH, seed=5, first=int(points.steps[-1])))
        merging.merge_all(seconds=60)
        (found,) = reading.exact([series(run)]).values()
        assert found.steps[: len(points)].tolist() == points.steps.tolist()
        assert len(found) == series(run).count
        assert series(run).merged == series(run).count // STRETCH * STRETCH

    def test_missing_points_leave_the_series_as_it_is_and_the_others_go_on(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken, well = make_run(), make_run()
        for run in (broken, well):
            fill(run, made(2 * STRETCH, seed=6), [1000])
        Chunk.objects.filter(series__run=broken, start=1000).delete()
        assert merging.merge_all(seconds=60) == 2
        assert (series(broken).merged, series(well).merged) == (0, 2 * STRETCH)
        assert "has no point 1000" in caplog.text

    def test_the_budget_of_time_is_kept(self) -> None:
        run = make_run()
        fill(run, made(3 * STRETCH, seed=7), [])
        ticks = iter(range(100))
        assert merging.merge_all(seconds=0, clock=lambda: float(next(ticks))) == 0
        assert series(run).merged == 0


def test_series_of_older_versions_learn_where_they_begin_and_whether_they_are_in_order() -> None:
    ordered, resumed = make_run(), make_run()
    fill(ordered, made(2000, seed=8, first=50), [600, 600])
    fill(resumed, made(600, seed=9), [])
    add(resumed, made(10, seed=9))
    columns = ("first_step", "first_time", "is_ordered")
    before = list(Series.objects.order_by("pk").values_list(*columns))
    Series.objects.update(first_step=0, first_time=0, is_ordered=True)
    import_module("runs.migrations.0008_merging").look(apps, None)
    assert list(Series.objects.order_by("pk").values_list(*columns)) == before
    assert [is_ordered for *_, is_ordered in before] == [True, False]


class TestAxes:
    def test_another_metric_gives_the_x_that_was_known_at_the_step(self) -> None:
        run = make_run()
        add(run, Points.of([1, 5, 9], [0.1, 0.5, 0.9], [1.0, 2.0, 3.0]))
        add(run, Points.of([2, 9], [20.0, 90.0], [1.0, 2.0]), key="epoch")
        found = read(run, width=10, x=Axis("metric", "epoch"))
        np.testing.assert_array_equal(found.x, [math.nan, 20.0, 90.0])
        part = read(run, width=10, x=Axis("metric", "epoch"), start=50)
        assert part.thinned.points.values.tolist() == [0.9]
        none = read(run, width=10, x=Axis("metric", "nothing"))
        assert np.isnan(none.x).all()

    def test_a_rank_without_the_metric_takes_the_main_writers(self) -> None:
        run = make_run()
        add(run, Points.of([2], [20.0], [1.0]), key="epoch")
        add(run, Points.of([3], [0.3], [1.0]), writer="r1")
        (found,) = reading.read([series(run)], width=10, x=Axis("metric", "epoch"))
        assert found.x.tolist() == [20.0]

    def test_relative_time_counts_from_the_start_of_the_run(self) -> None:
        run = make_run()
        assert run.started_at is not None
        began = run.started_at.timestamp()
        add(run, Points.of([1, 2], [0.1, 0.2], [began + 5, began + 7]))
        assert read(run, width=10, x=Axis("relative")).x.tolist() == [5, 7]
        part = read(run, width=10, x=Axis("relative"), start=6, end=8)
        assert part.thinned.points.steps.tolist() == [2]

    def test_many_series_cost_as_many_statements_as_one(
        self, django_assert_num_queries: Any
    ) -> None:
        runs = [make_run() for _ in range(5)]
        for at, run in enumerate(runs):
            fill(run, made(20_000 + at, seed=at), [3000], merge_at={1})
        every = list(Series.objects.all())
        with django_assert_num_queries(2):
            found = reading.read(every, width=100)
        assert [int(each.thinned.counts.sum()) for each in found] == [each.count for each in every]
