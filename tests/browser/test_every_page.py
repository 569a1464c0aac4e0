"""Our pages, in both themes, on a desk and on a phone: axe finds nothing, and nothing is wider than the screen."""

from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, picture
from tests.browser.settling import settled
from tests.browser.watching import Watched
from tests.e2e.programs import Site
from tests.site.routes import addresses

PAGES = {
    "overview": "/",
    "runs": "/runs/",
    "run": "/runs/job-10/",
    "failed-run": "/runs/job-3/",
    "compare": "/compare/?runs=job-1,job-4,job-7",
    "queue": "/queue/",
    "timeline": "/timeline/",
    "sweeps": "/arrays/",
    "sweep": "/arrays/1/",
    "workers": "/workers/",
    "submit": "/submit/",
    "trash": "/trash/",
    "enter": "/enter",
}
LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"], bool], ...] = (
    (DESK, "light", True),
    (DESK, "dark", False),
    (PHONE, "light", False),
    (PHONE, "dark", True),
)


def read_well(page: Page, name: str) -> None:
    """The page as it is. axe takes a second: it looks at both themes and both widths, not at each pair of them."""
    for viewport, theme, scanned in LOOKS:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        where = f"{name} at {viewport['width']} px, {theme}"
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        picture(page, f"{name}-{viewport['width']}-{theme}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
        if scanned:
            assert violations(page) == [], where


@pytest.fixture(scope="module")
def visitor(chrome: Browser, session: Any, site: Site) -> Iterator[tuple[Page, Watched]]:
    """One page that visits the addresses one after the other: its scripts are compiled once."""
    context = chrome.new_context(base_url=site.url, storage_state=session, viewport=DESK)
    page = context.new_page()
    yield page, Watched(page, site.url)
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_well_for_everybody(name: str, visitor: tuple[Page, Watched]) -> None:
    page, watched = visitor
    watched.complaints.clear()
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(PAGES[name])
    assert answer is not None
    assert answer.ok
    settled(page)
    read_well(page, name)
    watched.collect()
    assert watched.complaints == []


def test_what_opens_above_a_page_reads_well(page: Page) -> None:
    page.goto("/queue/")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    read_well(page, "keys")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a run").fill("digits")
    expect(page.get_by_role("option", name="job-9")).to_be_visible()
    read_well(page, "palette")
    page.keyboard.press("Escape")
    page.set_viewport_size(DESK)
    page.get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_role("dialog", name="Are you sure?")).to_be_visible()
    read_well(page, "confirm")


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [("not-found", "/runs/job-404/", 404), ("expired", "/enter", 403)],
)
def test_pages_about_failures_read_well(
    name: str, path: str, status: int, chrome: Browser, session: Any, site: Site
) -> None:
    """Not through the fixture: a failed request is an error in chromium's console."""
    context = chrome.new_context(base_url=site.url, storage_state=session, viewport=DESK)
    page = context.new_page()
    statuses: list[int] = []
    page.on("response", lambda answer: statuses.append(answer.status))
    page.goto(path)
    if name == "expired":
        page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value = 'x'")
        page.get_by_label("Or paste the secret").fill("x")
        page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".failure-id code")).not_to_be_empty()
    assert status in statuses
    read_well(page, name)
    context.close()


def test_the_page_that_asks_before_an_action_of_the_admin_reads_well(page: Page) -> None:
    page.goto("/admin/jobs/job/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("cancel_jobs")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".consequences")).to_contain_text("running jobs")
    assert violations(page) == []


def test_no_page_is_missing_here(site: Site, session: Any) -> None:
    """Every address of the site is asked; what answers with a whole page has to be looked at by these tests."""
    looked_at = {path.partition("?")[0] for path in PAGES.values()} | {"/runs/job-1/"}
    cookies = {each["name"]: each["value"] for each in session["cookies"]}
    missing = []
    with httpx.Client(base_url=site.url, cookies=cookies) as client:
        for address in addresses():
            if address.startswith(("/admin/", "/api/", "/mlflow/")) or address in looked_at:
                continue
            answer = client.get(address, follow_redirects=False)
            kind = answer.headers.get("content-type", "")
            whole = kind.startswith("text/html") and "<html" in answer.text[:2000]
            if answer.status_code == 200 and whole:
                missing.append(address)
    assert missing == []
