"""Figures are plain dictionaries, and lose no spike and no NaN."""

import json
import math
from dataclasses import replace

from dashboard import figures, palette
from dashboard.figures import Curve
from runs.points import Points, thin


def curve(values: list[float], *, run: str = "job-1", colour: int = 1, width: int = 600) -> Curve:
    points = Points.of(
        list(range(len(values))), values, [1000.0 + 2 * n for n in range(len(values))]
    )
    return Curve(run, run, 1, colour, 0, thin(points, width), len(values), 1000.0)


def roles(figure: figures.Figure) -> list[str]:
    return [trace["meta"]["role"] for trace in figure["data"]]


def test_few_points_are_one_exact_line() -> None:
    figure = figures.metric("loss", [curve([3.0, 2.0, 1.0])])

    assert roles(figure) == ["line"]
    assert figure["data"][0]["x"] == [0, 1, 2]
    assert figure["data"][0]["y"] == [3.0, 2.0, 1.0]
    assert figure["data"][0]["meta"]["count"] == 3


def test_thinned_points_have_a_band_that_keeps_the_spike() -> None:
    values = [1.0] * 5000
    values[1234] = 99.0

    figure = figures.metric("loss", [curve(values, width=100)])

    assert roles(figure) == ["low", "high", "line"]
    low, high, line = figure["data"]
    assert max(high["y"]) == 99.0
    assert min(low["y"]) == 1.0
    assert len(line["x"]) == 100
    assert high["fill"] == "tonexty"
    assert line["meta"]["count"] == 5000


def test_nan_and_infinity_are_gaps_with_a_mark_at_the_last_height() -> None:
    figure = figures.metric("loss", [curve([2.0, math.nan, math.inf, 1.0])])

    line, marks = figure["data"]
    assert line["y"] == [2.0, None, None, 1.0]
    assert "markers" in line["mode"], "a point between gaps would not be seen"
    assert marks["x"] == [1, 2]
    assert marks["y"] == [2.0, 2.0]
    assert marks["text"] == ["NaN", "Infinity"]


def test_a_nan_that_thinning_left_out_is_marked_where_it_was() -> None:
    values = [float(n) for n in range(5000)]
    values[1234] = values[3000] = math.nan
    found = replace(curve(values, width=100), first_nan=1234, nans=2)

    marks = figures.metric("loss", [found])["data"][-1]
    assert marks["meta"]["role"] == "odd"
    assert marks["x"] == [1234]
    assert marks["text"] == ["NaN, the first of 2"]
    assert abs(marks["y"][0] - 1234) < 50

    (at,) = figures.metric("loss", [found], axis="time")["data"][-1]["x"]
    assert 2 * 1234 <= at < 2 * (1234 + 50)


def test_a_nan_that_is_shown_is_marked_once() -> None:
    values = [1.0] * 5000
    values[49] = math.nan
    shown = replace(curve(values, width=100), first_nan=49, nans=1)
    exact = replace(curve([1.0, math.nan]), first_nan=1, nans=1)
    for found, x in ((shown, 49), (exact, 1)):
        assert figures.metric("loss", [found])["data"][-1]["x"] == [x]


def test_a_figure_is_json_that_every_browser_reads() -> None:
    figure = figures.metric("loss", [curve([math.nan] * 3), curve([1.0], run="job-2")])

    assert json.loads(json.dumps(figure, allow_nan=False)) == figure


def test_time_counts_from_the_origin() -> None:
    figure = figures.metric("loss", [curve([3.0, 2.0])], axis="time")

    assert figure["data"][0]["x"] == [0.0, 2.0]


def test_colours_are_names_that_the_theme_fills_in() -> None:
    figure = figures.metric("loss", [curve([1.0, 2.0], colour=5)])

    assert figure["data"][0]["line"]["color"] == "--series-5"


def test_a_run_keeps_its_colour_on_every_page() -> None:
    alone = palette.looks(["job-7"])["job-7"]

    assert palette.looks(["job-3", "job-7"])["job-7"] == alone


def test_no_two_runs_of_a_chart_look_the_same() -> None:
    looks = palette.looks([f"job-{n * palette.COLOURS}" for n in range(20)])

    assert len(set(looks.values())) == 20
