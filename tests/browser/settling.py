"""When a page is done with what it does by itself: by its own marks, sooner than half a second without a request."""

from playwright.sync_api import Page

BUSY = ".htmx-request, [aria-busy=true]"
# Parts are fetched when they come into view, which a page hears of some frames later.
QUIET = """(busy) => {
    const quiet = document.readyState === "complete" && document.querySelector(busy) === null;
    window.framesOfQuiet = quiet ? (window.framesOfQuiet ?? 0) + 1 : 0;
    return window.framesOfQuiet > 5;
}"""


def fits(page: Page) -> None:
    """Nothing is wider than the window, once what is drawn by script has followed it."""
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")


def settled(page: Page) -> None:
    """Nothing is on its way."""
    page.evaluate("window.framesOfQuiet = 0")
    page.wait_for_function(QUIET, arg=BUSY)
