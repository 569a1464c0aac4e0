"""A headless chromium that is signed in, as the tests have it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--enable-precise-memory-info")
WIDTH, HEIGHT = 1440, 900


@contextmanager
def browser(url: str, secret: str) -> Iterator[Page]:
    """A page of a fresh browser, entered by the secret link."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        page = running.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(f"{url}/enter#{secret}")
        page.wait_for_url(f"{url}/")
        yield page
        running.close()
