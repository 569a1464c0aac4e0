"""The scripts of charts in a real browser: smoothing, axes, marks, what the pointer finds, what leaves as a file."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Browser, Page

from dashboard import figures
from tests.browser.test_scripts import HOST, serve

Call = Callable[..., Any]

# Typed arrays on the way in and lists on the way out; what JSON has no number for is a text.
RUN = """async ([module, body, given]) => {
  const { Curve } = await import("/charts/curve.js");
  const column = (values) => Float64Array.from(values, (each) => each === null ? NaN : Number(each));
  const curve = ({ x: along, y, low, high, axis, ...told }) => {
    const x = column(along ?? y.map((_, at) => at)), value = column(y);
    const points = { x, value, min: column(low ?? y), max: column(high ?? y), step: x, time: x };
    return new Curve({ run: "r", writer: "", attempt: 1, key: "loss", count: value.length, nan_count: 0,
      first_nan_step: null, exact: true, ...told, points }, axis ?? "step");
  };
  const made = await (new Function("m", "column", "curve", "given", `return (async () => ${body})()`))(
    await import(module), column, curve, given);
  return JSON.parse(JSON.stringify(made, (_, each) => ArrayBuffer.isView(each) ? Array.from(each, String)
    : typeof each === "number" && !Number.isFinite(each) ? String(each) : each) ?? "null");
}"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    """An empty page that can import our modules."""
    page = chrome.new_page()
    page.route("**/*", serve)
    page.goto(f"{HOST}/empty")
    yield page
    page.close()


@pytest.fixture
def run(page: Page) -> Call:
    """`run("scales", "m.symlog(9, 1)")`: what an expression about a module of charts/ comes to."""

    def call(module: str, body: str, given: Any = None) -> Any:
        return page.evaluate(RUN, [f"/charts/{module}.js", body, given])

    return call


def floats(told: list[Any]) -> list[float]:
    return [float(each) for each in told]


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


def test_an_axis_of_no_value_and_of_one_value_has_a_range(run: Call) -> None:
    for kind in ("linear", "log", "symlog"):
        for values in ([], [5], [0], [-2]):
            low, high = run("scales", "m.axisFor(given[0], column(given[1])).range", [kind, values])
            assert low < high


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


def test_a_pattern_of_repeated_repetitions_is_taken_as_text(run: Call) -> None:
    body = 'm.finder("(a+)+$").test("a".repeat(60) + "!")'
    assert run("finding", body) is False


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


def test_a_table_of_latex_and_one_of_csv_hold_what_is_drawn_and_harm_nobody(run: Call) -> None:
    body = """{
      const told = { y: [1, 2], run: "=1+1", last: 2, min: 1, max: 2e-7 };
      const line = { curve: curve(told), label: "a_b & 50 % {x}, \\"q\\"" };
      Object.assign(line, { x: line.curve.x, y: line.curve.y, raw: line.curve.y });
      const chart = { key: "loss_1", settings: { x: "step", zoom: [1, 9] }, drawing: { drawn: [line] } };
      return [m.latexOf(chart), m.rows(chart)];
    }"""
    latex, rows = run("exporting", body)
    assert "a\\_b \\& 50 \\% \\{x\\}" in latex
    assert "$2.000\\cdot 10^{-7}$" in latex
    assert rows.splitlines() == [
        "run,name,key,writer,step,value,min,max",
        '\'=1+1,"a_b & 50 % {x}, ""q""",loss_1,,1,2,2,2',
    ]


def test_the_drawing_is_what_plotly_can_be_told_in_json(run: Call) -> None:
    found = drawn(run, {"y": [1, None, 0]}, y="symlog")
    assert json.loads(json.dumps(found)) == found
