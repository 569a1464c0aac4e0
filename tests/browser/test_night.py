"""The overview and what belongs to it, in a browser: how the night went, its timeline, arrays, the queue, demo data."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import PHONE, picture
from tests.browser.settling import settled
from tests.browser.watching import Watched
from tests.e2e.programs import Site


def test_the_overview_tells_what_happened_and_why(page: Page) -> None:
    page.goto("/?since=12h")
    digest = page.locator("#digest")
    expect(digest.locator(".headline")).to_contain_text("failed")
    expect(digest).to_contain_text("CUDA out of memory")
    expect(digest).to_contain_text("lost with a worker")
    expect(page.locator("[data-idle]")).to_contain_text("idle on gpu-a though")
    names = page.locator("#running a.name")
    assert (
        names.evaluate_all("all => all.filter((name) => name.scrollWidth > name.clientWidth)") == []
    )
    picture(page, "night-overview")


def test_what_was_marked_as_seen_is_no_news(page: Page) -> None:
    page.goto("/?since=12h")
    page.click("#mark-seen")
    expect(page.locator("#digest h2")).to_have_text("Since you last looked")
    expect(page.locator("#digest .headline")).to_contain_text("Nothing ended")


def test_the_timeline_is_walked_by_keys_and_read_as_a_table(page: Page) -> None:
    page.goto("/timeline/?from=12h")
    lanes = page.locator("[data-timeline]")
    expect(lanes.locator("a.bar[tabindex='0']")).to_have_count(1)
    lanes.locator("a.bar[tabindex='0']").focus()
    page.keyboard.press("Home")
    told = page.locator("[data-bar-told]")
    first = page.evaluate("document.activeElement.getAttribute('aria-label')")
    expect(told).to_have_text(first)
    beside = """() => {
      const [bar, told] = [document.activeElement.querySelector("rect"), document.querySelector("[data-bar-told]")];
      const [at, box] = [bar.getBoundingClientRect(), told.getBoundingClientRect()];
      const near = Math.min(Math.abs(box.top - at.bottom), Math.abs(at.top - box.bottom)) < 12;
      return near && box.left <= at.left + 2 && box.right > at.left;
    }"""
    assert page.evaluate(beside)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.matches('a.bar')")
    page.locator("a.bar.is-failed").first.hover()
    expect(told).to_contain_text("failed")
    page.locator("#timeline-table summary").click()
    expect(page.get_by_role("table")).to_contain_text("attempt 2")
    assert violations(page) == []
    page.locator("a.bar.is-failed").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/runs/job-"))


def test_an_array_says_what_is_best_and_retries_what_failed(page: Page) -> None:
    page.goto("/arrays/")
    page.get_by_role("link", name="lr-sweep").first.click()
    best = page.get_by_label("Best so far")
    expect(best).to_contain_text("min of val/loss")
    page.select_option("#array-goal", "max")
    page.click("#array-choose")
    expect(best).to_contain_text("max of val/loss")
    late: list[Route] = []
    part = re.compile("/arrays/1/")
    page.route(part, lambda route: late.append(route), times=1)
    with page.expect_request(part):
        page.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
    page.click("#retry-failed")
    expect(page.locator("#confirm-text")).to_contain_text("queues 1 failed job again, as a new one")
    with page.expect_response(part):
        late[0].continue_()  # the button that asks must not be swapped away below the question
    page.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
    page.get_by_role("button", name="Retry what failed").click()
    expect(page.locator("#retry-failed")).to_have_count(0, timeout=20_000)
    expect(page.get_by_label("Progress")).to_contain_text("2")
    assert violations(page) == []


def test_chosen_jobs_are_changed_after_it_was_said_what_that_does(page: Page, site: Site) -> None:
    def chosen() -> None:
        for number in range(2):
            row = page.locator("[data-row]", has_text=f"doomed {number}").last
            row.locator("[data-choose]").check()

    bar, sure = page.locator("[data-chosen-jobs]"), page.locator("#confirm")
    for number in range(2):
        told = {"command_argv": ["true"], "workdir": "/", "name": f"doomed {number}", "gpus": 99}
        site.client.post("/api/v1/jobs", json=told, headers=bearer(site)).raise_for_status()
    page.goto("/queue/")
    chosen()
    expect(page.locator("[data-chosen-count]")).to_have_text("2 chosen")
    page.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
    settled(page)
    expect(page.locator("[data-chosen-count]")).to_have_text("2 chosen")
    bar.get_by_label("Priority of the chosen jobs").fill("-7")
    page.keyboard.press("Enter")
    expect(sure).to_contain_text("gives 2 waiting jobs the priority -7")
    sure.get_by_role("button", name="Set their priority").click()
    expect(bar).to_be_hidden()  # with the answer, which lets go of all that were chosen
    expect(page.get_by_text("priority -7").first).to_be_visible()
    chosen()
    bar.get_by_role("button", name="Cancel").click()
    expect(sure).to_contain_text("2 waiting jobs never start")
    sure.get_by_role("button", name="Cancel them").click()
    expect(page.get_by_text("doomed 0")).to_have_count(0)
    expect(bar).to_be_hidden()


def test_holding_and_another_priority_happen_in_place(page: Page, site: Site) -> None:
    told = {"command_argv": ["true"], "workdir": "/", "name": "movable", "gpus": 99}
    made = site.client.post("/api/v1/jobs", json=told, headers=bearer(site)).json()
    row = page.locator(f"#row-{made['job_id']}")
    page.goto("/queue/")
    row.get_by_role("button", name="Hold").click()
    expect(row.get_by_role("button", name="Release")).to_be_visible()
    expect(row.locator("[data-state=held]")).to_be_visible()
    row.locator("input[name=priority]").fill("7")
    row.locator("input[name=priority]").press("Enter")
    expect(page.locator("[data-toast]")).to_contain_text("has priority 7")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
    expect(row).to_contain_text("priority 7")
    site.client.post(f"/api/v1/jobs/{made['job_id']}/cancel", headers=bearer(site))


def test_workers_show_their_last_hour_and_who_else_computes_there(
    opened: Callable[..., Page],
) -> None:
    page = opened(viewport=PHONE, color_scheme="dark")
    page.goto("/workers/")
    card = page.get_by_label("gpu-a", exact=True).first
    expect(card.locator(".spark polyline").first).to_be_visible()
    expect(page.get_by_role("table", name=re.compile("")).first).to_contain_text("bob")
    expect(page.locator("#timeline a.bar").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    beyond = """() => {
      for (const each of document.querySelectorAll(".gauges > .num")) each.textContent = "84 °C · 250 W";
      for (const each of document.querySelectorAll(".gauges > div + div dd")) each.textContent = "74.5 / 79.6 GiB";
      const right = (each) => each.getBoundingClientRect().right;
      const within = (each, around) => right(each) <= right(each.closest(around));
      return [...document.querySelectorAll(".device, .gauges dd, .gauges > .num")]
        .filter((each) => !within(each, each.matches(".device") ? ".devices" : ".gauges")).length;
    }"""
    assert page.evaluate(beyond) == 0


def bearer(site: Site) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.secret}"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server on which nothing ever ran."""
    site = Site(tmp_path_factory.mktemp("fresh"))
    site.start_web()
    yield site
    site.stop()


def test_a_new_server_is_learnt_step_by_step_and_looked_at_with_demo_data(
    chrome: Browser, fresh: Site
) -> None:
    context = chrome.new_context(base_url=fresh.url)
    page = context.new_page()
    watched = Watched(page, fresh.url)
    page.goto(f"/enter#{fresh.secret}")
    page.wait_for_url(f"{fresh.url}/")
    steps = page.get_by_label("First steps", exact=True)
    expect(steps).to_contain_text("0 of 4 done")
    expect(steps).to_contain_text(f"export WHIRR_SERVER_URL={fresh.url}")
    assert violations(page) == []
    picture(page, "night-fresh")

    page.locator("#make-demo").first.click()
    expect(page.locator("[data-demo]")).to_contain_text(
        "30 runs here are demo data", timeout=20_000
    )
    expect(page.locator("#digest")).to_contain_text("CUDA out of memory")
    expect(page.locator("#timeline a.bar.is-lost").first).to_be_visible(timeout=20_000)
    picture(page, "night-demo")
    page.click("#remove-demo")
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.locator("[data-demo]")).to_have_count(0, timeout=20_000)
    expect(steps).to_contain_text("0 of 4 done", timeout=20_000)

    told = {"worker_id": "gpu-new", "hostname": "gpu-new", "gpus": [], "slots": 1, "session": "s"}
    answer = fresh.client.post("/api/v1/workers/register", json=told, headers=bearer(fresh))
    answer.raise_for_status()
    expect(steps).to_contain_text("2 of 4 done")
    expect(steps).to_contain_text("gpu-new online")
    watched.collect()
    assert watched.complaints == []
    context.close()
    assert Path(fresh.data).exists()
