"""The log viewer on a log of 200,000 lines: its end, any other line, search, folds, links, and what comes live."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, picture
from tests.browser.made_by_hand import HandMade
from tests.browser.settling import fits
from tests.e2e.programs import Site

LINES = 200_000
WARNED, GROUP, FAILED = 12_345, 150_000, 199_900
TRACE = [
    "Traceback (most recent call last):",
    '  File "train.py", line 118, in <module>',
    "    loss.backward()",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB",
]


@pytest.fixture(scope="session")
def long_log(site: Site) -> HandMade:
    """A run that failed after 200,000 lines; numbers in them are those of the lines."""
    lines = [
        f"step {number} loss 0.{number % 9973:04d} 4812 img/s" for number in range(1, LINES + 1)
    ]
    lines[WARNED - 1] = "\x1b[33mWARNING: gradient norm 13.2 was clipped to 1.0\x1b[0m"
    lines[GROUP - 1], lines[GROUP + 99] = "::group::Evaluation", "::endgroup::"
    lines[FAILED - 1 : FAILED + 3] = TRACE
    lines[-1] = "\r".join(f"shutting down {n} %" for n in range(0, 101, 20))
    run = HandMade(site, 0x106, name="long-log")
    run.lines("output.log", "\n".join(lines) + "\n")
    run.say_how_it_stands("failed")
    return run


def shown(page: Page) -> Locator:
    return page.locator("[data-log-lines]")


def line(page: Page, number: int) -> Locator:
    return page.locator(f"[data-log-lines] [data-line='{number}'].line")


def open_log(page: Page, run: HandMade, anchor: str = "") -> None:
    page.goto(f"/runs/{run.key}/?tab=log{anchor}")
    expect(page.locator("[data-log-size]")).to_contain_text("line")


def test_a_failed_run_opens_at_its_traceback_and_shows_only_what_is_in_view(
    page: Page, long_log: HandMade
) -> None:
    open_log(page, long_log)

    expect(page.locator("[data-log-size]")).to_contain_text("200,000 lines")
    expect(line(page, FAILED)).to_contain_text("Traceback")
    expect(line(page, FAILED)).to_be_in_viewport()
    expect(line(page, FAILED + 3)).to_be_in_viewport()
    assert shown(page).locator(".line").count() < 200
    page.locator("[data-log-end]").click()
    expect(line(page, LINES)).to_be_in_viewport()
    expect(line(page, LINES)).to_contain_text("shutting down 100 %")
    expect(page.locator("[data-log-follow]")).to_be_hidden()
    picture(page, "log-end")


def test_every_line_can_be_scrolled_to_and_few_are_kept(page: Page, long_log: HandMade) -> None:
    open_log(page, long_log, f"#L{LINES}")
    for share in (0.5, 0.1, 0.9, 0.3, 0):
        page.locator("[data-log-view]").evaluate(
            "(view, share) => { view.scrollTop = view.scrollHeight * share; }", share
        )
        number = max(1, round(LINES * share) + (20 if share else 0))
        expect(line(page, number)).to_contain_text(f"step {number} ")
    assert shown(page).locator(".line").count() < 200
    expect(page.locator("[data-log-view]")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("End")
    expect(line(page, LINES)).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(line(page, 1)).to_be_in_viewport()
    page.keyboard.press("PageDown")
    expect(line(page, 1)).not_to_be_in_viewport()
    page.keyboard.press("/")
    expect(page.locator("[data-log-search]")).to_be_focused()


def test_search_finds_a_line_anywhere_and_steps_through_hits(
    page: Page, long_log: HandMade
) -> None:
    open_log(page, long_log)
    field, told = page.locator("[data-log-search]"), page.locator("[data-log-told]")
    field.fill("GRADIENT norm")
    expect(told).to_have_text("1 of 1")
    expect(line(page, WARNED).locator("mark")).to_have_text("gradient norm")
    field.fill("step 1000 ")
    expect(line(page, 1000)).to_be_in_viewport()

    field.fill("loss 0.0007")
    expect(told).to_have_text(re.compile(r"of 21$"))
    first = int(told.inner_text().split()[0])
    field.press("Enter")
    expect(told).to_have_text(f"{first % 21 + 1} of 21")
    field.press("Shift+Enter")
    field.press("Shift+Enter")
    expect(told).to_have_text(f"{(first - 2) % 21 + 1} of 21")
    page.locator("[data-log-list]").click()
    hit = page.locator("[data-hit='7']")
    expect(hit).to_contain_text("step 6 loss 0.0006")
    hit.click()
    expect(line(page, 7)).to_be_in_viewport()
    picture(page, "log-search")


def test_hits_of_an_expression_and_errors_are_marked(page: Page, long_log: HandMade) -> None:
    open_log(page, long_log)
    field, told = page.locator("[data-log-search]"), page.locator("[data-log-told]")
    page.locator("[data-log-regex]").click()
    page.locator("[data-log-list]").click()
    field.fill(r"^step 19999\d\b")
    expect(told).to_have_text(re.compile("of 10$"))
    expect(shown(page).locator(".hit.current mark")).to_have_text(re.compile(r"^step 19999\d$"))
    expect(page.locator("[data-hit] mark").first).to_have_text("step 199990")
    field.fill("(")
    expect(told).to_contain_text("not a regular expression")
    field.fill("")
    page.locator("[data-log-errors]").click()
    expect(told).to_have_text(re.compile("of 2$"))
    assert violations(page) == []
    field.fill("step 1000 ")
    expect(page.locator("[data-log-errors]")).to_have_attribute("aria-pressed", "false")
    expect(line(page, 1000)).to_be_in_viewport()


def test_a_link_to_lines_is_made_by_clicks_and_leads_there(
    page: Page, long_log: HandMade, opened: Callable[..., Page]
) -> None:
    open_log(page, long_log, f"#L{WARNED}-L{WARNED + 2}")
    expect(line(page, WARNED)).to_be_in_viewport()
    expect(shown(page).locator(".chosen")).to_have_count(3)
    expect(page.locator("[data-log-chosen]")).to_contain_text("Lines 12,345 to 12,347")

    line(page, WARNED + 3).locator(".no").click()
    expect(page).to_have_url(re.compile(f"#L{WARNED + 3}$"))
    line(page, WARNED + 5).locator(".no").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(f"#L{WARNED + 3}-L{WARNED + 5}$"))
    other = opened()
    other.goto(page.url)
    expect(line(other, WARNED + 4)).to_be_in_viewport()
    expect(shown(other).locator(".chosen")).to_have_count(3)


def test_a_group_is_closed_until_it_is_opened_or_linked_into(
    page: Page, long_log: HandMade
) -> None:
    open_log(page, long_log, f"#L{GROUP - 3}")
    head = line(page, GROUP)
    expect(head).to_contain_text("Evaluation")
    expect(line(page, GROUP + 101)).to_be_in_viewport()
    expect(line(page, GROUP + 1)).to_have_count(0)
    head.locator(".fold").click()
    expect(line(page, GROUP + 1)).to_contain_text(f"step {GROUP + 1} ")
    head.locator(".fold").press("Enter")
    expect(line(page, GROUP + 1)).to_have_count(0)
    page.evaluate(f"location.hash = '#L{GROUP + 50}'")
    expect(line(page, GROUP + 50)).to_be_in_viewport()

    page.locator("[data-log-menu] summary").click()
    page.locator("[data-log-times]").select_option("local")
    for name in ("wrap", "raw", "larger"):
        page.locator(f"[data-log-{name}]").click()
        expect(line(page, GROUP + 50)).to_be_in_viewport()
    expect(line(page, GROUP + 50).locator(".at")).to_have_text(re.compile(r"^20\d\d-"))


def test_the_reader_chooses_wrap_raw_times_and_size_and_they_stay(
    page: Page, long_log: HandMade
) -> None:
    open_log(page, long_log, f"#L{LINES}")
    expect(line(page, LINES).locator(".text")).to_have_text("shutting down 100 %")
    line(page, LINES).locator(".chip").click()
    expect(shown(page).locator(".state")).to_have_count(6)
    page.locator("[data-log-menu] summary").click()
    page.locator("[data-log-raw]").check()
    expect(line(page, LINES)).to_contain_text("shutting down 0 %␍shutting down 20 %")
    page.locator("[data-log-times]").select_option("utc")
    expect(line(page, LINES).locator(".at")).to_have_text(re.compile(r"^20\d\d-.*Z$"))
    page.locator("[data-log-wrap]").check()
    page.locator("[data-log-larger]").click()
    page.locator("[data-log-line]").fill("777")
    page.locator("[data-log-line]").press("Enter")
    expect(line(page, 777)).to_be_in_viewport()
    page.reload()
    expect(line(page, 777)).to_be_in_viewport()
    expect(page.locator("[data-log-raw]")).to_be_checked()
    expect(page.locator("[data-log-view]")).not_to_have_class(re.compile("no-wrap"))


def test_what_comes_is_followed_until_the_reader_scrolls_up(page: Page, site: Site) -> None:
    run = HandMade(site, 0x107, name="live-log")
    run.lines("output.log", "".join(f"line {n}\n" for n in range(1, 1001)))
    open_log(page, run)
    follow, end = page.locator("[data-log-follow]"), page.locator("[data-log-end]")
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(line(page, 1000)).to_be_in_viewport()

    run.lines("output.log", "".join(f"line {n}\n" for n in range(1001, 1201)) + "half a li")
    expect(line(page, 1201)).to_have_text("1,201half a li")
    expect(line(page, 1201)).to_be_in_viewport()
    run.lines("output.log", "ne\nlast\n")
    expect(line(page, 1201)).to_contain_text("half a line")
    expect(line(page, 1202)).to_be_in_viewport()

    page.locator("[data-log-view]").hover()
    page.mouse.wheel(0, -400)
    expect(follow).to_have_attribute("aria-pressed", "false")
    expect(end).to_have_text("Jump to the end")
    run.lines("output.log", "".join(f"more {n}\n" for n in range(312)))
    expect(end).to_have_text("Jump to the end · 312 new lines")
    end.click()
    expect(line(page, 1514)).to_contain_text("more 311")
    expect(line(page, 1514)).to_be_in_viewport()

    field, told = page.locator("[data-log-search]"), page.locator("[data-log-told]")
    field.fill("more 311")
    expect(told).to_have_text("1 of 1")
    run.lines("output.log", "more 311 again\n")
    expect(page.locator("[data-log-size]")).to_contain_text("1,515 lines")
    field.press("Enter")
    expect(told).to_have_text("2 of 2")
    expect(line(page, 1515)).to_be_in_viewport()
    picture(page, "log-grown")


def test_more_than_a_push_carries_is_caught_up_with(page: Page, site: Site) -> None:
    """A megabyte at once: the end is shown, and the lines that were passed over are there when looked at."""
    run = HandMade(site, 0x108, name="fast-log")
    run.lines("output.log", "begin\n")
    open_log(page, run)
    expect(line(page, 1)).to_be_in_viewport()
    run.lines("output.log", "".join(f"fast line {n}\n" for n in range(2, 60_001)))
    expect(line(page, 60_000)).to_contain_text("fast line 60000")
    page.locator("[data-log-view]").evaluate("view => { view.scrollTop = view.scrollHeight / 2; }")
    expect(line(page, 30_020)).to_contain_text("fast line 30020")


def test_hostile_output_makes_no_element_and_sends_no_request(page: Page, site: Site) -> None:
    run = HandMade(site, 0x109, name="hostile-log")
    evil = "<img src=/evil onerror=fetch('/evil')><script>fetch('/evil')</script>"
    lines = [
        evil, f"\x1b[31m{evil}\x1b[0m", f"\x1b]8;;javascript:fetch('/evil')\x07{evil}\x1b]8;;\x07",
        f"::group::{evil}", evil, "::endgroup::", f"--- {evil}", f"{evil}\r{evil}", "\x1b[2J\x1bc\x00" + evil,
        f"Traceback (most recent call last):\nEvilError: {evil}",
    ]  # fmt: skip
    run.lines("output.log", "\n".join(lines))
    run.say_how_it_stands("failed")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_log(page, run)
    expect(line(page, 11)).to_contain_text("EvilError: <img")
    page.locator("[data-log-search]").fill("<img")
    expect(page.locator("[data-log-told]")).to_have_text(re.compile(r"of 9$"))
    page.locator("[data-log-list]").click()
    expect(page.locator("[data-hit]").first).to_contain_text("<script>")
    assert page.locator("#log").locator("img, script, a[href^=javascript]").count() == 0
    assert not [url for url in asked if url.endswith("/evil")]


def test_the_log_reads_well_on_a_desk_and_on_a_phone(
    opened: Callable[..., Page], long_log: HandMade
) -> None:
    for viewport, theme in ((DESK, "light"), (PHONE, "dark")):
        page = opened(viewport=viewport, color_scheme=theme, reduced_motion="reduce")
        open_log(page, long_log, f"#L{WARNED}")
        expect(line(page, WARNED)).to_be_in_viewport()
        assert page.locator("[data-log-tools]").evaluate("(tools) => tools.offsetHeight") < 64
        # What names the chosen lines stands above the list, which makes room for it a frame later.
        below = "() => document.querySelector('[data-log-view]').getBoundingClientRect().bottom < innerHeight + 1"
        page.wait_for_function(below)
        picture(page, f"log-{viewport['width']}-{theme}")
        assert violations(page) == []
        fits(page)
