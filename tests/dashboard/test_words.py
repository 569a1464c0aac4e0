from datetime import timedelta
from typing import Any

import pytest

from dashboard import periods, words
from dashboard.differences import differing, flat
from dashboard.naming import labels
from runs.models import Run


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, words.NOTHING),
        (0.42, "0.4 s"),
        (59.9, "59 s"),
        (185, "3 m 05 s"),
        (7620, "2 h 07 m"),
        (274_000, "3 d 04 h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (3.0, "3"),
        (1234567.0, "1234567"),
        (0.00001234, "1.234e-5"),
        (float("nan"), "NaN"),
        (float("-inf"), "-∞"),
        (None, "NaN"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("90", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("1d 12h", timedelta(hours=36)),
        ("2H", timedelta(hours=2)),
    ],
)
def test_periods(text: str, period: timedelta) -> None:
    assert periods.seconds_of(text) == period.total_seconds()


@pytest.mark.parametrize("text", ["", "soon", "-5", "0", "1.5h", "9999d"])
def test_what_is_no_period(text: str) -> None:
    assert periods.seconds_of(text) is None


def test_only_differing_keys_count_and_a_missing_one_differs_from_null() -> None:
    configs: list[dict[str, Any]] = [{"a": 1, "b": None, "c": {"x": 1}}, {"a": 1, "c": {"x": 2}}]

    assert differing([flat(config) for config in configs]) == ["b", "c.x"]
    assert differing([{"a": 1}, {"a": True}]) == ["a"]


def test_runs_of_a_sweep_are_told_apart() -> None:
    sweep = [Run(key=f"job-{n}", name="mlp", config={"lr": n / 10, "depth": 2}) for n in (1, 2)]

    assert labels(sweep) == {"job-1": "mlp · lr 0.1", "job-2": "mlp · lr 0.2"}


def test_equal_runs_are_told_apart_by_their_ids() -> None:
    twins = [Run(key=f"job-{n}", name="mlp") for n in (1, 2)]

    assert labels(twins) == {"job-1": "mlp (job-1)", "job-2": "mlp (job-2)"}
