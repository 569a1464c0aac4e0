"""A page that has nothing but our modules to import, from a host that does not exist."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static" / "dashboard"
HOST = "http://whirr.test"


def serve(route: Route) -> None:
    name = route.request.url.removeprefix(f"{HOST}/").partition("?")[0]
    if name == "empty":
        route.fulfill(body="<!doctype html><body></body>", content_type="text/html")
    elif (STATIC / name).is_file():
        route.fulfill(path=STATIC / name)
    else:
        route.abort()


@contextmanager
def empty_page(chrome: Browser, **options: Any) -> Iterator[Page]:
    page = chrome.new_page(**options)
    page.route("**/*", serve)
    page.goto(f"{HOST}/empty")
    yield page
    page.close()
