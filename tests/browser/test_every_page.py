"""Every page, in both themes, on a desk and on a phone: axe finds nothing, and nothing is wider than the screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, picture

PAGES = {
    "overview": "/",
    "runs": "/runs/",
    "run": "/runs/job-1/",
    "failed-run": "/runs/job-3/",
    "compare": "/compare/?runs=job-1,job-4,job-7",
    "queue": "/queue/",
    "workers": "/workers/",
    "submit": "/submit/",
    "trash": "/trash/",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_well_for_everybody(name: str, opened: Callable[..., Page]) -> None:
    for viewport, theme in ((DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")):
        page = opened(viewport=viewport, color_scheme=theme, reduced_motion="reduce")
        answer = page.goto(PAGES[name])
        assert answer is not None
        assert answer.ok
        page.wait_for_load_state("networkidle")
        picture(page, f"{name}-{viewport['width']}-{theme}")
        where = f"{name} at {viewport['width']} px, {theme}"
        assert violations(page) == [], where
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
