"""What charts draw of points, in a real browser: lines, bands, marks, and tables of them."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Browser, Page

from dashboard import figures
from tests.browser.calling import Call, calling, floats
from tests.browser.modules import empty_page


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


@pytest.fixture
def run(page: Page) -> Call:
    return calling(page)


def drawn(run: Call, *curves: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """The drawing of curves as traces.js makes it, each with a colour and its place as its name."""
    wish = {
        "y": "linear",
        "smooth": None,
        "clip": False,
        "bands": True,
        "zoom": None,
        "fixed": None,
    }
    given = {"curves": curves, "style": figures.style(), "settings": wish | settings}
    body = """{
      const lines = given.curves.map(({ colour = "--series-0", ...told }, at) => (
        { curve: curve(told), colour, dash: 0, label: `c${at}` }));
      const made = m.drawing(lines, given.style, given.settings);
      return { data: made.data, notes: made.notes, range: made.axis.range };
    }"""
    found: dict[str, Any] = run("traces", body, given)
    return found


def roles(found: dict[str, Any]) -> list[str]:
    return [each["meta"]["role"] for each in found["data"]]


def test_few_exact_points_are_one_line_with_marks(run: Call) -> None:
    found = drawn(run, {"y": [3, 2, 1]})
    assert roles(found) == ["line"]
    assert found["data"][0]["mode"] == "lines+markers", "a point between gaps would not be seen"
    assert floats(found["data"][0]["y"]) == [3, 2, 1]


def test_thinned_points_have_a_band_that_keeps_the_spike_in_view(run: Call) -> None:
    found = drawn(run, {"y": [1] * 40, "low": [1] * 40, "high": [1] * 39 + [99], "exact": False})
    assert roles(found) == ["low", "high", "line"]
    assert found["data"][1]["fill"] == "tonexty"
    assert max(floats(found["data"][1]["y"])) == 99
    assert found["range"][1] > 99


def test_nan_and_infinity_are_marks_at_the_last_height_and_are_counted(run: Call) -> None:
    found = drawn(
        run, {"y": [2, None, "Infinity", 1, "-Infinity"], "nan_count": 1, "first_nan_step": 1}
    )
    assert_allclose(floats(found["data"][0]["y"]), [2, math.nan, math.nan, 1, math.nan])
    marks = found["data"][-1]
    assert (marks["meta"]["role"], marks["x"], marks["y"]) == ("odd", [1, 2, 4], [2, 2, 1])
    assert marks["marker"]["symbol"] == ["triangle-up", "arrow-up", "arrow-down"]
    assert found["notes"]["odd"] == {"NaN": 1, "Infinity": 1, "-Infinity": 1}


def test_a_nan_that_thinning_left_out_is_marked_where_it_was(run: Call) -> None:
    thinned = {
        "x": [9, 19, 29],
        "y": [1, 2, 3],
        "exact": False,
        "nan_count": 2,
        "first_nan_step": 14,
    }
    marks = drawn(run, thinned)["data"][-1]
    assert (marks["meta"]["role"], marks["x"], marks["y"]) == ("odd", [14], [2])
    assert roles(drawn(run, thinned | {"first_nan_step": 40})) == ["low", "high", "line"]
    assert roles(drawn(run, thinned | {"x": [9, 5, 29]}))[-1] == "line", (
        "steps in no order tell no place"
    )


def test_what_is_not_positive_stands_at_the_edge_of_a_log_axis(run: Call) -> None:
    found = drawn(run, {"y": [10, 0, -5, 1]}, y="log")
    edge = found["data"][-1]
    assert (edge["meta"]["role"], edge["x"]) == ("edge", [1, 2])
    assert_allclose(edge["y"], [10 ** found["range"][0]] * 2)
    assert floats(found["data"][0]["y"])[0] == 10
    assert found["notes"]["edge"] == 2


def test_outliers_are_arrows_at_the_edges_when_clipped(run: Call) -> None:
    values = [1000, *np.linspace(0, 1, 200).tolist(), -1000]
    found = drawn(run, {"y": values}, clip=True)
    arrows = found["data"][-1]
    assert arrows["meta"]["role"] == "clipped"
    assert dict(zip(arrows["x"], arrows["marker"]["symbol"], strict=True)) == {
        0: "triangle-up",
        201: "triangle-down",
    }
    assert -0.1 < found["range"][0] < found["range"][1] < 1.1


def test_many_curves_of_one_look_share_a_trace_with_gaps(run: Call) -> None:
    curves = [
        {"y": [at, at + 1] * 20, "run": f"r{at}", "colour": f"--series-{at % 3}"}
        for at in range(60)
    ]
    found = drawn(run, *curves)
    assert roles(found) == ["line"] * 3
    assert [each["meta"]["merged"] for each in found["data"]] == [20] * 3
    y = floats(found["data"][0]["y"])
    assert len(y) == 20 * 41
    assert [at for at, value in enumerate(y) if math.isnan(value)] == list(range(40, 20 * 41, 41))


def test_smoothed_lines_have_their_raw_ones_faintly_behind(run: Call) -> None:
    found = drawn(run, {"y": [0, 1] * 30}, smooth={"kind": "ema", "amount": 0.9})
    assert roles(found) == ["raw", "line"]
    assert found["data"][0]["opacity"] == 0.2


@pytest.mark.parametrize(
    ("start", "said", "size"), [(2, "grown", 4), (1, "grown", 3), (0, "known", 2), (5, "stale", 2)]
)
def test_points_are_appended_once(run: Call, start: int, said: str, size: int) -> None:
    body = """{
      const grows = curve({ y: [1, 2] });
      const told = grows.append({ from: given, step: [7, 8], value: [3, "NaN"], time: [0, 0] });
      return [told, grows.size, grows.x.length, grows.count, grows.nan_count];
    }"""
    told, found, length, count, nans = run("curve", body, start)
    assert (told, found, length, count) == (said, size, size, size)
    assert nans == (1 if said == "grown" else 0)


def test_along_a_metric_points_are_put_in_order_and_wait_for_the_server(run: Call) -> None:
    body = """{
      const along = curve({ x: [3, 1, null, 1], y: [30, 10, 99, 11], axis: "metric:epoch" });
      return [along.x, along.y, along.append({ from: 4, step: [5], value: [1], time: [0] })];
    }"""
    assert run("curve", body) == [["1", "1", "3"], ["10", "11", "30"], "stale"]


def test_a_table_of_latex_and_one_of_csv_hold_what_is_drawn_and_harm_nobody(run: Call) -> None:
    body = """{
      const told = { key: "loss_1", y: [1, 2], run: "=1+1", last: 2, min: 1, max: 2e-7 };
      const line = { curve: curve(told), label: "a_b & 50 % {x}, \\"q\\"" };
      Object.assign(line, { x: line.curve.x, y: line.curve.y, raw: line.curve.y });
      const board = { settings: { agg: "mean", band: "" } };
      const chart = { title: "loss_1", board, settings: { x: "step", zoom: [1, 9] }, drawing: { drawn: [line] } };
      return [m.latexOf(chart), m.rows(chart)];
    }"""
    latex, rows = run("exporting", body)
    assert "a\\_b \\& 50 \\% \\{x\\}" in latex
    assert "$2.000\\cdot 10^{-7}$" in latex
    assert rows.splitlines() == [
        "run,name,key,writer,step,value,min,max",
        '\'=1+1,"a_b & 50 % {x}, ""q""",loss_1,,1,2,2,2',
    ]


@pytest.mark.parametrize(
    ("band", "row"),
    [
        ("", "a & 3 & $1$ & $5 \\pm 1$"),
        ("minmax", "a & 3 & $1$ & $5$ ($4$ to $6$)"),
        ("off", "a & 3 & $1$ & $5$"),
    ],
)
def test_a_group_stands_in_a_table_of_latex_where_the_most_members_count(
    run: Call, band: str, row: str
) -> None:
    body = """{
      const told = { y: [1, 5, 9], low: [0, 4, 9], high: [2, 6, 9], group: "a", runs: 3, members: [3, 3, 1] };
      const chart = { title: "loss", settings: { x: "step" }, board: { settings: { agg: "median", band: given } },
        drawing: { drawn: [{ curve: curve(told), label: "a (n = 3)" }] } };
      return m.latexOf(chart).split("\\n");
    }"""
    lines = run("exporting", body, band)
    head = {"": " $\\pm$ std", "minmax": " (min to max)", "off": ""}[band]
    assert lines[3] == f"  Group & $n$ & step & loss, median{head} \\\\"
    assert lines[5] == f"  {row} \\\\"


def test_the_drawing_is_what_plotly_can_be_told_in_json(run: Call) -> None:
    found = drawn(run, {"y": [1, None, 0]}, y="symlog")
    assert json.loads(json.dumps(found)) == found
