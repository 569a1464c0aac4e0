"""The compare page in a browser: what differs, a baseline, brushes, a front, media at one step, five hundred runs."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import PHONE, picture
from tests.e2e.programs import ROOT, Site

RUNS = 500
KEYS = [f"local-20260101-000000-{number:06x}" for number in range(RUNS)]
FEW = f"/compare/?runs={','.join(KEYS[:3])}"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of its own: five hundred runs would hide those that other pages' tests look for."""
    site = Site(tmp_path_factory.mktemp("crowd"))
    fill = [sys.executable, "-m", "tests.browser.crowd", str(RUNS), "4"]
    env = os.environ | {"WHIRR_DATA_DIR": str(site.data)}
    subprocess.run(fill, env=env, cwd=ROOT, check=True)
    site.start_web()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def session(chrome: Browser, site: Site) -> Any:
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/enter#{site.secret}")
    page.wait_for_url(f"{site.url}/")
    state = context.storage_state()
    context.close()
    return state


def keys_of(page: Page, part: str) -> list[str]:
    """The keys of a table, once it is there."""
    section = page.locator(f"#{part}")
    section.scroll_into_view_if_needed()
    expect(section.locator("[data-told]")).not_to_be_empty()
    rows = section.locator("tbody tr:visible")
    keys: list[str] = rows.evaluate_all("rows => rows.map(row => row.dataset.key)")
    return keys


def row(page: Page, part: str, key: str) -> Any:
    return page.locator(f"#{part}").locator(f'tr[data-key="{key}"]')


def pressed(page: Page, place: Locator, x: float, y: float) -> Any:
    """The mouse goes down there: where the place is once it stands still, however late the parts above it come."""
    place.hover(position={"x": x, "y": y})
    page.mouse.down()
    box = place.bounding_box()
    assert box is not None
    return box


def test_only_what_differs_is_shown_until_somebody_wants_all(page: Page) -> None:
    page.goto(FEW)
    assert keys_of(page, "config")[:2] == ["lr", "optimizer.name"]
    assert keys_of(page, "packages") == ["numpy"]
    assert keys_of(page, "git") == ["commit"]
    box = page.locator("#config [data-everything]")
    box.check()
    expect(row(page, "config", "data")).to_be_visible()
    assert "all=config" in page.url
    page.get_by_label("Find a key in all tables").fill("opt")
    expect(row(page, "config", "lr")).to_have_count(0)
    assert keys_of(page, "config") == ["optimizer.name", "optimizer.momentum"]
    code = page.locator("[data-code]")
    code.scroll_into_view_if_needed()
    expect(code).to_contain_text("+width = 256")
    picture(page, "compare-few")
    assert page.evaluate("window.hacked") is None
    assert violations(page) == []


def test_a_baseline_measures_the_others(page: Page) -> None:
    page.goto(FEW)
    page.get_by_role("button", name="Compare with sweep 1").click()
    page.locator("#metrics").scroll_into_view_if_needed()
    loss = row(page, "metrics", "val/loss").locator(".delta")
    expect(loss).to_have_count(2)
    assert [each.split()[:2] for each in loss.all_inner_texts()] == [
        ["↑", "worse"],
        ["↓", "better"],
    ]
    assert f"baseline={KEYS[1]}" in page.url
    row(page, "metrics", "val/loss").get_by_role("button", name="lower is better").click()
    expect(loss.first).to_have_attribute("data-verdict", "better")
    assert "up=val" in page.url
    page.reload()
    page.locator("#metrics").scroll_into_view_if_needed()
    expect(loss.first).to_have_attribute("data-verdict", "better")
    page.get_by_role("button", name="Leave sweep 2 out").click()
    expect(loss).to_have_count(1)
    assert KEYS[2] not in page.url
    page.get_by_role("button", name="Pin sweep 0").click()
    expect(page).to_have_url(re.compile(f"pins={KEYS[0]}"))


def test_axes_are_not_drawn_anew_under_a_pointer_that_drags(page: Page) -> None:
    """A theme or another part's answer may come in the middle of a gesture."""
    page.goto(f"/compare/?runs={','.join(KEYS[:40])}")
    section = page.locator("#parallel")
    section.scroll_into_view_if_needed()
    expect(section.locator(".lines path")).to_have_count(40)
    section.locator("svg.parallel").evaluate("svg => (svg.dataset.mine = '1')")
    rail = pressed(page, section.locator('[data-axis="config.lr"] .catch'), 14, 2)
    page.mouse.move(rail["x"] + 14, rail["y"] + 60, steps=4)
    page.evaluate("document.dispatchEvent(new CustomEvent('whirr:theme'))")
    page.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 100))")
    expect(section.locator("svg[data-mine] .brush")).to_have_count(1)
    page.mouse.up()
    expect(section.locator("svg[data-mine]")).to_have_count(0)
    expect(section.locator(".brush")).to_have_count(1)


def test_a_brush_narrows_the_page(page: Page) -> None:
    page.goto(f"/compare/?runs={','.join(KEYS[:40])}")
    section = page.locator("#parallel")
    section.scroll_into_view_if_needed()
    expect(section.locator(".lines path")).to_have_count(40)
    rail = pressed(page, section.locator('[data-axis="config.lr"] .catch'), 14, 2)
    page.mouse.move(rail["x"] + 14, rail["y"] + 60, steps=4)
    page.mouse.up()
    kept = page.locator("[data-kept]")
    expect(kept).to_contain_text("10 of 40 runs")
    assert "brush=config.lr" in page.url
    section.locator("summary").click()
    section.get_by_label("lr from").fill("0.02")
    section.get_by_label("lr from").press("Enter")
    expect(kept).to_contain_text("20 of 40 runs")
    keys_of(page, "config")
    expect(page.locator("#config .grid")).to_have_attribute("aria-colcount", "21")
    picture(page, "compare-brushed")
    page.reload()
    expect(kept).to_contain_text("20 of 40 runs")
    page.get_by_role("button", name="Show all runs").click()
    expect(kept).to_have_count(0)


def test_a_scatter_has_a_front_and_a_lasso(page: Page) -> None:
    page.goto(f"/compare/?runs={','.join(KEYS[:40])}&sx=metric.val%2Facc:last&better=max,min")
    section = page.locator("#scatter")
    section.scroll_into_view_if_needed()
    expect(section).to_have_attribute("data-front", "1")
    expect(section.locator("[data-told]")).to_contain_text("rank correlation -1.00")
    section.get_by_label("What dragging does").select_option("select")
    plot = pressed(page, section.locator(".nsewdrag"), 2, 2)
    page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] - 4, steps=6)
    page.mouse.up()
    kept = page.locator("[data-kept]")
    expect(kept).to_be_visible()
    assert 0 < int(kept.get_attribute("data-kept") or 0) < 40
    page.get_by_role("button", name="Compare these alone").click()
    expect(page.locator("[data-count]")).not_to_have_text("40 runs")


def test_a_run_that_is_left_out_is_left_out_everywhere(page: Page) -> None:
    page.goto(f"/compare/?runs={','.join(KEYS[:22])}")
    scatter = page.locator("#scatter [data-told]")
    scatter.scroll_into_view_if_needed()
    expect(scatter).to_have_text(re.compile("^22 runs"))
    page.locator("#importance").scroll_into_view_if_needed()
    expect(page.locator("#importance caption")).to_contain_text("From 22 finished runs")
    page.get_by_role("button", name="Leave sweep 2 out", exact=True).click()
    expect(page.locator("[data-count]")).to_have_text("21 runs")
    expect(scatter).to_have_text(re.compile("^21 runs"))
    expect(page.locator("#importance caption")).to_contain_text("From 21 finished runs")


@pytest.mark.parametrize("part", ["scatter", "parallel"])
def test_a_run_that_is_left_out_while_a_part_is_on_its_way_is_not_in_it(
    page: Page, part: str
) -> None:
    held: list[Route] = []
    page.route(f"**/compare/{part}.json?**", lambda route: held.append(route), times=1)
    page.goto(FEW)
    with page.expect_request(f"**/compare/{part}.json?**"):
        page.locator(f"#{part}").scroll_into_view_if_needed()
    with page.expect_response(lambda answer: f"/compare/{part}.json" in answer.url and answer.ok):
        page.get_by_role("button", name="Leave sweep 2 out", exact=True).click()
    held[0].continue_()
    expect(page.locator(f"#{part} [data-told]")).to_have_text(re.compile(r"^2( of 2)? runs"))


def test_few_runs_have_no_importance_and_many_do(page: Page) -> None:
    page.goto(FEW)
    page.locator("#importance").scroll_into_view_if_needed()
    expect(page.locator("[data-refused]")).to_contain_text("20 finished runs")
    page.goto(f"/compare/?runs={','.join(KEYS[1:41])}")
    page.locator("#importance").scroll_into_view_if_needed()
    expect(page.locator("#importance tbody th").first).to_have_text("lr")
    expect(page.locator("#importance [data-warning]").first).to_contain_text("40 runs are few")


def test_paper_has_every_part_and_media_of_all_runs_follow_one_slider(page: Page) -> None:
    page.goto(FEW)
    page.evaluate("""() => new Promise((done) => {
      window.print = () => done();
      document.querySelector("[data-print]").click();
    })""")
    placeholders = page.locator("[data-compare] p.soft").filter(has_text=re.compile("^…$"))
    assert placeholders.count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("[data-print-note]")).not_to_contain_text("Not on this paper")
    media = page.locator("#media")
    at = media.locator("figure[data-at]")
    expect(at).to_have_count(4)
    assert set(at.evaluate_all("all => all.map(each => each.dataset.at)")) == {"20"}
    media.get_by_label("Step of all media").press("ArrowLeft")
    expect(media.locator('figure[data-at="10"]')).to_have_count(4)
    assert "step=10" in page.url
    expect(media.locator("img").first).to_have_js_property("naturalWidth", 48)
    assert page.evaluate("window.hacked") is None


def test_five_hundred_runs_open_and_scroll(opened: Callable[..., Page]) -> None:
    page = opened(color_scheme="dark")
    page.goto(f"/compare/?runs={','.join(KEYS)}&sort=-metric.val%252Facc")
    expect(page.locator("[data-count]")).to_have_text("500 runs")
    expect(page.locator("[data-strip] .chip")).to_have_count(24)
    section = page.locator("#metrics")
    section.scroll_into_view_if_needed()
    heads = section.locator("thead th")
    expect(heads.first).to_be_visible()
    assert heads.count() < 30
    first = heads.first.inner_text()
    section.locator(".grid-scroll").evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    expect(section.locator("thead th").last).to_have_attribute("aria-colindex", "501")
    assert section.locator("thead th").last.inner_text() != first
    assert section.locator("thead th").count() < 30
    picture(page, "compare-crowd")


def test_a_phone_shows_it_without_scrolling_sideways(opened: Callable[..., Page]) -> None:
    page = opened(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    page.goto(f"{FEW}&baseline={KEYS[1]}")
    for part in ("metrics", "config", "parallel", "scatter", "importance", "media"):
        page.locator(f"#{part}").scroll_into_view_if_needed()
    expect(page.locator("#media img")).to_have_count(2)
    expect(page.locator("#parallel .lines path")).to_have_count(3)
    picture(page, "compare-phone")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert violations(page) == []


def test_what_is_not_there_is_said(page: Page) -> None:
    page.goto(f"/compare/?runs={KEYS[0]},job-404")
    expect(page.get_by_role("status").filter(has_text="1 not found")).to_contain_text("job-404")
    page.goto("/compare/?q=lr%3C")
    expect(page.get_by_role("alert").first).to_contain_text("The filter cannot be read")
    expect(page.locator("main")).to_contain_text("Choose two or more runs")
