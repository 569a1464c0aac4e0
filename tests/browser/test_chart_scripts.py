"""The scripts of charts in a real browser: smoothing, axes, ticks, what the pointer finds, colours, names."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Browser, Page

from tests.browser.calling import Call, calling, floats
from tests.browser.modules import empty_page


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


@pytest.fixture
def run(page: Page) -> Call:
    return calling(page)


def test_the_exponential_mean_is_tensorboards_where_steps_are_even(run: Call) -> None:
    values = np.random.default_rng(1).normal(size=50).tolist()
    expected, total, norm = [], 0.0, 0.0
    for value in values:
        total, norm = total * 0.9 + 0.1 * value, norm * 0.9 + 0.1
        expected.append(total / norm)
    found = run(
        "smoothing", "m.ema(column(given.map((_, at) => at)), column(given), 0.9, 1)", values
    )
    assert_allclose(floats(found), expected, rtol=1e-9)


def test_a_sparse_and_a_dense_curve_of_one_thing_are_smoothed_alike(run: Call) -> None:
    """What a step count weighs follows x: logging ten times as often must not smooth ten times less."""
    dense, sparse = list(range(1000)), list(range(0, 1000, 10))
    ends = []
    for x in (dense, sparse):
        body = "m.ema(column(given), column(given.map((x) => x < 500 ? 0 : 1)), 0.98, 1)"
        found = dict(zip(x, floats(run("smoothing", body, x)), strict=True))
        ends.append([found[at] for at in (490, 550, 700, 990)])
    assert_allclose(ends[0], ends[1], atol=0.1)


def test_the_gaussian_and_the_running_mean_are_numpys(run: Call) -> None:
    values = np.random.default_rng(2).normal(size=40)
    x = np.arange(40)
    weights = np.exp(-0.5 * ((x[:, None] - x) / 2) ** 2) * (abs(x[:, None] - x) <= 6)
    expected = (weights * values).sum(axis=1) / weights.sum(axis=1)
    found = run(
        "smoothing",
        "m.gaussian(column(given.x), column(given.y), 2, 1)",
        {"x": x.tolist(), "y": values.tolist()},
    )
    assert_allclose(floats(found), expected, rtol=1e-9)
    inside = (abs(x[:, None] - x) <= 5).astype(float)
    found = run(
        "smoothing",
        "m.runningMean(column(given.x), column(given.y), 10, 1)",
        {"x": x.tolist(), "y": values.tolist()},
    )
    assert_allclose(floats(found), (inside * values).sum(axis=1) / inside.sum(axis=1), rtol=1e-9)


@pytest.mark.parametrize(
    "kind", ["ema(x, y, 0.5, 1)", "gaussian(x, y, 2, 1)", "runningMean(x, y, 4, 1)"]
)
def test_smoothing_keeps_gaps_and_starts_without_bias(run: Call, kind: str) -> None:
    body = f"{{ const x = column([0, 1, 2, 3]), y = column([4, null, 4, 0]); return m.{kind}; }}"
    found = floats(run("smoothing", body))
    assert math.isnan(found[1])
    assert 0 < found[3] < 4
    assert found[0] >= found[3]


@pytest.mark.parametrize(
    "kind", ["ema(x, y, 0.5, 1)", "gaussian(x, y, 2, 1)", "runningMean(x, y, 4, 1)"]
)
def test_points_at_one_place_count_as_one_their_mean(run: Call, kind: str) -> None:
    """Along metric:epoch hundreds of points share an x; each used to weigh nothing but the first."""
    body = f"{{ const x = column(given[0]), y = column(given[1]); return m.{kind}; }}"
    found = floats(run("smoothing", body, [[0, 0, 0, 1, 1], [0, 2, 4, 9, 11]]))
    means = floats(run("smoothing", body, [[0, 1], [2, 10]]))
    assert_allclose(found, [means[0]] * 3 + [means[1]] * 2, rtol=1e-12)
    assert run("smoothing", "m.unitOf([column(given)])", [*[0] * 500, *[1] * 500, 2]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ema:0.6", {"kind": "ema", "amount": 0.6}),
        ("ema:0.9999", {"kind": "ema", "amount": 0.999}),
        ("gauss:5", {"kind": "gauss", "amount": 5}),
        ("mean:99999", {"kind": "mean", "amount": 1000}),
        *((text, None) for text in ("", "ema", "ema:0", "ema:1", "ema:x", "toString:1", "gauss:-1", "mean:NaN")),
    ],
)  # fmt: skip
def test_an_address_says_what_smoothing_is_meant_or_none(run: Call, text: str, told: Any) -> None:
    assert run("smoothing", "m.parse(given)", text) == told


@pytest.mark.parametrize("value", [0, 1e-9, -3.5, 1e12, -1e-3])
def test_symlog_goes_there_and_back(run: Call, value: float) -> None:
    found = run("scales", "m.unsymlog(m.symlog(given, 0.01), 0.01)", value)
    assert_allclose(found, value, rtol=1e-6, atol=1e-12)
    assert_allclose(
        run("scales", "m.symlog(given, 1)", value), np.sign(value) * np.log10(1 + abs(value))
    )


def test_symlog_ticks_are_zero_and_powers_of_ten_on_both_sides(run: Call) -> None:
    body = "[m.symlogTicks([m.symlog(-150, 1), m.symlog(1500, 1)], 1), m.symlog(100, 1)]"
    ticks, hundred = run("scales", body)
    assert ticks["ticktext"] == ["-100", "-10", "-1", "0", "1", "10", "100", "1000"]
    assert ticks["tickvals"][6] == hundred
    wide = run("scales", "m.symlogTicks([-20, 20], 1e-9)")
    assert len(wide["tickvals"]) <= 10
    assert "0" in wide["ticktext"]
    narrow = run("scales", "m.symlogTicks([m.symlog(0.3, 1), m.symlog(6, 1)], 1)")
    assert narrow["ticktext"] == ["0.5", "1", "2", "5"], (
        "less than a decade needs more than its powers"
    )


def test_percentiles_are_numpys_and_a_view_is_clipped_to_them(run: Call) -> None:
    values = np.sort(np.random.default_rng(3).normal(size=501))
    expected = np.percentile(values, [1, 99])
    found = run("scales", "m.valueRange(column(given), { clip: true })", values.tolist())
    assert_allclose(found, expected, rtol=1e-12)


def test_a_line_that_crosses_a_range_between_two_points_is_in_view(run: Call) -> None:
    body = "m.finite([{ x: column([0, 10]), y: column([0, 100]) }], [4, 5])"
    assert floats(run("scales", body)) == [40, 50]


def test_an_axis_of_no_value_and_of_one_value_has_a_range(run: Call) -> None:
    for kind in ("linear", "log", "symlog"):
        for values in ([], [5], [0], [-2]):
            low, high = run("scales", "m.axisFor(given[0], column(given[1])).range", [kind, values])
            assert low < high


def test_the_pointer_finds_the_nearest_curve_and_rows_by_value(run: Call) -> None:
    body = """{
      const lines = given.map((y, at) => ({ x: column([0, 10, 20]), y: column(y), name: at }));
      const found = m.under(lines, { x: 11, px: 11, py: 52, reach: 5, toX: (x) => x, toY: (y) => y });
      const { shown, more } = m.shownRows(found.rows, found.hit, 3);
      return [found.hit.line.name, found.rows.length, shown.map(({ y }) => y), more];
    }"""
    assert run("hits", body, [[0, value, 0] for value in (10, 50, 90, 70, 80)]) == [
        1,
        5,
        [90, 80, 50],
        2,
    ]


@pytest.mark.parametrize(("at", "index"), [(-5, 0), (4, 0), (6, 1), (29, 3), (99, 3)])
def test_nearest_is_found_in_ascending_numbers(run: Call, at: float, index: int) -> None:
    assert run("hits", "m.nearest(column([0, 10, 20, 30]), given)", at) == index
    assert run("hits", "m.nearest(column([]), 1)") == -1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("train/.*loss$", ["train/loss"]),
        ("LOSS", ["train/loss", "val/loss(1)"]),
        ("loss(", ["val/loss(1)"]),
        ("(a+)+$", []),
        ("", ["train/loss", "val/loss(1)", "acc"]),
    ],
)
def test_metrics_are_found_by_a_pattern_that_cannot_hang(
    run: Call, text: str, found: list[str]
) -> None:
    names = ["train/loss", "val/loss(1)", "acc"]
    body = "given.names.filter(m.finder(given.text).test)"
    assert run("finding", body, {"names": names, "text": text}) == found


def test_values_in_an_order_are_a_scale_and_words_take_colours_in_turn(run: Call) -> None:
    body = """{
      const scale = m.colouring([0.1, 0.001, 1e-5], 9), words = m.colouring(["sgd", "adam", null], 9);
      return [[0.1, 1e-3, 1e-5, null].map(scale.of), scale.scale, ["adam", "sgd", null].map(words.of)];
    }"""
    assert run("looks", body) == [
        ["--ramp-8", "--ramp-4", "--ramp-0", "--ink-soft"],
        "log",
        ["--series-0", "--series-1", "--ink-soft"],
    ]


def test_columns_that_cannot_tell_runs_apart_are_not_offered(run: Call) -> None:
    groups = [
        {"kind": "run", "columns": [{"key": "state"}, {"key": "gpus"}, {"key": "worker"}]},
        {"kind": "config", "columns": [{"key": "config.lr"}, {"key": "config.a.b"}]},
        {"kind": "metric", "columns": [{"key": "metric.loss"}]},
        {"kind": "code", "columns": [{"key": "commit"}, {"key": "package.torch"}]},
    ]
    assert run("column_names", "m.namesOf(given)", groups) == [
        *("state", "config.lr", "config.a.b", "metric.loss", "commit", "package.torch"),
    ]
