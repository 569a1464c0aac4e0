"""The menu of saved views by itself, with a server that is made up: what it offers, asks for and sends."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.modules import HOST, empty_page

MENU = """async (project) => {
  const views = [
    { id: 1, name: "<b>ours</b>", mine: true, owner: "me", project: "Vision", visibility: "project", is_default: true,
      query: "q=project%3AVision&smooth=ema:0.9" },
    { id: 2, name: "of all", mine: false, owner: "ada", project: "", visibility: "project", is_default: false,
      query: "" },
  ].filter((view) => project || !view.project);
  const sent = [];
  window.fetch = async (url, options = {}) => {
    const path = url.toString();
    sent.push([path.split("?")[0], Object.fromEntries(new URLSearchParams(options.body ?? path.split("?")[1]))]);
    return Response.json({ views, elsewhere: project ? 0 : 2 });
  };
  history.replaceState(null, "", `/empty?q=project%3AVision&view=1`);
  document.body.innerHTML = `
    <button data-views-open data-saved="q=project%3AVision&smooth=ema:0.9&view=1">Views</button>
    <a href="#" data-reset-view>Reset</a><span data-changed></span>
    <div popover data-views-menu><div data-views-list></div><div data-view-verbs></div>
      <button data-view-save></button></div>
    <dialog data-save-view><form><h2></h2><p data-save-project></p><input data-save-name>
      <fieldset><input type="radio" name="visibility" value="private" checked></fieldset>
      <p data-save-wrong></p><button value="yes"></button></form></dialog><div data-toasts></div>`;
  document.querySelector("[data-views-open]").dataset.project = project;
  const { Views } = await import("/runs/views.js");
  const menu = new Views({ table: { load() {} } });
  const texts = (selector) => [...menu.menu.querySelectorAll(selector)].map((node) => node.textContent);
  await menu.fill();
  const changed = !document.querySelector("[data-changed]").hidden;
  document.querySelector("[data-reset-view]").click();
  const told = { lines: texts("[data-views-list] > *"), verbs: texts("[data-view-verbs] > *"), changed,
    reset: location.search, asked: sent[0][1], sent };
  const submit = { submitter: { value: "yes" }, preventDefault() {}, target: menu.dialog.querySelector("form") };
  for (const view of [null, views[0]]) {
    menu.ask(view);
    told.place ??= menu.dialog.querySelector("[data-save-project]").textContent;
    menu.dialog.querySelector("[data-save-name]").value = "new";
    await menu.save(submit);
  }
  return told;
}"""

COMPARE = """async () => {
  const view = { id: 1, name: "ours", mine: true, owner: "me", project: "", visibility: "private", query: "runs=a" };
  const views = [view, { ...view, id: 2, name: "made" }];
  window.fetch = async (url) =>
    `${url}`.includes("/2/") ? new Response("no", { status: 403 }) : Response.json({ views, elsewhere: 0 });
  document.body.innerHTML = `
    <button data-views-open data-saved="runs=a&view=1">Views</button>
    <div popover data-views-menu><div data-views-list></div><div data-view-verbs></div>
      <button data-view-save>Save this view</button></div>
    <dialog data-save-view><form><h2></h2><p data-save-project></p><input data-save-name>
      <fieldset><input type="radio" name="visibility" value="private" checked></fieldset>
      <p data-save-wrong></p><button value="yes">Save</button></form></dialog>
    <div data-toast hidden><span data-toast-said></span><span data-toast-detail></span></div>`;
  await import("/compare/views.js");
  return [document.querySelector("[data-toast-said]").textContent,
    document.activeElement.matches("[data-views-open]"), location.search];
}"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def sent_to(told: dict[str, Any], address: str) -> Any:
    return next(fields for path, fields in told["sent"] if path == address)


def test_the_menu_of_a_project_says_whose_each_view_is_and_saves_into_it(page: Page) -> None:
    told = page.evaluate(MENU, "vision")
    assert told["asked"] == {"page": "runs", "project": "vision", "view": "1"}
    assert told["lines"] == [
        "<b>ours</b>project Vision, default, shared",
        "of allall projects, shared, ada",
    ]
    assert told["verbs"] == [
        "Save changes to “<b>ours</b>”",
        "Rename it …",
        "Keep it to myself",
        "No longer the default of Vision",
        "Delete it",
    ]
    assert "the project vision" in told["place"]
    saved = sent_to(told, "/views")
    assert (saved["project"], saved["name"], saved["visibility"]) == ("vision", "new", "private")
    assert sent_to(told, "/views/1/change")["name"] == "new"


def test_reset_brings_back_the_whole_saved_address_charts_too(page: Page) -> None:
    told = page.evaluate(MENU, "vision")
    assert told["changed"]
    assert told["reset"] == "?q=project%3AVision&view=1&smooth=ema%3A0.9"


def test_without_a_project_the_menu_says_that_projects_have_views(page: Page) -> None:
    told = page.evaluate(MENU, "")
    assert told["lines"] == [
        "of allshared, ada",
        "2 more in projects: filter by project:… to see them.",
    ]
    assert (told["verbs"], sent_to(told, "/views")["project"]) == ([], "")


def test_what_the_scripts_write_is_the_same_page_when_it_is_loaded_again(page: Page) -> None:
    """An address that says nothing, or nothing but a project, opens the default."""
    told = page.evaluate("""async () => {
      const { addRule, onChange, set } = await import("/urlstate.js");
      const { stay } = await import("/runs/views.js");
      const [written, heard] = [[], []];
      addRule(stay);
      const unheard = onChange((names) => heard.push([...names].join()));
      history.replaceState(null, "", "/empty?q=project%3Avision&sort=name&view=7");
      const begin = [{ view: null }, { sort: null }, { view: null }];
      for (const changes of [...begin, { q: "tag:a" }, { q: null }, { agg: "none" }]) {
        set(changes);
        written.push(location.search);
      }
      unheard();
      return { written, heard };
    }""")
    assert told["written"] == [
        "?q=project%3Avision&sort=name",
        "?q=project%3Avision&view=none",
        "?q=project%3Avision&view=none",
        "?q=tag%3Aa",
        "?view=none",
        "?agg=none",
    ]
    assert told["heard"] == ["view", "sort", "q", "q", "agg"]


def test_what_was_done_to_a_view_of_compare_is_said_when_the_page_came_anew(page: Page) -> None:
    def chosen(verb: str, name: str = "") -> Any:
        """What the page says after this, where the focus is, and its address; and again when it is loaded once more."""
        with page.expect_event("load"):  # another address alone would be a navigation, too
            page.locator("[data-views-open]").click()
            page.get_by_role("button", name=verb).click()
            if name:
                page.locator("[data-save-name]").fill(name)
                page.get_by_role("button", name="Save", exact=True).click()
        return page.evaluate(COMPARE)

    page.goto(f"{HOST}/empty?runs=a&view=1")
    assert page.evaluate(COMPARE) == ["", False, "?runs=a&view=1"]
    assert chosen("Share it") == ["Everybody sees it now.", True, "?runs=a&view=1"]
    assert chosen("Rename it", "mine")[:2] == ["It is called “mine” now.", True]
    told = chosen("Save this view", "made")
    assert told == ["Saved as “made”.", True, "?runs=a&view=2"]
    page.locator("[data-views-open]").click()
    page.get_by_role("button", name="Share it").click()  # refused: nothing comes anew
    expect(page.locator("[data-toast-said]")).not_to_have_text("Saved as “made”.")
    page.reload()
    assert page.evaluate(COMPARE)[:2] == ["", False]
