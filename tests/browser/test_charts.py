"""Charts as people use them, on a seeded site: hover, zoom, axes, sections, looks."""

import re
from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import Page, expect

from tests.browser.boards import RUNS, chart, compare, lines, plot_box, query
from tests.browser.conftest import picture
from tests.e2e.programs import wait_for

HOVERED = """() => {
  window.hovered = [];
  document.addEventListener("whirr:hover", ({ detail }) => window.hovered.push(detail.run));
}"""
INK = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .reduce((sum, each) => sum + (each > 0), 0)"""


def test_the_pointer_shows_values_at_its_place_in_all_charts_at_once(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    lines(page, "val/loss", least=4)
    page.evaluate(HOVERED)
    chart(page, "train/loss").locator(".nsewdrag").hover()
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
    chart(page, "train/loss").locator(".nsewdrag").click(position={"x": 100, "y": 40})
    page.get_by_role("button", name="Copy values").click()
    expect(page.locator("[data-toast]")).to_contain_text("Copied 4 values.")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0] == "run\tname\tstep\ttrain/loss"
    assert {line.split("\t")[0] for line in copied[1:]} == set(RUNS.split(","))
    page.keyboard.press("Escape")
    expect(page.locator("[data-chart-tip]")).to_be_hidden()


def test_dragging_zooms_all_charts_to_exact_points_and_0_goes_back(page: Page) -> None:
    page.goto("/runs/job-10/")
    whole = lines(page)[0]["x"]
    chart(page, "train/loss").locator(".nsewdrag").hover(position={"x": 50, "y": 60})
    with page.expect_response(lambda answer: "from=" in answer.url and answer.ok):
        page.mouse.down()
        box = plot_box(page)
        page.mouse.move(box["x"] + 90, box["y"] + 100, steps=4)  # no straight line: a hand's
        page.mouse.up()
    assert "each" not in query(page), "who drags a flat rectangle means x alone"
    low, high = (float(each) for each in query(page)["zoom"][0].split(":"))
    part = wait_for(
        lambda: [x for each in [lines(page)[0]["x"]] if each != whole for x in each],
        within=10,
        what="other points",
    )
    assert low - 1 < min(part) <= low < high <= max(part) < high + 1, "from edge to edge"
    assert {after - before for before, after in pairwise(part)} == {1}, "exact"
    page.keyboard.press("0")
    wait_for(lambda: lines(page)[0]["x"] == whole, within=10, what="the whole range")
    assert "zoom" not in query(page)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_contain_text("zoom of all charts back")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a metric")).to_be_focused()


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
      return { roles: data.map(({ meta }) => meta.role), ticks: layout.yaxis.ticktext, times: layout.xaxis.ticktext,
        looks: data.filter(({ meta }) => meta.role === "line").map(({ line }) => [line.color, line.dash]) };
    }""")
    assert told["times"][:3] == ["0 s", "2 min", "4 min"]
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


def test_tools_write_the_address_and_what_is_folded_stays_so(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    page.locator('[data-set="x"]').select_option("relative")
    page.go_back()
    expect(page.locator('[data-set="x"]')).to_have_value("step")
    page.go_forward()
    expect(page.locator('[data-set="x"]')).to_have_value("relative")
    page.get_by_label("Smoothing", exact=True).fill("0.9")
    assert (query(page)["x"], query(page)["smooth"]) == (["relative"], ["ema:0.9"])
    page.locator('[data-section=""] summary').evaluate("(summary) => summary.click()")
    page.reload()
    expect(page.locator('[data-section=""]')).not_to_have_attribute("open", "")


def test_a_chart_may_differ_from_the_board(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    chart(page, "train/lr").get_by_role("button", name="Menu of train/lr").click()
    menu = page.locator(".chart-menu")
    menu.get_by_label("Vertical axis").select_option("log")
    menu.get_by_label("Values from").fill("0")
    menu.get_by_label("Values to").fill("1")
    menu.get_by_label("Values to").blur()
    expect(menu.get_by_role("alert")).to_have_text("A log axis begins above zero.")
    menu.get_by_label("Values from").fill("0.01")
    menu.get_by_label("Values from").blur()
    expect(menu.get_by_role("alert")).to_have_count(0)
    menu.get_by_label("Smoothing").select_option("gauss")
    menu.get_by_label("How much").fill("5")
    assert "range%3D0.01%3A1~smooth%3Dgauss%3A5" in query(page)["each"][0]
    picture(page, "charts-menu")
    menu.get_by_role("button", name="Values automatic").click()
    page.wait_for_url(lambda _: "range" not in query(page)["each"][0])
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
