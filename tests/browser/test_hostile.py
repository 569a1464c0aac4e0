"""Whatever people and programs write, on every page: no element is made of it, no request sent, no script run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.run_page import TABS
from tests.browser.conftest import DESK
from tests.browser.evil import FILES, evil
from tests.browser.settling import settled
from tests.browser.watching import Watched
from tests.e2e.programs import ROOT, Site, wait_for

EVIL = quote(evil("url"))
PAGES = [
    *("/", "/queue/", "/workers/", "/arrays/", "/timeline/", "/trash/", "/admin/jobs/job/"),
    *("/runs/", f"/runs/?q={EVIL}&sort={EVIL}&cols={EVIL},config.{EVIL}"),
    f"/runs/?group=config.{EVIL}&view={EVIL}&find={EVIL}&x=metric:{EVIL}&zoom={EVIL}",
    f"/runs/?cols=name,tags,notes,project,user,config.{quote(quote(evil('key')))},metric.loss",
    *("/compare/?runs=job-1,job-2", f"/compare/?runs={EVIL},job-1&baseline={EVIL}&pins={EVIL}"),
    *("/runs/job-1/?attempt=1", f"/runs/{EVIL}/", f"/enter?next={EVIL}"),
    f"/submit/?workdir={EVIL}&command={EVIL}",
]
MADE = "[data-evil], img[src*='evil'], [onerror], [onload], iframe, object, embed, a[href^='javascript' i]"
FOUND = """(made) => [
    ...document.querySelectorAll(made),
    ...[...document.scripts].filter((each) => each.textContent.includes("__pwned") && each.type !== "application/json"),
].map((each) => each.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of its own: nothing of this is shown to other tests."""
    site = Site(tmp_path_factory.mktemp("hostile"))
    filling = [sys.executable, "-m", "tests.browser.hostile"]
    environment = os.environ | {"WHIRR_DATA_DIR": str(site.data)}
    subprocess.run(filling, env=environment, cwd=ROOT, check=True)
    site.start_web()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def visited(chrome: Browser, site: Site) -> Iterator[Page]:
    """The signed-in page of this file; whatever it asks for, and each of its complaints, is looked at in the end."""
    context = chrome.new_context(viewport=DESK, base_url=site.url)
    page = context.new_page()
    watched = Watched(page, site.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.on("dialog", lambda dialog: asked.append(f"/evil dialog {dialog.message}"))
    page.goto(f"{site.url}/enter#{site.secret}")
    page.wait_for_url(f"{site.url}/")
    yield page
    watched.collect()
    context.close()
    assert [path for path in asked if path.startswith("/evil")] == []
    assert [each for each in watched.complaints if "status of 4" not in each] == []


def made(page: Page) -> list[str]:
    """Elements, scripts that ran, and what the policy had to refuse so far: nothing."""
    ran: list[str] = page.evaluate("[window.__pwned ?? [], window.__violations ?? []].flat()")
    found: list[str] = page.evaluate(FOUND, MADE)
    return ran + found


def test_pages_show_hostile_text_as_text(visited: Page) -> None:
    for path in PAGES:
        visited.goto(path)
        settled(visited)
        assert made(visited) == [], path


def test_every_tab_of_a_run_shows_it_as_text(visited: Page) -> None:
    for key in ("job-1", "job-2"):
        visited.goto(f"/runs/{key}/")
        expect(visited.locator("h1")).to_contain_text("<img src=")
        tabs = visited.locator("nav [data-tab-link]")
        expect(tabs).to_have_count(len(TABS))
        for at in range(len(TABS)):
            tabs.nth(at).click()
            settled(visited)
            visited.locator("main details").evaluate_all(
                "all => { for (const each of all) each.open = true; }"
            )
            settled(visited)
            assert made(visited) == [], f"{key}, {TABS[at][0]}"


def test_artifacts_are_previewed_without_acting(visited: Page, site: Site) -> None:
    visited.goto("/trash/")
    for name in FILES:
        part = site.call("GET", f"/runs/job-1/artifacts/view?path={quote(f'out/{name}')}")
        visited.evaluate(
            "text => { const box = document.createElement('div'); document.body.append(box); box.innerHTML = text; }",
            part.text,
        )  # as htmx puts it into the page
    settled(visited)
    assert made(visited) == [], "previews"


def test_an_artifact_opened_by_its_address_is_no_page_of_ours(visited: Page, site: Site) -> None:
    """A browser that is sent there gets a file, or a document that can do nothing."""
    for name in FILES:
        answer: Any = site.call("GET", f"/api/v1/runs/job-1/artifacts/out/{name}")
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox") or "attachment" in answer.headers["content-disposition"]
    assert made(visited) == [], "artifacts"


def test_the_palette_and_the_filter_show_it_as_text(visited: Page) -> None:
    visited.goto("/queue/")
    visited.keyboard.press("Control+k")
    visited.get_by_role("combobox", name="Find a run").fill("evil")
    options = visited.get_by_role("option")
    wait_for(lambda: options.count() >= 3, within=15, what="runs, workers and views in the palette")
    expect(options.filter(has_text=re.compile("^<img src=")).first).to_be_visible()
    assert made(visited) == [], "palette"
