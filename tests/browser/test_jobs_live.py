"""A person with a browser: submits, watches, cancels, and never reloads."""

import re
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import entered
from tests.e2e.programs import ROOT, Agent, Site, processes_with, wait_for

TRAINER = str(ROOT / "tests" / "e2e" / "trainer.py")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server with its background process for all of these."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.start_web()
    site.background.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def agent(site: Site) -> Iterator[Agent]:
    agent = Agent(site, "node", "--slots", "2")
    agent.start()
    yield agent
    agent.kill()


def submit(page: Page, site: Site, marker: str, arguments: str) -> int:
    """Fill in the form; the number of the job whose page opens."""
    page.get_by_role("link", name="Submit").click()
    page.get_by_label("Command").fill(f"{sys.executable} {TRAINER} {marker} {arguments}")
    page.get_by_label("Folder").fill(str(site.folder))
    page.get_by_role("button", name="Queue it").click()
    page.wait_for_url("**/runs/job-*/")
    return int(page.url.rstrip("/").rsplit("-", 1)[1])


def points_drawn(page: Page, key: str) -> int:
    """How many points the chart of one metric shows."""
    return int(
        page.evaluate(
            """key => {
                const plot = document.querySelector(`[data-key="${key}"] [data-plot]`);
                return Math.max(0, ...(plot?.data ?? []).map(trace => trace.x?.length ?? 0));
            }""",
            key,
        )
    )


def last_line(page: Page) -> int:
    """The number in the last line of the log that is on the screen."""
    shown = page.locator("[data-log-lines] .line").all_text_contents()
    told = [int(found[1]) for line in shown if (found := re.search(r"line (\d+) of", line))]
    return max(told, default=0)


def look_at(page: Page, tab: str) -> None:
    """Bring a part of the run's page onto the screen."""
    page.locator(f".run-tabs [data-tab-link={tab}]").click()


def test_a_job_from_the_form_draws_its_curve_and_its_log_while_it_runs_without_a_reload(
    site: Site, agent: Agent, chrome: Browser
) -> None:
    with entered(chrome, site) as page:
        enough, times = site.folder / "enough", site.folder / "times"
        job_id = submit(page, site, "watched", f"0 --until {enough} --times {times}")
        page.evaluate("window.neverReloaded = true")
        expect(page.locator("#head [data-state=running]")).to_be_visible(timeout=20_000)
        wait_for(lambda: points_drawn(page, "loss") > 1, within=20, what="a curve")
        points = points_drawn(page, "loss")
        wait_for(lambda: points_drawn(page, "loss") > points + 20, within=20, what="curve grows")
        look_at(page, "log")
        wait_for(lambda: last_line(page) > 0, within=20, what="lines")
        line = last_line(page)
        wait_for(lambda: last_line(page) > line + 20, within=20, what="log grows")
        assert site.job(job_id)["status"] == "running"

        enough.touch()
        expect(page.locator("#head [data-state=completed]")).to_be_visible(timeout=40_000)
        steps = len(times.read_text().splitlines())
        expect(page.locator("[data-log-lines]")).to_contain_text(f"line {steps - 1} of watched")
        look_at(page, "charts")
        exactly = min(steps, 500)  # more of them are thinned
        wait_for(lambda: points_drawn(page, "loss") >= exactly, within=10, what="every point drawn")
        assert page.evaluate("window.neverReloaded") is True


def test_cancelling_in_the_browser_kills_the_whole_tree_and_the_page_shows_it(
    site: Site, agent: Agent, chrome: Browser
) -> None:
    with entered(chrome, site) as page:
        job_id = submit(page, site, "cancelled-here", "0 --child")
        page.evaluate("window.neverReloaded = true")
        expect(page.locator("#head [data-state=running]")).to_be_visible(timeout=20_000)
        wait_for(
            lambda: len(processes_with("cancelled-here")) >= 2,
            within=20,
            what="child and grandchild",
        )

        page.locator("#head").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Cancel the job").click()

        asked_at = time.monotonic()
        grace = site.job(job_id)["grace_seconds"]
        wait_for(
            lambda: not processes_with("cancelled-here"),
            within=grace,
            what=lambda: f"tree gone\n{site.job(job_id)}\n{agent.said()}",
        )
        assert time.monotonic() - asked_at < grace
        expect(page.locator("#head [data-state=cancelled]")).to_be_visible(timeout=10_000)
        assert page.evaluate("window.neverReloaded") is True
        attempt = site.job(job_id)["attempts"][0]
        assert (attempt["status"], attempt["reason"]) == ("cancelled", "cancelled_by")


def test_comparing_two_runs_overlays_their_curves(
    site: Site, agent: Agent, chrome: Browser
) -> None:
    jobs = [site.submit(sys.executable, TRAINER, f"run-{lines}", str(lines)) for lines in (20, 40)]
    for job_id in jobs:
        site.wait_for(job_id, "completed", within=30)
    with entered(chrome, site) as page:
        page.goto(f"{site.url}/runs/")
        for job_id in jobs:
            page.locator("[data-row]", has=page.locator(f"a[href='/runs/job-{job_id}/']")).locator(
                "input[type=checkbox]"
            ).check()
        page.get_by_role("button", name="Compare").or_(
            page.get_by_role("link", name="Compare")
        ).click()
        page.wait_for_url("**/compare/**")
        drawn = """() => {
            const plot = document.querySelector('[data-key="loss"] [data-plot]');
            return (plot?.data ?? []).filter(trace => (trace.x?.length ?? 0) >= 20).length;
        }"""
        wait_for(lambda: page.evaluate(drawn) >= 2, within=20, what="two curves in one chart")
        page.locator("#config").scroll_into_view_if_needed()
        expect(page.locator("#config")).to_contain_text("lines")  # the key that differs
