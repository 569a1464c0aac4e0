"""One server on a believable day of work, one chromium, and a fresh signed-in page for each test.

A page that logs an error, asks another host for anything or offends the Content-Security-Policy fails its test.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.watching import Watched
from tests.e2e.browser import FLAGS
from tests.e2e.programs import ROOT, Site

expect.set_options(timeout=20_000)  # ms: a deadline for two busy cores, not a measure
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server without agents whose folder scripts/seed.py filled; tests add to it and take nothing away."""
    site = Site(tmp_path_factory.mktemp("browser"))
    site.make_tables()
    seed = [sys.executable, str(ROOT / "scripts" / "seed.py")]
    subprocess.run(seed, env=os.environ | {"WHIRR_DATA_DIR": str(site.data)}, check=True)
    site.start_web()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def chrome(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def session(chrome: Browser, site: Site) -> Any:
    """The cookies of a browser that came in through the secret link."""
    context = chrome.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/enter#{site.secret}")
    page.wait_for_url(f"{site.url}/")
    state = context.storage_state()
    context.close()
    return state


@contextmanager
def entered(chrome: Browser, site: Site) -> Iterator[Page]:
    """A page that entered another site by its secret link, watched until the end."""
    context = chrome.new_context(viewport=DESK)
    page = context.new_page()
    watched = Watched(page, site.url)
    page.goto(f"{site.url}/enter#{site.secret}")
    page.wait_for_url(f"{site.url}/")
    yield page
    watched.collect()
    context.close()
    assert watched.complaints == []


@pytest.fixture
def forgiven() -> list[str]:
    """Put words of a complaint here where a test provokes it, such as the status of a refusal."""
    return []


@pytest.fixture
def opened(
    chrome: Browser, session: Any, site: Site, forgiven: list[str]
) -> Iterator[Callable[..., Page]]:
    """Opens signed-in pages: `opened(viewport=PHONE, color_scheme="dark")`; each is watched until the test ends."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def open_page(**options: Any) -> Page:
        wish = {"viewport": DESK, "base_url": site.url, "storage_state": session} | options
        context = chrome.new_context(**wish)
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(page, site.url))
        return page

    yield open_page
    for each in watched:
        each.collect()
    for context in contexts:
        context.close()
    complaints = [complaint for each in watched for complaint in each.complaints]
    assert [one for one in complaints if not any(words in one for words in forgiven)] == []


@pytest.fixture
def page(opened: Callable[..., Page]) -> Page:
    """A signed-in page of a desk's size, light."""
    return opened(color_scheme="light")


def picture(page: Page, name: str) -> None:
    """Keep a picture for a person to look at, where WHIRR_TEST_PICTURES says where."""
    folder = os.environ.get("WHIRR_TEST_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
