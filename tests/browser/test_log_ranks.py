"""The log of a job of several ranks, one of them alone."""

from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import picture
from tests.browser.made_by_hand import HandMade
from tests.browser.test_log import line, open_log, shown
from tests.e2e.programs import Site


def found_once(page: Page, text: str) -> None:
    field = page.locator("[data-log-search]")
    field.fill(text)
    expect(page.locator("[data-log-told]")).to_have_text("1 of 1")
    field.press("Escape")
    page.locator("[data-log-view]").focus()


def test_one_rank_of_several_is_shown_alone_searched_and_followed(page: Page, site: Site) -> None:
    """20,000 lines of two ranks, and far apart two of a third one."""
    lines = [f"[rank{n % 2}]: step {n}" for n in range(1, 20_001)]
    lines[0], lines[4_999], lines[14_999] = "launching", "[rank7]: ERROR one", "[rank7]: two"
    run = HandMade(site, 0x10D, name="ranks")
    run.lines("output.log", "\n".join(lines) + "\n")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    open_log(page, run)
    choice = page.locator("[data-log-rank-choice]")
    choice.get_by_text("7", exact=True).click()
    expect(shown(page).locator(".line .text")).to_have_text(["[rank7]: ERROR one", "[rank7]: two"])
    expect(page.locator("[data-log-rank-note]")).to_have_text("2 of 20,000 lines")
    assert sum("/log/lines" in url for url in asked) < 12  # of 40 pages of lines
    picture(page, "log-rank-of-few-lines")

    run.lines("output.log", "[rank0]: on\n[rank7]: three\n")
    expect(line(page, 20_002)).to_have_text("20,002[rank7]: three")
    found_once(page, "one")

    choice.get_by_text("1", exact=True).click()
    page.keyboard.press("Home")
    expect(line(page, 3)).to_be_in_viewport()
    page.reload()
    expect(choice.get_by_text("1", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(line(page, 19_999)).to_be_in_viewport()
    picture(page, "log-rank")
    assert violations(page) == []
    page.goto(page.url + "#L10000")  # of rank 0
    expect(line(page, 10_000)).to_be_in_viewport()
    expect(choice.get_by_text("all ranks")).to_have_attribute("aria-pressed", "true")
