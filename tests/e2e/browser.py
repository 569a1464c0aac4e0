"""A real chromium for tests: signed in through the secret link, and watched for what no page of ours may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from tests.e2e.programs import Site

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def signed_in(site: Site, chromium: str) -> Iterator[Page]:
    """A page that entered by the secret link.

    In the end it must have logged no error, and asked no other host for anything.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        complaints: list[str] = []
        hosts: set[str] = set()
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.goto(f"{site.url}/enter#{site.secret}")
        page.wait_for_url(f"{site.url}/")
        yield page
        browser.close()
    assert complaints == []
    assert hosts - {"", urlsplit(site.url).netloc} == set()
