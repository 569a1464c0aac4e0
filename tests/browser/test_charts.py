"""Charts as people use them, on a seeded site: hover, zoom, axes, groups, files, keys, small screens."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import PHONE, picture
from tests.e2e.programs import wait_for

RUNS = "job-1,job-2,job-4,job-5"
LINES = """(key) => {
  const plot = document.querySelector(`[data-key="${key}"] [data-plot]`);
  return (plot?.data ?? []).filter(({ meta }) => meta?.role === "line")
    .map(({ x, y, meta, name }) => ({ x: [...x], y: [...y], name, run: meta.run, type: plot.layout.yaxis.type }));
}"""
HOVERED = """() => {
  window.hovered = [];
  document.addEventListener("whirr:hover", ({ detail }) => window.hovered.push(detail.run));
}"""
INK = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .reduce((sum, each) => sum + (each > 0), 0)"""


def chart(page: Page, key: str) -> Locator:
    return page.locator(f'[data-key="{key}"]').first


def lines(page: Page, key: str = "train/loss", *, least: int = 1) -> list[dict[str, Any]]:
    """The lines of a chart, once there are as many."""
    chart(page, key).scroll_into_view_if_needed()

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = page.evaluate(LINES, key)
        return found if len(found) >= least else None

    return wait_for(look, within=15, what=f"{least} lines of {key}")


def compare(page: Page, **query: str) -> None:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    page.goto(f"/compare/?runs={RUNS}&{asked}")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def plot_box(page: Page, key: str = "train/loss") -> dict[str, float]:
    box = chart(page, key).locator(".nsewdrag").bounding_box()
    assert box is not None
    return dict(box)


def test_the_pointer_shows_values_at_its_place_in_all_charts_at_once(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    lines(page, "val/loss", least=4)
    page.evaluate(HOVERED)
    box = plot_box(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.locator("[data-chart-tip]")
    expect(tip).to_be_visible()
    (step,) = re.findall(r"step (\d+)", tip.inner_text())
    assert 150 < int(step) < 250, "half of the way to step 399"
    values = [float(text) for text in tip.locator("td.num").all_inner_texts()]
    assert len(values) == 4
    assert values == sorted(values, reverse=True)
    assert chart(page, "val/loss").locator("canvas").evaluate(INK) > 100, "the crosshair there"
    (run,) = {each for each in page.evaluate("window.hovered") if each}
    assert run in RUNS.split(",")
    picture(page, "charts-hover")
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()
    assert page.evaluate("window.hovered.at(-1)") is None


def test_a_run_that_is_meant_elsewhere_is_strong_and_the_others_are_faint(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    tell = (
        'document.dispatchEvent(new CustomEvent("whirr:hover", {detail: {run: %s, from: "table"}}))'
    )
    page.evaluate(tell % '"job-2"')
    expect(chart(page, "train/loss").locator("[data-plot]")).to_have_class(re.compile("is-faded"))
    page.evaluate(tell % "null")
    expect(chart(page, "train/loss").locator("[data-plot]")).not_to_have_class(
        re.compile("is-faded")
    )


def test_a_click_keeps_the_tooltip_and_its_values_can_be_copied(
    opened: Callable[..., Page],
) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    compare(page)
    lines(page, least=4)
    box = plot_box(page)
    page.mouse.click(box["x"] + 100, box["y"] + 40)
    page.get_by_role("button", name="Copy values").click()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0] == "run\tname\tstep\ttrain/loss"
    assert {line.split("\t")[0] for line in copied[1:]} == set(RUNS.split(","))
    page.keyboard.press("Escape")
    expect(page.locator("[data-chart-tip]")).to_be_hidden()


def test_dragging_zooms_all_charts_to_exact_points_and_0_goes_back(page: Page) -> None:
    page.goto("/runs/job-10/")
    whole = lines(page)[0]["x"]
    box = plot_box(page)
    with page.expect_response(lambda answer: "from=" in answer.url and answer.ok):
        page.mouse.move(box["x"] + 50, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 90, box["y"] + 62, steps=4)
        page.mouse.up()
    low, high = (float(each) for each in query(page)["zoom"][0].split(":"))
    part = wait_for(
        lambda: [x for each in [lines(page)[0]["x"]] if each != whole for x in each],
        within=10,
        what="other points",
    )
    assert low <= min(part) < max(part) <= high
    assert {after - before for before, after in pairwise(part)} == {1}, "exact"
    page.keyboard.press("0")
    wait_for(lambda: lines(page)[0]["x"] == whole, within=10, what="the whole range")
    assert "zoom" not in query(page)


def test_the_address_says_how_charts_are_drawn(page: Page) -> None:
    compare(
        page,
        x="relative",
        y="symlog",
        smooth="ema:0.9",
        outliers="clip",
        colour="config.lr",
        dash="config.seed",
    )
    drawn = lines(page, least=4)
    told = page.evaluate("""() => {
      const { data, layout } = document.querySelector('[data-key="train/loss"] [data-plot]');
      return { roles: data.map(({ meta }) => meta.role), ticks: layout.yaxis.ticktext, suffix: layout.xaxis.ticksuffix,
        looks: data.filter(({ meta }) => meta.role === "line").map(({ line }) => [line.color, line.dash]) };
    }""")
    assert told["suffix"] == " s"
    assert max(drawn[0]["x"]) < 400
    assert told["roles"].count("raw") == 4
    assert len(told["ticks"]) >= 3
    colours, dashes = zip(*told["looks"], strict=True)
    assert (colours[0] == colours[1]) is (colours[2] == colours[3]) is True
    assert colours[0] != colours[2]
    assert dashes[0] != dashes[1]


def test_x_may_be_a_metric_or_the_time_of_day(page: Page) -> None:
    compare(page, x="metric:train/lr")
    x = lines(page, "train/loss", least=4)[0]["x"]
    assert 0 <= min(x) < max(x) <= 0.1
    assert x == sorted(x)
    compare(page, x="time", y="log")
    drawn = lines(page, "train/loss", least=4)
    assert drawn[0]["type"] == "log"
    assert min(drawn[0]["x"]) > 1.5e12, "milliseconds"


def test_tools_write_the_address_and_a_chart_may_differ_from_the_board(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    page.locator('[data-set="x"]').select_option("relative")
    page.get_by_label("Smoothing", exact=True).fill("0.9")
    assert (query(page)["x"], query(page)["smooth"]) == (["relative"], ["ema:0.9"])
    chart(page, "train/lr").get_by_role("button", name="Menu of train/lr").click()
    page.locator(".chart-menu").get_by_label("Vertical axis").select_option("log")
    page.keyboard.press("Escape")
    assert "train%2Flr~y%3Dlog" in query(page)["each"][0]
    wait_for(lambda: lines(page, "train/lr")[0]["type"] == "log", within=10, what="log")
    assert lines(page)[0]["type"] == "linear"


def test_a_pattern_finds_metrics_and_a_pin_puts_one_on_top(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    page.locator('[data-set="find"]').fill("^val/(loss|acc)$")
    expect(page.locator("[data-board-sections] [data-key]")).to_have_count(2)
    assert query(page)["find"] == ["^val/(loss|acc)$"]
    chart(page, "val/acc").get_by_role("button", name="Menu of val/acc").click()
    page.get_by_role("button", name="Pin on top").click()
    expect(page.locator("[data-section=pinned] [data-key]")).to_have_attribute(
        "data-key", "val/acc"
    )
    page.reload()
    expect(page.locator("[data-section=pinned] [data-key]")).to_have_count(1)


def test_charts_of_each_value_stand_apart(page: Page) -> None:
    compare(page, facet="config.lr", find="train/loss")
    expect(page.locator("[data-board-sections] [data-key]")).to_have_count(2)
    expect(page.locator("[data-board-sections] [data-key] h3").first).to_have_text(
        re.compile(r"train/loss · lr 0\.0?[13]")
    )


def test_an_eye_in_the_legend_hides_a_run(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    page.locator("[data-board-legend] summary").click()
    page.locator('[data-eye="job-1"]').click()
    wait_for(
        lambda: {each["run"] for each in lines(page)} == {"job-2", "job-4", "job-5"},
        within=5,
        what="three",
    )
    expect(page.locator('[data-eye="job-1"]')).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(
    ("choice", "ending", "first"),
    [
        ("Save as PNG", ".png", b"\x89PNG"),
        ("Save as SVG", ".svg", b"<svg"),
        ("Data as CSV, as drawn", ".csv", b"run,name,key,writer,step,value,min,max"),
        ("Data as CSV, every point", ".csv", b"run,name,attempt,key,writer,step,time,value"),
        ("LaTeX table", ".tex", b"% train/loss"),
    ],
)
def test_a_chart_leaves_as_a_file(
    page: Page, tmp_path: Path, choice: str, ending: str, first: bytes
) -> None:
    compare(page)
    lines(page, least=4)
    chart(page, "train/loss").get_by_role("button", name="Menu of train/loss").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=choice, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.suffix == ending
    data = path.read_bytes()
    assert data.startswith(first)
    if "every point" in choice:
        assert data.count(b"\n") == 1 + 4 * 400


def test_a_chart_by_keyboard_large_and_as_a_table(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    button = chart(page, "train/loss").get_by_role("button", name="Menu of train/loss")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Large view").focus()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog", name="Chart, large")
    expect(large.locator("[data-plot] .main-svg").first).to_be_visible()
    wait_for(
        lambda: page.evaluate('document.querySelector("dialog [data-plot]").layout.width') > 1000,
        within=5,
        what="a large plot",
    )
    picture(page, "charts-large")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("button", name="Data table").click()
    table = page.get_by_role("dialog", name="Values of train/loss")
    expect(table.locator("tbody tr")).to_have_count(4)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(table).to_be_hidden()
    expect(chart(page, "train/loss").locator("[data-summary]")).to_have_text(
        re.compile(r"train/loss: 4 curves over step; last values from 0\.\d+ to 0\.\d+\.")
    )


def test_the_menu_and_the_options_offend_no_rule_and_fit_a_phone(
    opened: Callable[..., Page],
) -> None:
    page = opened(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    compare(page)
    lines(page, least=4)
    page.locator("[data-board-options] summary").click()
    box = page.locator(".board-panel").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    picture(page, "charts-options-phone")
    page.locator("[data-board-options] summary").click()
    chart(page, "train/loss").get_by_role("button", name="Menu of train/loss").click()
    expect(page.locator(".chart-menu")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_what_cannot_be_meant_in_an_address_is_passed_over(page: Page) -> None:
    odd = {"x": "nothing", "y": "odd", "smooth": "ema:7", "zoom": "9:1", "each": "~,%25"}
    compare(page, **odd, band="x", agg="toString", colour="config.none", find="%28a%2B%29%2B%24")
    expect(page.locator("[data-board]")).not_to_have_attribute("aria-busy", "true")
    page.locator('[data-set="find"]').fill("loss")
    assert len(lines(page, least=4)) == 4


def test_a_column_that_is_none_is_said_on_the_board(page: Page, forgiven: list[str]) -> None:
    forgiven.append("400")
    compare(page, colour="weather")
    expect(page.locator("[data-board-trouble]")).to_contain_text("there is no column 'weather'")


def test_groups_have_a_curve_with_a_band_and_say_how_many(page: Page) -> None:
    """As the table of runs shows them: the band comes from the server, over all members."""
    compare(page)
    lines(page, least=4)
    told = page.evaluate(
        """async (groups) => {
          const { Source } = await import("/static/dashboard/charts/fetching.js");
          const wish = { groups, key: "train/loss", x: "step", from: null, to: null, width: 100 };
          const found = await new Source().groups({ ...wish, agg: "mean", band: "ci" });
          return found.map((each) => [each.group, each.runs, [...each.members].slice(0, 2), each.low[0] < each.y[0]]);
        }""",
        [{"label": "lr 0.1", "runs": ["job-1", "job-2"]}, {"label": "one", "runs": ["job-4"]}],
    )
    assert told == [["lr 0.1", 2, [2, 2], True], ["one", 1, [1, 1], False]]


def test_two_thousand_metrics_are_folded_away_until_they_are_wanted(page: Page) -> None:
    """Cards of folded sections are not made, and nothing of them is asked for."""
    keys = [f"layer{n % 40}/weight{n}" for n in range(2000)]
    asked: list[str] = []

    def board(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        sections = [
            {
                "name": f"layer{n}",
                "keys": [k for k in keys if k.startswith(f"layer{n}/")],
                "open": n < 2,
            }
            for n in range(40)
        ]
        series = dict.fromkeys(keys, 1)
        route.fulfill(json=told | {"sections": sections, "series": series})

    page.route("**/charts/board", board)
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/runs/job-1/")
    expect(page.locator("[data-section]")).to_have_count(40)
    expect(page.locator("[data-board-sections] [data-key]")).to_have_count(100)
    page.locator('[data-section="layer7"] summary').click()
    expect(page.locator('[data-section="layer7"] [data-key]')).to_have_count(50)
    page.locator('[data-set="find"]').fill("weight1999$")
    expect(page.locator("[data-board-sections] [data-key]")).to_have_count(1)
    series = [url for url in asked if "/api/v1/series" in url]
    assert sum(len(parse_qs(urlsplit(url).query)["keys"][0].split(",")) for url in series) < 60
