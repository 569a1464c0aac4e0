"""What a table needs to know of a series, kept up to date batch by batch; and how points are packed."""

import math

import pytest

from runs import series_json
from runs.models import FULL, Chunk
from runs.series import reading
from tests.runs.factories import line, log, make_run, series

pytestmark = pytest.mark.django_db


def test_a_series_knows_its_last_value_its_extremes_and_its_size() -> None:
    run = make_run()
    log(run, line(step=5, _timestamp="2030-01-01T12:00:00Z", loss=3.0) + line(step=6, loss=-1.0))
    log(run, line(step=2, _timestamp="2030-01-01T12:00:01.5Z", loss=2.0))
    stored = series(run)
    assert (stored.count, stored.last, stored.last_step) == (3, 2.0, 2)
    assert (stored.minimum, stored.maximum) == (-1.0, 3.0)
    assert stored.last_time == 1893499201.5
    assert (stored.nan_count, stored.first_nan_step) == (0, None)


def test_nan_is_counted_and_left_out_of_the_extremes() -> None:
    run = make_run()
    log(run, line(step=1, loss=1.0) + line(step=7, loss=math.nan) + line(step=9, loss=math.nan))
    stored = series(run)
    assert (stored.last, stored.minimum, stored.maximum) == (None, 1.0, 1.0)
    assert (stored.nan_count, stored.first_nan_step) == (2, 7)
    log(run, line(step=10, loss=math.nan) + line(step=11, loss=2.0))
    stored = series(run)
    assert (stored.last, stored.maximum) == (2.0, 2.0)
    assert (stored.nan_count, stored.first_nan_step) == (3, 7)


def test_a_series_of_nothing_but_nan_has_no_extremes() -> None:
    run = make_run()
    log(run, line(loss=math.nan))
    stored = series(run)
    assert (stored.last, stored.minimum, stored.maximum, stored.count) == (None, None, None, 1)


def test_infinities_are_extremes() -> None:
    run = make_run()
    log(run, line(loss=math.inf) + line(loss=-math.inf) + line(loss=0))
    stored = series(run)
    assert (stored.minimum, stored.maximum) == (-math.inf, math.inf)


class TestChunks:
    def shape(self) -> list[tuple[int, int]]:
        return list(Chunk.objects.order_by("start").values_list("start", "count"))

    def test_small_batches_fold_into_one_chunk_until_it_is_full(self) -> None:
        run = make_run()
        for batch in range(6):
            log(run, b"".join(line(loss=batch * 100 + each) for each in range(100)))
        assert self.shape() == [(0, 600)]
        log(run, line(loss=600))
        assert self.shape() == [(0, 600), (600, 1)]
        assert reading.exact([series(run)])[series(run).pk].values.tolist() == [*range(601)]

    def test_a_chunk_with_one_point_less_still_grows(self) -> None:
        run = make_run()
        log(run, b"".join(line(loss=each) for each in range(FULL - 1)))
        log(run, line(loss=1))
        log(run, line(loss=2))
        assert self.shape() == [(0, FULL), (FULL, 1)]

    def test_any_order_of_steps_is_kept(self) -> None:
        run = make_run()
        steps = [5, 1, 1, -3, 2**40, 0]
        for step in steps:
            log(run, line(step=step, loss=step))
        found = reading.exact([series(run)])[series(run).pk]
        assert found.steps.tolist() == steps

    @pytest.mark.parametrize("after", [0, 1, 511, 512, 513, 599, 600, 700])
    def test_points_are_read_from_a_cursor_on(self, after: int) -> None:
        run = make_run()
        log(run, b"".join(line(loss=each) for each in range(512)))
        log(run, b"".join(line(loss=each) for each in range(512, 600)))
        found = reading.exact([series(run)], after=after)[series(run).pk]
        assert found.values.tolist() == [*range(after, 600)]


def test_json_says_in_words_what_it_cannot_say_in_numbers() -> None:
    run = make_run()
    log(
        run,
        line(step=1, loss=math.nan) + line(step=2, loss=math.inf) + line(step=3, loss=-math.inf),
    )
    log(run, line(step=4, loss=math.nan))
    (told,) = series_json.as_json([series(run)], width=100)
    assert told["points"]["value"] == ["NaN", "Infinity", "-Infinity", "NaN"]
    assert (told["last"], told["min"], told["max"]) == ("NaN", "-Infinity", "Infinity")
    assert (told["count"], told["nan_count"], told["exact"]) == (4, 2, True)
