"""What is done to many runs from the runs page, in a browser; and what Back shows."""

import json
from typing import Any
from urllib.parse import parse_qs

from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import picture
from tests.browser.runs_table import SWEEP, filtered, rows


def test_a_long_action_goes_on_by_itself_and_says_how_far_it_is(page: Page) -> None:
    asked: list[dict[str, list[str]]] = []

    def answer(route: Route) -> None:
        asked.append(parse_qs(route.request.post_data or ""))
        told: dict[str, Any] = {"word": "tagged x", "why": "it is gone", "refused": 1}
        told |= {"done": 5, "at": 6, "left": 3} if len(asked) == 1 else {"done": 2, "left": 0}
        route.fulfill(body=json.dumps(told), content_type="text/plain")

    page.route("**/runs/bulk", answer)
    page.goto(f"/runs/?size=100&q={SWEEP}")
    page.get_by_label("Select all on this page").check()
    bar = page.get_by_role("region", name="What is selected")
    bar.get_by_role("button", name="Tag", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tag").fill("x")
    dialog.get_by_role("button", name="Tag them").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-toast-said]")).to_have_text(
        "7 runs tagged x. 2 stayed as they were: it is gone"
    )
    assert [each["from"] for each in asked] == [["0"], ["6"]]


def test_all_that_match_are_those_the_table_counted(page: Page) -> None:
    """The preview keeps them, and what is sent later names these."""
    sent: list[dict[str, list[str]]] = []

    def answer(route: Route) -> None:
        sent.append(parse_qs(route.request.post_data or ""))
        told = {"done": 1, "word": "tagged x", "refused": 0, "why": "", "left": 0}
        route.fulfill(body=json.dumps(told), content_type="text/plain")

    page.route("**/runs/bulk", answer)
    page.goto(f"/runs/?q={SWEEP}")
    expect(rows(page)).to_have_count(9)
    # The page has room for all nine: a table that tells of one more offers the button.
    told = page.locator("[data-table-told]")
    told.evaluate("node => { node.dataset.runs = 10; }")
    page.get_by_label("Select all on this page").check()
    with page.expect_request("**/runs/ids.json*"):
        page.get_by_role("button", name="Select all 10 that match").click()
        page.evaluate("history.replaceState(null, '', '/runs/')")  # the address goes on meanwhile
    bar = page.get_by_role("region", name="What is selected")
    expect(bar).to_contain_text("all that match")
    with page.expect_response("**/runs/bulk.json*") as previewed:
        bar.get_by_role("button", name="Tag", exact=True).click()
    assert previewed.value.json()["runs"] == 9
    page.get_by_role("dialog").get_by_label("Tag").fill("x")
    page.get_by_role("button", name="Tag them").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert sent[0]["sel"] == [previewed.value.json()["sel"]]
    assert "all" not in sent[0]


def test_back_shows_the_whole_page_after_its_part_was_fetched(page: Page) -> None:
    page.goto("/runs/")
    filtered(page, SWEEP)  # the table alone comes under this very address
    expect(rows(page)).to_have_count(9)
    page.goto("/queue/")
    page.go_back()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(rows(page)).to_have_count(9)


def test_what_is_archived_is_named_shown_and_brought_back(page: Page) -> None:
    page.goto(f"/runs/?q={SWEEP}")
    rows(page).first.get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="What is selected")
    expect(bar.get_by_role("button", name="Bring back from the archive")).to_be_hidden()
    bar.get_by_role("button", name="Archive", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("archives 1 run: lists leave them out")
    dialog.get_by_role("button", name="Archive them").click()
    expect(rows(page)).to_have_count(8)
    expect(page.get_by_label("Select all on this page")).to_be_focused()  # the bar is gone
    note = page.locator("[data-archived-too]")
    expect(note).to_contain_text("1 archived run matches too")
    picture(page, "archived-too")
    note.get_by_role("link", name="show").click()
    expect(rows(page)).to_have_count(9)
    expect(page.get_by_label("Select all on this page")).to_be_focused()  # so is the link
    rows(page).filter(has_text="archived").get_by_role("checkbox").check()
    picture(page, "archived-shown")
    assert violations(page) == []
    bar.get_by_role("button", name="Bring back from the archive").click()
    dialog.get_by_role("button", name="Bring them back").click()
    expect(rows(page).filter(has_text="archived")).to_have_count(0)
    expect(rows(page)).to_have_count(9)
