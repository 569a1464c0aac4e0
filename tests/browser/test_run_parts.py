"""Parts of a run's page that scripts change and fetch anew: nothing in them is lost, and none stays empty."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.made_by_hand import HandMade
from tests.e2e.programs import Site

AGAIN = "document.dispatchEvent(new Event('whirr:refresh'))"


@pytest.fixture(scope="module")
def kept(site: Site) -> HandMade:
    """A run with notes, a tag, a nested config, and more files than a list shows at first."""
    run = HandMade(site, 0xB1, name="kept", tags=["old"])
    site.call("PATCH", f"/api/v1/runs/{run.key}", json={"notes": "what it *is*"})
    run.document("config.json", json.dumps({"model": {"width": 64, "depth": 3}, "seed": 1}))
    for name in ("a/one.txt", "b/two.txt"):
        run.artifact(name, name.encode())
    return run


def test_an_editor_can_be_opened_and_left_again_and_again(page: Page, kept: HandMade) -> None:
    page.goto(f"/runs/{kept.key}/")
    for _ in range(3):
        page.get_by_role("button", name="Edit", exact=True).click()
        expect(page.get_by_label("Notes, in Markdown")).to_have_value("what it *is*")
        with page.expect_response(f"**/runs/{kept.key}/notes"):
            page.locator("#notes").get_by_role("button", name="Cancel").click()
        expect(page.locator("[data-notes-shown] em")).to_have_text("is")
        page.get_by_role("button", name="Edit tags").click()
        with page.expect_response(f"**/runs/{kept.key}/head*"):
            page.get_by_role("button", name="Done").click()
        expect(page.locator("#head a.tag")).to_have_text("old")


def test_a_part_that_could_not_be_loaded_can_be_asked_for_again(
    page: Page, kept: HandMade, forgiven: list[str]
) -> None:
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    forgiven += ["ERR_FAILED", "htmx:sendError", "htmx:afterRequest"]
    page.route("**/artifacts", refuse)
    page.goto(f"/runs/{kept.key}/?tab=artifacts")
    panel = page.locator("[data-tab-panel=artifacts]")
    again = panel.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    again.click()
    expect(panel.locator("[data-file]")).to_have_count(2)
    expect(again).to_have_count(0)


def test_what_is_looked_for_and_folded_stays_while_parts_come_anew(
    page: Page, kept: HandMade
) -> None:
    page.goto(f"/runs/{kept.key}/")
    page.get_by_label("Find in the config").fill("seed")
    page.locator("#more summary").filter(has_text="Config").focus()
    kept.document("config.json", json.dumps({"new": 2}))
    with page.expect_response(f"**/runs/{kept.key}/more*"):
        page.evaluate(AGAIN)
    expect(page.locator("[data-leaf=new]")).to_be_hidden()
    expect(page.get_by_label("Find in the config")).to_have_value("seed")
    expect(page.locator("#more [data-leaf]:visible")).to_have_count(1)

    page.locator("[data-tab-link=artifacts]").first.click()
    page.locator(".tree-of-files summary").filter(has_text="a").first.click()
    expect(page.locator("[data-file='a/one.txt']")).to_be_hidden()
    kept.artifact("c.txt", b"new")
    page.evaluate(AGAIN)
    expect(page.locator("[data-file='c.txt']")).to_be_visible()
    expect(page.locator("[data-file='a/one.txt']")).to_be_hidden()
    field = page.get_by_label("Find a file")
    field.fill("two")
    expect(page.locator("[data-file]")).to_have_count(1)
    kept.artifact("d.txt", b"new")
    with page.expect_response("**/artifacts?find=two"):
        page.evaluate(AGAIN)
    expect(field).to_have_value("two")
    expect(page.locator("[data-file]")).to_have_count(1)


def test_a_search_for_files_outlives_a_list_that_was_on_its_way(page: Page, kept: HandMade) -> None:
    """Which is answered first, and is of all files; nothing more is asked for."""
    late: list[Route] = []
    held = True

    def hold(route: Route) -> None:
        if held:
            late.append(route)
        else:
            route.continue_()

    lists = re.compile(r"/artifacts\?find=")
    page.goto(f"/runs/{kept.key}/?tab=artifacts")
    expect(page.locator("[data-file='a/one.txt']")).to_be_visible()
    page.route(lists, hold)
    with page.expect_request(lists):
        page.evaluate(AGAIN)
    page.evaluate("""() => { window.searched = new Promise((done) => {
      document.addEventListener("htmx:confirm", ({ target }) => target.name === "find" && done());
    }); }""")
    page.get_by_label("Find a file").fill("two")
    page.evaluate("async () => { await window.searched; }")
    held = False
    with page.expect_response(lambda answer: answer.url.endswith("?find=")):
        late.pop(0).continue_()
    for each in late:
        each.continue_()
    expect(page.locator("[data-file]")).to_have_count(1)
    expect(page.locator("[data-file='b/two.txt']")).to_be_visible()


def test_back_leads_to_the_file_before_and_a_link_to_any_of_them(
    page: Page, kept: HandMade
) -> None:
    def shorten(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace('data-file="b/two.txt"', "")
        route.fulfill(response=answer, body=body)

    page.route("**/artifacts", shorten)  # as if it came behind the last file that is listed
    page.goto(f"/runs/{kept.key}/?tab=artifacts&file=b/two.txt")
    shown = page.locator("[data-preview-of]")
    expect(shown).to_have_attribute("data-preview-of", "b/two.txt")
    expect(page.locator("[data-file='b/two.txt']")).to_have_count(0)
    page.locator("[data-file='a/one.txt']").click()
    expect(shown).to_have_attribute("data-preview-of", "a/one.txt")
    page.go_back()
    expect(shown).to_have_attribute("data-preview-of", "b/two.txt")
    page.go_forward()
    expect(page.locator("[data-file='a/one.txt']")).to_have_attribute("aria-current", "true")
    expect(shown).to_have_attribute("data-preview-of", "a/one.txt")


def _read_anew_while_tags_are_edited(page: Page, site: Site, key: str) -> None:
    """What was on its way when the editor opened must not take it away."""
    late: list[Route] = []
    head = re.compile(f"/runs/{key}/head")
    # Once: the server tells of the change, too, and what is asked for then goes through.
    page.route(head, lambda route: late.append(route), times=1)
    site.call("PATCH", f"/api/v1/runs/{key}", json={"tags": ["old", "older"]})
    with page.expect_request(head):
        page.evaluate("() => htmx.trigger('#head', 'refresh')")
    page.get_by_role("button", name="Edit tags").click()
    with page.expect_response(head):
        late[0].continue_()


def test_name_and_tags_change_where_they_stand_and_everybody_sees_it(
    opened: Callable[..., Page], site: Site
) -> None:
    key = HandMade(site, 0xA2, name="before", tags=["old"]).key
    page, other = opened(), opened()
    for each in (page, other):
        each.goto(f"/runs/{key}/")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the run").fill("after")
    page.keyboard.press("Enter")
    expect(page.locator("#head h1")).to_have_text("after")
    _read_anew_while_tags_are_edited(page, site, key)
    expect(page.locator("#known-tags option[value=sweep]")).to_have_count(1)
    page.get_by_label("New tag").fill("fresh tag")
    patch = f"**/api/v1/runs/{key}"
    slow: list[Route] = []
    page.route(patch, lambda route: slow.append(route), times=1)
    with page.expect_request(patch):
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove old").click()  # before the first change is answered
    expect(page.get_by_role("button", name="Remove fresh tag")).to_be_visible()
    slow[0].continue_()
    expect(page.locator(".edit-tags .tag")).to_have_count(1)
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#head a.tag")).to_have_text("fresh tag")
    expect(page.locator("#head a.tag")).to_have_attribute(
        "href", "/runs/?q=tag%3A%22fresh%20tag%22"
    )
    expect(other.locator("#head h1")).to_have_text("after")
    expect(other.locator("#head a.tag")).to_have_text("fresh tag")
