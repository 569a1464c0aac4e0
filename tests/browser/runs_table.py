"""Words about the runs page for its tests."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page

SWEEP = "tag:sweep seed exists"  # nine runs: three learning rates, three seeds


def rows(page: Page) -> Locator:
    return page.locator("[data-row]")


def said(page: Page, name: str) -> str:
    """What the address says about something."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def says(page: Page, **wish: str) -> None:
    """Wait until the address says it."""
    for name, value in wish.items():
        page.wait_for_function(
            "([name, value]) => (new URLSearchParams(location.search).get(name) ?? '') === value",
            arg=[name, value],
        )


def filtered(page: Page, text: str) -> None:
    box = page.get_by_role("combobox", name="Filter")
    box.fill(text)
    box.press("Enter")
    says(page, q=text)


def header(page: Page, name: str) -> Locator:
    return page.locator(f'[data-column="{name}"] [data-sort]')
