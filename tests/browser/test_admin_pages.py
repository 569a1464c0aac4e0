"""Django's admin and the viewer of the API: axe finds nothing, and nothing is wider than the screen.

Every table of the admin is looked at, those of tomorrow too: they are read from its registry.
"""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, Page, ViewportSize, expect

from runs.admin_rights import ReadOnly
from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, picture
from tests.browser.watching import Watched
from tests.e2e.programs import Site

TABLES = {
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/": page
    for model, page in admin.site._registry.items()
}
# Forms of the others have no field and no table: one of them is as all of them.
WRITTEN = {path for path, page in TABLES.items() if page.inlines or not isinstance(page, ReadOnly)}
OTHERS = (
    "/admin/",
    "/admin/jobs/",
    "/admin/password_change/",
    "/admin/auth/user/1/history/",
    "/admin/jobs/job/?q=digits&status__exact=failed",
    "/admin/jobs/attempt/1/change/",
)
LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = (
    (DESK, "light"),
    (PHONE, "dark"),
)
# A row is as the row above it, and the bar of all tables is the same everywhere: axe takes a second for hundreds.
FEW = """() => {
    const surplus = [
        "#result_list tbody tr", ".tabular tbody tr", "#nav-sidebar tbody tr", "#content li",
        "#operations section > div > span",
    ];
    for (const each of surplus) document.querySelectorAll(each + ":nth-child(n+5)").forEach((row) => row.remove());
}"""


class Visitor:
    """Goes from page to page in one tab; every other one is seen on a phone in the dark."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.watched, self.visits = page, Watched(page, site.url), 0
        self.saw_empty = False  # a table that nobody writes in and that has no rows

    def go(self, path: str) -> None:
        viewport, theme = LOOKS[self.visits % 2]
        self.visits += 1
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.ok, path

    def is_like_one_before(self, path: str) -> bool:
        """Whether a table has no rows, as one that was seen: then only its name and its empty filters are its own."""
        answer = self.page.request.get(path)
        assert answer.ok, path
        is_empty = 'id="result_list"' not in answer.text()
        known, self.saw_empty = self.saw_empty, self.saw_empty or is_empty
        return is_empty and known

    def complaints(self) -> list[str]:
        """What is wrong with the page as it is."""
        page = self.page
        page.wait_for_load_state()
        width, where = page.evaluate("innerWidth"), page.evaluate("location.pathname")
        picture(page, f"{where.strip('/').replace('/', '-')}-{width}")
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.evaluate(FEW)
        self.watched.collect()
        found = violations(page) + self.watched.complaints
        found += [f"{wider} px wider than the screen"] if wider > 0 else []
        return [f"{where} at {width} px: {each}" for each in found]

    def look_at(self, path: str) -> list[str]:
        self.go(path)
        return self.complaints()


@pytest.fixture(scope="module")
def visitor(chrome: Browser, session: Any, site: Site) -> Iterator[Visitor]:
    limits = {"running_gpus": 2, "running_jobs": None, "queued_jobs": 10}
    site.call("PUT", "/api/v1/quotas/user/ada", json=limits)
    context = chrome.new_context(base_url=site.url, storage_state=session)
    yield Visitor(context.new_page(), site)
    context.close()


@pytest.mark.parametrize("path", sorted(TABLES))
def test_a_table_and_the_form_of_a_row_read_well(path: str, visitor: Visitor) -> None:
    if path not in WRITTEN and visitor.is_like_one_before(path):
        return
    assert visitor.look_at(path) == []
    if path not in WRITTEN:
        return
    row = visitor.page.locator("#result_list tbody th a").first
    to_add = visitor.page.locator(".object-tools .addlink")
    addresses = [link.get_attribute("href") or "" for link in (row, to_add) if link.count()]
    for address in addresses:
        assert visitor.look_at(address.partition("?")[0]) == []


@pytest.mark.parametrize("path", OTHERS)
def test_the_other_pages_of_the_admin_read_well(path: str, visitor: Visitor) -> None:
    assert visitor.look_at(path) == []


def test_what_is_asked_before_a_row_is_deleted_and_what_a_form_complains_of_read_well(
    visitor: Visitor,
) -> None:
    page = visitor.page
    visitor.go("/admin/jobs/quota/")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("button", name="Yes")).to_be_visible()
    assert visitor.complaints() == []
    visitor.go("/admin/auth/group/add/")
    page.locator("form").evaluate_all(
        "(forms) => forms.forEach((each) => { each.noValidate = true; })"
    )
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errornote")).to_be_visible()
    assert visitor.complaints() == []


def test_whoever_left_reads_it_well(chrome: Browser, site: Site) -> None:
    """In a session of its own, which ends here."""
    context = chrome.new_context(base_url=site.url)
    page = context.new_page()
    page.goto(f"/enter#{site.secret}")
    page.wait_for_url(f"{site.url}/")
    visitor = Visitor(page, site)
    visitor.go("/admin/password_change/")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Logged out")
    assert visitor.complaints() == []
    context.close()


def test_the_viewer_of_the_api_reads_well(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/api/docs/")
    expect(page.get_by_role("heading", name="Requests")).to_be_attached()
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#operations")).to_be_focused()
    for request in (".opblock-get", ".opblock-post", ".opblock-delete"):
        page.locator(f"{request} .opblock-summary-control").first.click()
    for deed in ("Try it out", "Execute"):
        page.locator(".opblock-get.is-open").get_by_role("button", name=deed).click()
    expect(page.locator(".live-responses-table")).to_be_visible()
    assert visitor.complaints() == []
