"""Runs as the real library logs them, as a real browser shows them: charts, tables, media, and nothing hostile."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import entered
from tests.browser.settling import settled
from tests.e2e import logged
from tests.e2e.programs import ROOT, Agent, Site, wait_for

SCRIPT = str(ROOT / "tests" / "e2e" / "logged.py")
SOON = 20_000  # ms, on a machine that is busy with other tests

LINES = """key => {
    const card = [...document.querySelectorAll('[data-key]')].find(each => each.dataset.key === key);
    return (card?.querySelector('[data-plot]')?.data ?? []).filter(each => each.meta?.role === 'line')
        .map(each => ({writer: each.meta.writer ?? '', x: [...each.x],
            y: Array.from(each.y, value => Number.isNaN(value) ? null : value)}));
}"""
MARKS = """key => {
    const plot = document.querySelector(`[data-key="${key}"] [data-plot]`);
    return (plot?.data ?? []).filter(each => each.meta?.role === 'odd')
        .flatMap(each => each.x.map((x, at) => [x, each.y[at]]));
}"""
PIECES = """key => [...document.querySelectorAll(`[data-key="${key}"] [data-plot] .js-line`)]
    .map(each => (each.getAttribute('d') ?? '').split('M').length - 1)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server and one agent for all of these: each run stays by itself."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.start_web()
    agent = Agent(site, "node", "--slots", "6")
    agent.start()
    yield site
    agent.kill()
    site.stop()


@pytest.fixture(scope="module")
def page(site: Site, chrome: Browser) -> Iterator[Page]:
    """A browser that must not have complained in the end, nor asked another host for anything."""
    with entered(chrome, site) as page:
        yield page


def queue(site: Site, *arguments: str) -> int:
    return site.submit(sys.executable, SCRIPT, *arguments)


def look_at(page: Page, tab: str) -> None:
    """Bring a part of the run's page onto the screen."""
    page.locator(f".run-tabs [data-tab-link={tab}]").click()


def lines(page: Page, *, key: str = "loss", points: int) -> list[dict[str, Any]]:
    """The lines of a chart, once they have that many points altogether."""

    def look() -> list[dict[str, Any]] | None:
        drawn: list[dict[str, Any]] = page.evaluate(LINES, key)
        return drawn if sum(len(each["x"]) for each in drawn) >= points else None

    said = lambda: f"{points} points of {key}: {page.evaluate(LINES, key)}"  # noqa: E731
    return wait_for(look, within=SOON / 1000, what=said)


def drawn_in(page: Page, pieces: int) -> bool:
    """Whether the chart of the loss is drawn in as many pieces: a chart knows its points before it has drawn them."""
    found: list[int] = page.evaluate(PIECES, "loss")
    return sum(found) == pieces


def test_four_ranks_are_four_lines_and_four_columns_while_they_run_and_after(
    site: Site, page: Page
) -> None:
    job_id = queue(site, "ddp")
    page.goto(f"{site.url}/runs/job-{job_id}/")
    drawn = lines(page, points=logged.RANKS * logged.STEPS)
    site.wait_for(job_id, "completed", within=30)
    page.reload()
    for found in (drawn, lines(page, points=logged.RANKS * logged.STEPS)):
        told = {each["writer"]: list(zip(each["x"], each["y"], strict=True)) for each in found}
        assert told == {
            f"r{rank}" if rank else "": [(step, rank * 100 + step) for step in range(logged.STEPS)]
            for rank in range(logged.RANKS)
        }
    expect(page.locator("#head")).to_contain_text("4 writers: main, r1, r2, r3")
    row = page.locator(".by-writer tbody tr").filter(has_text="loss")
    assert [cell.split()[0] for cell in row.locator("td").all_inner_texts()] == [
        str(rank * 100 + logged.STEPS - 1) for rank in range(logged.RANKS)
    ]
    expect(page.locator("#side")).to_contain_text(f"{logged.STEPS - 1} 0 … {logged.STEPS - 1}")


def test_steps_in_any_order_are_all_drawn_where_they_belong(site: Site, page: Page) -> None:
    job_id = queue(site, "odd_order")
    site.wait_for(job_id, "completed", within=30)
    page.goto(f"{site.url}/runs/job-{job_id}/")
    (line,) = lines(page, points=len(logged.ODD_ORDER))
    points = list(zip(line["x"], line["y"], strict=True))
    assert sorted(points) == sorted((step, step * 10) for step in logged.ODD_ORDER)
    expect(page.locator("#side")).to_contain_text("30 10 … 90")  # the one that was logged last


def test_what_is_no_number_is_a_gap_a_mark_and_a_word(site: Site, page: Page) -> None:
    job_id = queue(site, "nan")
    site.wait_for(job_id, "completed", within=30)
    page.goto(f"{site.url}/runs/job-{job_id}/")
    (line,) = lines(page, points=len(logged.NAN))
    assert line["y"] == [each if math.isfinite(each) else None for each in logged.NAN]
    assert page.evaluate(MARKS, "loss") == [[2, 2], [4, 4]], "at the height of the last number"
    three = partial(drawn_in, page, 3)
    wait_for(three, within=SOON / 1000, what="gaps in what is drawn: 1 2, 4, 6")
    side = page.locator("#side")
    expect(side.get_by_role("row").filter(has_text="gone")).to_contain_text("NaN first at step 2")
    expect(side.get_by_role("row").filter(has_text="loss")).to_contain_text("6 1 NaN 1 … ∞")
    page.goto(f"{site.url}/runs/?q=job-{job_id}")
    expect(page.locator("[data-row] .nan")).to_have_attribute("title", "1 NaN, the first at step 2")


def test_a_run_that_was_killed_and_resumed_is_one_line(
    site: Site, page: Page, tmp_path: Path
) -> None:
    told = tmp_path / "run-id"
    env = {"WHIRR_DATA_DIR": str(tmp_path / ".whirr"), "WHIRR_SERVER_URL": site.url}
    env |= {"WHIRR_TOKEN": site.secret}
    command = [sys.executable, SCRIPT, "resumed", str(told)]
    assert subprocess.run(command, env=os.environ | env, timeout=60).returncode == -9
    assert subprocess.run(command, env=os.environ | env, timeout=60).returncode == 0
    key = told.read_text()

    def ended() -> bool:
        found = site.call("GET", "/api/v1/runs").json()["runs"]
        return (key, "completed") in [(each["id"], each["status"]) for each in found]

    wait_for(ended, within=SOON / 1000, what=f"{key} is delivered")
    page.goto(f"{site.url}/runs/{key}/")
    (line,) = lines(page, points=10)
    assert list(zip(line["x"], line["y"], strict=True)) == [(step, step) for step in range(10)]
    expect(page.locator("#head")).to_contain_text("resumed 1 time")


def test_images_texts_tables_histograms_and_alerts_appear_while_one_looks(
    site: Site, page: Page, tmp_path: Path
) -> None:
    go, stop = tmp_path / "go", tmp_path / "stop"
    job_id = queue(site, "media", str(go), str(stop))
    page.goto(f"{site.url}/runs/job-{job_id}/")
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("[data-media-empty]")).to_contain_text("run.log_image(")
    lines(page, points=1)
    go.touch()
    expect(page.locator("#alerts .alert")).to_contain_text("loss is NaN", timeout=SOON)
    media = page.locator("#media")
    expect(media.locator("[data-card]")).to_have_count(4, timeout=SOON)
    look_at(page, "media")
    image = media.locator("[data-kind=image] img")
    expect(image).to_have_attribute("alt", "epoch 2", timeout=SOON)
    assert image.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") == 8
    expect(media.locator("[data-kind=text] pre")).to_have_text("warm-up is over", timeout=SOON)
    expect(media.locator("[data-kind=table] td.nan")).to_have_text("NaN", timeout=SOON)
    kind = "() => document.querySelector('[data-media-plot]')?.data?.[0]?.type"
    wait_for(lambda: page.evaluate(kind) == "heatmap", within=SOON / 1000, what="a heat map")

    slider = media.get_by_label("Step of samples")  # by keyboard
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(image).to_have_attribute("alt", "epoch 1", timeout=SOON)
    expect(slider).to_have_attribute("aria-valuetext", "step 1 · 1 of 2")
    stop.touch()
    site.wait_for(job_id, "completed", within=30)
    assert page.evaluate("window.neverReloaded") is True
    page.goto(f"{site.url}/runs/?q=job-{job_id}")
    expect(page.locator("[data-row] .alert-mark")).to_have_text("1 alert")
    page.goto(site.url)
    expect(page.locator("#alerts")).to_contain_text("loss is NaN")


def test_a_job_that_goes_on_in_a_new_attempt_shows_what_that_one_logs(
    site: Site, page: Page, tmp_path: Path
) -> None:
    job_id = queue(site, "twice", str(tmp_path))
    page.goto(f"{site.url}/runs/job-{job_id}/")
    (tmp_path / "1").touch()
    text = page.locator("#media [data-kind=text] pre")
    expect(page.locator("#head")).to_contain_text("attempt 2 of 2", timeout=SOON)
    expect(page.locator("#alerts .alert")).to_have_count(0, timeout=SOON)
    (tmp_path / "2").touch()
    expect(page.locator("#alerts .alert")).to_contain_text("alert of attempt 2", timeout=SOON)
    look_at(page, "media")
    expect(text).to_have_text("this is attempt 2", timeout=SOON)
    site.wait_for(job_id, "completed", within=30, attempt=2)
    page.goto(f"{site.url}/runs/job-{job_id}/?attempt=1")
    look_at(page, "media")
    expect(text).to_have_text("this is attempt 1", timeout=SOON)


def test_hostile_names_texts_and_files_become_no_element_and_no_request(
    site: Site, page: Page
) -> None:
    job_id = queue(site, "hostile")
    site.wait_for(job_id, "completed", within=30)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in (f"/runs/job-{job_id}/", "/runs/", "/", f"/compare/?runs=job-{job_id}"):
        page.goto(site.url + path)
        settled(page)
        assert (
            page.locator("img[src^='/evil'], main script:not([type='application/json'])").count()
            == 0
        )
    page.goto(f"{site.url}/runs/job-{job_id}/?tab=media")
    media = page.locator("#media")
    expect(media.locator("[data-card]")).to_have_count(4)
    for card in media.locator("[data-card]").all():
        card.scroll_into_view_if_needed()
    expect(media.locator("[data-kind=text] pre")).to_have_text(logged.EVIL.format(n=4))
    expect(media.locator("[data-kind=table] td")).to_have_text(logged.EVIL.format(n=7))
    expect(media.locator("[data-kind=image] figcaption")).to_have_text(logged.EVIL.format(n=9))
    expect(page.locator("#alerts .alert b")).to_have_text(logged.EVIL.format(n=11))
    settled(page)
    assert page.locator("main img").count() == 1
    assert not [url for url in asked if urlsplit(url).path.startswith("/evil-")]
