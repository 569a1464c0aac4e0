"""From lines to points: each complete line exactly once, whatever interrupts and whatever a line holds."""

from typing import Any

import pytest
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import indexing, lines, recording, rows, streams
from runs.models import Chunk, Run, Series, Stream
from runs.series import reading
from tests.runs.factories import NOON, line, log, make_run, series

pytestmark = pytest.mark.django_db


def points(run: Run, key: str = "loss") -> list[tuple[int, float]]:
    stored = series(run, key)
    found = reading.exact([stored])[stored.pk]
    return list(zip(found.steps.tolist(), found.values.tolist(), strict=True))


def counts(run: Run) -> tuple[int, int]:
    stream = Stream.objects.get(run=run)
    return stream.lines, stream.bad_lines


def test_a_torn_last_line_waits_for_its_end() -> None:
    run = make_run()
    whole = line(step=0, loss=1.0)
    log(run, whole + b'{"step": 1, "lo')
    assert points(run) == [(0, 1.0)]
    assert Stream.objects.get().indexed == len(whole)
    log(run, b'ss": 2.0}')
    assert points(run) == [(0, 1.0)]
    log(run, b"\n")
    assert points(run) == [(0, 1.0), (1, 2.0)]


def test_indexing_again_adds_nothing() -> None:
    run = make_run()
    size = log(run, line(loss=1) + line(loss=2))
    for _ in range(3):
        indexing.index(run, 1, "metrics.jsonl", size=size)
    log(run, b"x" * size, offset=0)
    assert [value for _, value in points(run)] == [1, 2]
    assert counts(run) == (2, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", [Chunk, Series, Stream])
def test_an_interruption_anywhere_repeats_nothing_and_skips_nothing(
    where: type[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies between writing the points and noting how far it got."""
    run = make_run()
    log(run, line(loss=0))

    update = rows.update

    def die_at(model: type[Model], *args: Any) -> int:
        if model is where:
            raise KeyboardInterrupt
        return update(model, *args)

    def die(_stream: Stream, **_options: Any) -> None:
        raise KeyboardInterrupt  # the others die before they come here

    with monkeypatch.context() as patch:
        patch.setattr(rows, "update", die_at)
        patch.setattr(Stream, "save", die)
        with pytest.raises(KeyboardInterrupt):
            log(run, line(loss=1) + line(loss=2))
    assert [value for _, value in points(run)] == [0]
    log(run, line(loss=3))
    assert [value for _, value in points(run)] == [0, 1, 2, 3]
    assert series(run).count == 4


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_any_way_of_cutting_the_file_gives_the_same_points(cuts: list[int]) -> None:
    source = b"".join(line(step=step, loss=step * 1.5, acc=-step) for step in range(12))
    run = make_run()
    offset = 0
    while offset < len(source):
        stretch = cuts[offset % len(cuts)]
        offset = log(run, source[offset : offset + stretch])
    assert points(run) == [(step, step * 1.5) for step in range(12)]
    assert points(run, "acc") == [(step, -step) for step in range(12)]


class TestWhatALineMayHold:
    def test_nan_and_infinities_are_kept_as_numbers_and_as_words(self) -> None:
        run = make_run()
        log(run, b'{"loss": NaN}\n{"loss": Infinity}\n{"loss": -Infinity}\n')
        log(run, b'{"loss": "NaN"}\n{"loss": "Infinity"}\n{"loss": "other"}\n')
        texts = [str(value) for _, value in points(run)]
        assert texts == ["nan", "inf", "-inf", "nan", "inf"]

    @pytest.mark.parametrize(
        "bad",
        [
            b"not json",
            b"{",
            b"[1, 2]",
            b"7",
            b"null",
            b"\xff\xfe",
            b'{"a": 1} {"b": 2}',
            b"[" * 100_000,
            b'{"a":' * 50_000,
        ],
    )
    def test_an_undecodable_line_is_counted_and_stops_nobody(self, bad: bytes) -> None:
        run = make_run()
        log(run, line(loss=1) + bad + b"\n" + line(loss=2))
        assert points(run) == [(0, 1), (2, 2)]
        assert counts(run) == (3, 1)

    def test_an_empty_line_keeps_its_number_and_is_not_bad(self) -> None:
        """The library leaves some where a signal handler logged in the middle of a log: nothing is missing."""
        run = make_run()
        log(run, line(loss=1) + b"\n\nbad\n" + line(loss=2))
        log(run, b"\n")
        assert points(run) == [(0, 1), (4, 2)]
        assert counts(run) == (6, 1)

    @pytest.mark.parametrize(
        ("key", "stored"),
        [
            ('"a\\u0000b"', "a\N{REPLACEMENT CHARACTER}b"),
            ('"a\\ud800b"', "a\N{REPLACEMENT CHARACTER}b"),
            ('"ünï/∂ \\" \'; --"', "ünï/∂ \" '; --"),
            ('""', ""),
        ],
    )
    def test_a_key_that_no_database_holds_is_mended(self, key: str, stored: str) -> None:
        run = make_run()
        log(run, f'{{"loss": 1, {key}: 2, "z": NaN}}\n'.encode() + line(loss=3))
        assert points(run, stored) == [(0, 2.0)]
        assert len(points(run)) == 2

    def test_two_keys_that_become_one_are_one_series(self) -> None:
        run = make_run()
        log(run, b'{"a\\u0000": 1, "a\\ud800": 2, "x": NaN}\n')
        assert points(run, "a\N{REPLACEMENT CHARACTER}") == [(0, 1), (0, 2)]

    def test_numbers_beyond_all_bounds_stop_nobody(self) -> None:
        run = make_run()
        huge = b"1" + b"0" * 400
        log(run, b'{"step": ' + huge + b', "loss": ' + huge + b', "b": -' + huge + b"}\n")
        log(run, b'{"step": 1e400, "loss": 1}\n{"step": 9223372036854775807, "loss": 2}\n')
        log(run, b'{"step": -9223372036854775808, "loss": 3}\n{"step": true, "loss": 4}\n')
        log(run, b'{"step": "7", "loss": 5}\n{"step": 2.0, "loss": 6}\n')
        steps = [step for step, _ in points(run)]
        assert steps[:4] == [0, 1, 2**63 - 1, -(2**63)]
        assert len(steps) == 7

    def test_what_is_no_number_is_no_point(self) -> None:
        run = make_run()
        log(run, line(loss=1, note="text", nested={"a": 1}, some=[1], nothing=None, yes=True))
        keys = set(Series.objects.filter(run=run).values_list("key", flat=True))
        assert keys == {"loss", "yes"}

    def test_a_key_longer_than_its_column_is_left_out(self) -> None:
        run = make_run()
        log(run, line(**{"k" * 255: 1, "k" * 256: 2}))
        assert [each.key for each in Series.objects.filter(run=run)] == ["k" * 255]

    @pytest.mark.parametrize(
        "stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", "", 7, None]
    )
    def test_a_time_that_cannot_be_meant_stops_nobody(self, stamp: Any) -> None:
        run = make_run()
        log(run, line(_timestamp=stamp, loss=1) + line(loss=2))
        assert len(points(run)) == 2

    def test_a_step_that_is_missing_is_the_index_of_the_line(self) -> None:
        run = make_run()
        log(run, line(loss=1) + line(_idx=7, loss=2) + line(_idx=9, step=3, loss=3) + b"bad\n")
        log(run, line(loss=4))
        assert [step for step, _ in points(run)] == [0, 7, 3, 4]

    def test_carriage_returns_make_no_lines(self) -> None:
        run = make_run()
        log(run, b'{"loss": 1}\r\n{"loss":\r 2}\r\n{"loss": 3}\n')
        assert points(run) == [(0, 1), (1, 2), (2, 3)]
        assert counts(run) == (3, 0)


def test_a_line_without_end_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "STRETCH", 100)
    run = make_run()
    log(run, line(loss=1))
    log(run, b"x" * 350)
    log(run, b"x" * 10 + b"\n" + line(loss=2))
    assert [value for _, value in points(run)] == [1, 2]
    assert counts(run)[1] >= 1


def test_only_metrics_are_indexed() -> None:
    run = make_run()
    for name in ("output.log", "events.jsonl"):
        log(run, line(loss=1), name=name)
    assert not Series.objects.exists()
    assert [*streams.INDEXED] == ["metrics.jsonl", "system.jsonl", "events.jsonl"]


def test_what_an_agent_measures_never_mixes_with_what_a_script_logs() -> None:
    run = make_run()
    log(run, line(cpu_percent=1))
    measured = {"system/cpu_percent": 90, "cpu_percent": 50, "system/gpu0/power_w": 300.5}
    log(run, line(_idx=0, **measured), name="system.jsonl")
    log(run, line(_idx=1, **{"system/gpu0/power_w": 250}), name="system.jsonl")
    assert points(run, "cpu_percent") == [(0, 1)]
    assert points(run, "system/gpu0/power_w") == [(0, 300.5), (1, 250)]
    assert [each for _, each in points(run, "system/cpu_percent")] == [90, 50]


def test_a_long_key_that_gets_a_prefix_is_left_out() -> None:
    run = make_run()
    log(run, line(**{"k" * 250: 1, "ok": 2}), name="system.jsonl")
    assert list(Series.objects.values_list("key", flat=True)) == ["system/ok"]


def test_each_attempt_has_series_of_its_own() -> None:
    run = make_run(attempt=1)
    log(run, line(loss=1))
    recording.begin_attempts([(run, 2, "node2")], now=NOON)
    log(run, line(loss=2))
    assert points(run) == [(0, 2)]
    assert [each.attempt for each in Series.objects.filter(run=run).order_by("attempt")] == [1, 2]
