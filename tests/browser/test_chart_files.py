"""What a chart gives besides its picture: files, a table, a large view; odd addresses; very many metrics."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.boards import chart, compare, lines
from tests.browser.conftest import PHONE, picture
from tests.e2e.programs import wait_for


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
          const wish = { groups, keys: ["train/loss"], x: "step", from: null, to: null, width: 100 };
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
