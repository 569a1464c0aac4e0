"""The axes of charts: ticks of times and of powers, ranges that are typed or dragged, what a legend takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.calling import Call, calling
from tests.browser.modules import empty_page

NIGHT = 1_770_000_000  # 2026-02-02 02:40 in UTC, 06:10 in Tehran


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    """An empty page that can import our modules, half an hour beside the whole hours of UTC."""
    with empty_page(chrome, timezone_id="Asia/Tehran") as page:
        yield page


@pytest.fixture
def run(page: Page) -> Call:
    return calling(page)


@pytest.mark.parametrize(
    ("seen", "ticks"),
    [
        ([0, 43_200], ["0 s", "3 h", "6 h", "9 h", "12 h"]),
        ([-100, 5000], ["0 s", "30 min", "1 h"]),
        ([0, 260_000], ["0 s", "1 d", "2 d", "3 d"]),
        ([0, 10_000_000], ["0 s", "50 d", "100 d"]),
        ([0, 1], ["0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1 s"]),
        ([0, 1e-109], ["0 s", *(f"{n}.000e-110 s" for n in (2, 4, 6, 8)), "1.000e-109 s"]),
        ([0, 5e-324], []),
        ([5, 5.001], ["5 s", "5.0002 s", "5.0004 s", "5.0006 s", "5.0008 s", "5.001 s"]),
    ],
)
def test_relative_time_has_ticks_that_clocks_have(
    run: Call, seen: list[float], ticks: list[str]
) -> None:
    told = run("xaxis", "m.xaxisFor('relative', given)", seen)
    assert (told["ticktext"], told["autorange"]) == (ticks, False)
    assert len(told["tickvals"]) == len(ticks)


@pytest.mark.parametrize(
    ("x", "value", "told"),
    [
        ("relative", 43_205, "12 h 5 s"),
        ("relative", 59.5, "59.5 s"),
        ("relative", 0, "0 s"),
        ("relative", -3600, "-1 h"),
        ("step", 43_205, "43205"),
    ],
)
def test_a_place_along_x_reads_as_a_person_says_it(
    run: Call, x: str, value: float, told: str
) -> None:
    assert run("xaxis", "m.placeText(given[0], given[1])", [x, value]) == told


def test_the_time_of_day_is_that_of_the_chosen_zone(run: Call, page: Page) -> None:
    body = "[m.xaxisFor('time', given), m.placeText('time', given[0])]"
    told, place = run("xaxis", body, [NIGHT, NIGHT + 5 * 3600])
    assert told["ticktext"] == ["07:00<br>2026-02-02", "08:00", "09:00", "10:00", "11:00"]
    assert told["tickvals"][0] == (NIGHT + 50 * 60) * 1000
    assert place == "2026-02-02 06:10:00 Asia/Tehran"
    page.evaluate("localStorage.setItem('whirr-zone', 'utc')")
    told, place = run("xaxis", body, [NIGHT, NIGHT + 30 * 3600])
    assert told["ticktext"] == [
        *["06:00<br>2026-02-02", "12:00", "18:00"],
        *["00:00<br>2026-02-03", "06:00"],
    ]
    assert place == "2026-02-02 02:40:00 UTC"
    assert run("xaxis", "m.xaxisFor('time', null)") == {"type": "date"}
    page.evaluate("localStorage.clear()")


@pytest.mark.parametrize(
    ("bounds", "ticks"),
    [
        ([0.2, 2], "0.2 0.5 1 2"),
        ([1e-6, 1e3], "1.000e-6 0.0001 0.01 1 100"),
        ([0.95, 1.05], "0.95 1 1.05"),
        ([3, 40], "5 10 20"),
        ([1, 1], ""),
        ([1_234_567, 1_234_569], "1234567 1234567.5 1234568 1234568.5 1234569"),
        ([100000.2, 100003.1], "100000.5 100001 100001.5 100002 100002.5 100003"),
        ([1e15, 1e15 + 0.5], "1000000000000000"),  # finer than numbers are
        ([1.05e-7, 1.21e-7], "1.05e-7 1.1e-7 1.15e-7 1.2e-7"),
    ],
)
def test_a_log_axis_has_whole_numbers_beside_it(run: Call, bounds: list[float], ticks: str) -> None:
    assert " ".join(run("scales", "m.logTicks(given).ticktext", bounds)) == ticks


def test_ticks_of_a_narrow_log_axis_lie_in_it(run: Call) -> None:
    body = "given.map((seen) => m.logTicks(seen).tickvals.every((at) => at >= seen[0] && at <= seen[1]))"
    assert run("scales", body, [[1_234_567, 1_234_569], [100000.2, 100003.1], [0.2, 2]]) == [
        *[True] * 3
    ]


HUGE = [
    *[[1e-5, 1e-4, 1e-3, 0.2, 1e305], [-1.7e308, 0, 1.7e308], [1.7e308], [5e-324], [5e-324, 1e308]],
    *[[-1e308, -5e-324], [1e308, 1.1e308]],
]


@pytest.mark.parametrize("kind", ["linear", "log", "symlog"])
def test_an_axis_of_the_greatest_and_least_numbers_ends(run: Call, kind: str) -> None:
    """Its range has a length, and it has a few ticks, in it."""
    body = """given[1].map((values) => {
      const { range, bounds, told, place } = m.axisFor(given[0], column(values));
      const [low, high] = range;
      const { tickvals = [], ticktext = [] } = told;
      return low < high && Number.isFinite(high - low) && bounds.every(Number.isFinite) && tickvals.length < 11
        && ticktext.length === new Set(ticktext).size && values.every((each) => !Number.isNaN(place(each)))
        && tickvals.every((each) => given[0] === "log" ? each > 0 && each <= bounds[1] : each >= low && each <= high);
    })"""
    assert run("scales", body, [kind, HUGE]) == [True] * len(HUGE)


def test_a_range_that_no_number_is_as_long_as_is_none(run: Call) -> None:
    body = "given.map(m.rangeOf)"
    told = ["0:1e308", "-1e308:1e308", "0:1e309", "2:1", "1:1", "NaN:1"]
    assert run("settings", body, told) == [[0, 1e308], *[None] * 5]
    fixed = (
        "m.axisFor('symlog', column([1e-5, 0.2]), { fixed: given }).range.every(Number.isFinite)"
    )
    assert run("scales", fixed, [0, 1e308])


def test_a_log_axis_cannot_begin_at_zero(run: Call) -> None:
    fixed = "m.axisFor('log', column([1, 10]), { fixed: given }).shown"
    assert run("scales", fixed, [0, 5]) == [1, 10]
    assert run("scales", fixed, [2, 5]) == [2, 5]


@pytest.mark.parametrize(
    ("texts", "is_log", "told"),
    [
        (["", " "], False, {"range": ""}),
        (["0.5", "2"], False, {"range": "0.5:2"}),
        (["", "2"], False, {"range": "-1:2"}),
        (["-3e-2", ""], False, {"range": "-0.03:7"}),
        (["2", "2"], False, {"wrong": "From must be less than to."}),
        (["x", "2"], False, {"wrong": "From and to are numbers."}),
        (["Infinity", ""], False, {"wrong": "From and to are numbers."}),
        (["-1e308", "1e308"], False, {"wrong": "From and to are too far apart."}),
        (["0", "2"], True, {"wrong": "A log axis begins above zero."}),
    ],
)
def test_a_range_of_values_that_was_typed(
    run: Call, texts: list[str], is_log: bool, told: dict[str, str]
) -> None:
    found = run("fields", "m.rangeSaid(given[0], [-1, 7], given[1])", [texts, is_log])
    assert found == told


@pytest.mark.parametrize(
    ("range_", "fixed", "means"),
    [
        ([1, 3], [0.4, 0.6], None),  # flat
        ([1, 3], [0.1, 0.9], [0.1, 0.9]),
        ([0, 0.5], [0.6, 1], None),  # no point in it
        (None, [0.45, 0.55], [0.45, 0.55]),  # values alone may be few
        (None, [0.55, 0.56], None),
        ([1, 3], None, None),
    ],
)
def test_a_rectangle_that_is_flat_or_empty_is_a_range_of_x(
    run: Call, range_: list[float] | None, fixed: list[float] | None, means: Any
) -> None:
    body = """{
      const same = (each) => each;
      const drawn = [{ x: [0, 1, 2, 3], y: [0, 0.5, 0.5, 1] }];
      return m.meant({ drawn, axis: { kind: "linear", place: same, range: [0, 1] } }, ...given);
    }"""
    assert run("zooming", body, [range_, fixed]) == {"range": range_, "fixed": means}


def test_a_legend_below_a_picture_has_room_for_its_rows(run: Call) -> None:
    few, many = (run("exporting", "m.legendRoom(given, 640)", ["a" * 20] * n) for n in (2, 20))
    assert 20 < few < 40
    assert 7 * 19 <= many < 8 * 19, "columns as wide as the longest name"
    assert run("exporting", "m.legendRoom(given, 640)", ["a" * 9000]) < 40


def test_what_was_folded_is_read_with_care(run: Call) -> None:
    body = """{
      const found = (kept) => m.Settings.prototype.folds.call({ kept });
      return [found({ folds: [["train", false], ["x", 1], [2, true], null] }), found({ folds: 7 }), found({})];
    }"""
    assert run("settings", body) == [[["train", False]], [], []]
