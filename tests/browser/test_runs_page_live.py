"""The runs page in a browser: table and charts together, what changes by itself, phones, screen readers."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.boards import lines
from tests.browser.conftest import DESK, PHONE, picture
from tests.browser.made_by_hand import HandMade
from tests.browser.runs_table import SWEEP, rows
from tests.browser.settling import fits
from tests.e2e.programs import Site, wait_for


def has_points(page: Page, count: int, key: str = "loss") -> bool:
    return len(lines(page, key)[0]["x"]) == count


@pytest.fixture
def runs(page: Page) -> Page:
    page.goto("/runs/")
    expect(rows(page).first).to_be_visible()
    return page


def test_pointing_at_a_row_is_told_to_the_charts_and_back(runs: Page) -> None:
    runs.evaluate(
        "document.addEventListener('whirr:hover', ({detail}) => (window.pointed = detail.run))"
    )
    row = rows(runs).nth(2)
    run = row.get_attribute("data-run")
    row.hover()
    runs.wait_for_function("run => window.pointed === run", arg=run)
    runs.mouse.move(1, 1)
    runs.evaluate(
        "run => document.dispatchEvent(new CustomEvent('whirr:hover', {detail: {run, from: 'x'}}))",
        run,
    )
    expect(row).to_have_class(re.compile("lit"))


def test_a_new_run_waits_while_somebody_points_at_the_table(runs: Page, site: Site) -> None:
    before = rows(runs).count()
    rows(runs).nth(3).hover()
    made = site.call(
        "POST", "/api/v1/runs", json={"id": "local-20300101-130000-00fade", "name": "came late"}
    )
    assert made.is_success
    runs.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
    pill = runs.locator("[data-pill]")
    expect(pill).to_have_text(re.compile("1 new run"), timeout=10_000)
    expect(rows(runs)).to_have_count(before)
    pill.click()
    expect(rows(runs).first).to_contain_text("came late")


def test_on_a_phone_runs_are_cards_with_the_charts_below(opened: Callable[..., Page]) -> None:
    page = opened(viewport=PHONE)
    page.goto(f"/runs/?q={SWEEP}")
    expect(rows(page)).to_have_count(9)
    below = """() => document.querySelector("[data-pane=right]").getBoundingClientRect().top
      >= document.querySelector("[data-part=table]").getBoundingClientRect().bottom"""
    assert page.evaluate(below)  # both at one moment: charts above or below may still come
    fits(page)
    page.get_by_label(re.compile("^Select job-")).first.check()
    expect(page.get_by_role("region", name="What is selected")).to_be_visible()


def test_dialogs_and_menus_read_well_for_everybody(opened: Callable[..., Page]) -> None:
    for viewport in (DESK, PHONE):
        page = opened(viewport=viewport, color_scheme="dark", reduced_motion="reduce")
        page.goto(f"/runs/?q={SWEEP}&group=config.lr")
        expect(rows(page)).to_have_count(3)
        for name in ("Columns", "Group", "Condition"):
            page.get_by_role("button", name=name, exact=True).click()
            picture(page, f"runs-{name.lower()}-{viewport['width']}")
            assert violations(page) == [], name
            page.keyboard.press("Escape")
            expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()


def test_charts_appear_by_themselves_with_the_first_metric_and_grow(page: Page, site: Site) -> None:
    """Also of runs that had none when the page was opened; and the board is asked anew for new metrics alone."""
    run = HandMade(site, 0xC1, name="first-night")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/runs/?q=name:first-night")
    expect(page.locator("[data-board-empty]")).to_be_visible()
    for step in range(6):
        run.log(step, **{"loss": 1.0} if step < 3 else {"loss": 1.0, "acc": 0.5})
        drawn = partial(has_points, page, step + 1)
        wait_for(drawn, within=20, what="the point")
    wait_for(partial(has_points, page, 3, "acc"), within=20, what="its points of the second one")
    expect(page.locator("[data-board-empty]")).to_be_hidden()
    assert len([url for url in asked if url.endswith("/charts/board")]) == 3
