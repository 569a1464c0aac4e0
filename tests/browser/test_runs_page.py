"""The runs page in a browser: what people click and type changes the table, and the address says all of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.runs_table import SWEEP, filtered, header, rows, said, says


@pytest.fixture
def runs(page: Page) -> Page:
    page.goto("/runs/")
    expect(rows(page).first).to_be_visible()
    return page


def test_the_filter_completes_and_says_where_it_is_wrong(runs: Page) -> None:
    box = runs.get_by_role("combobox", name="Filter")
    box.fill("stat")  # at once: offers for a part of it would be replaced amid the next keys
    runs.get_by_role("option", name=re.compile("^state")).first.wait_for()
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    active = runs.locator("[role=option][aria-selected=true]")
    expect(box).to_have_attribute("aria-activedescendant", active.get_attribute("id") or "")
    box.press("Enter")
    expect(box).to_have_value(re.compile("^state"))
    box.fill(f"{SWEEP} state:failed")
    box.press("Enter")
    says(runs, q=f"{SWEEP} state:failed")
    expect(rows(runs)).to_have_count(1)
    box.fill("tag:sweep AND (lr>0.02")
    box.press("Enter")
    wrong = runs.locator("#filter-error")
    expect(wrong).to_be_visible()
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(runs.locator("[data-filter-mirror] mark")).to_have_count(1)
    picture(runs, "runs-error")
    runs.get_by_role("link", name="Clear the filter").click()
    says(runs, q="")
    expect(wrong).to_be_hidden()
    expect(box).to_have_value("")


def test_chips_write_the_same_text_that_one_could_type(runs: Page) -> None:
    runs.get_by_role("button", name="failed", exact=True).click()
    says(runs, q="state:failed")
    runs.get_by_role("button", name="completed", exact=True).click()
    says(runs, q="state:completed")
    runs.get_by_role("button", name="Condition").click()
    runs.get_by_label("Field").fill("config.lr")
    runs.locator("[data-clause-operator]").select_option("at least")
    runs.get_by_label("Value").fill("0.03")
    runs.get_by_role("button", name="Add", exact=True).click()
    says(runs, q="state:completed config.lr>=0.03")
    expect(runs.get_by_role("combobox", name="Filter")).to_have_value(said(runs, "q"))
    expect(runs.locator("[data-chip]")).to_have_count(2)
    runs.get_by_role("link", name="Remove state:completed").click()
    says(runs, q="config.lr>=0.03")
    expect(runs.locator("[data-chip]")).to_have_count(1)


def test_a_filter_that_leaves_nothing_says_which_condition_it_is(runs: Page) -> None:
    filtered(runs, f"{SWEEP} lr>5")
    empty = runs.locator("[data-part=table] .empty")
    expect(empty).to_contain_text("Without lr>5 there would be 9 runs")
    empty.get_by_role("link", name="Clear it").click()
    says(runs, q=SWEEP)
    expect(rows(runs)).to_have_count(9)


def test_columns_are_found_chosen_ordered_and_pinned(runs: Page) -> None:
    runs.get_by_role("button", name="Columns").click()
    dialog = runs.get_by_role("dialog")
    dialog.get_by_label("Find a column").fill("grad")
    dialog.get_by_role("checkbox", name=re.compile("grad_norm")).check()
    shown = dialog.locator("[data-columns-shown] li")
    expect(shown.last).to_contain_text("grad_norm")
    shown.last.get_by_role("combobox").select_option("max")
    dialog.get_by_role("button", name=re.compile("grad_norm one up")).click()
    expect(shown.nth(-2)).to_contain_text("grad_norm")
    dialog.get_by_role("button", name=re.compile("Pin .*grad_norm")).click()
    picture(runs, "runs-picker")
    dialog.get_by_role("button", name="Done").click()
    assert "!metric.train/grad_norm:max" in said(runs, "cols").split(",")
    column = runs.locator('[data-column="metric.train/grad_norm:max"]')
    expect(column).to_have_attribute("data-pinned", "")
    assert column.evaluate("node => getComputedStyle(node).position") == "sticky"


def test_shift_and_a_click_sorts_by_a_second_column(runs: Page) -> None:
    runs.goto(f"/runs/?cols=!name,config.lr,config.seed&q={SWEEP}")
    header(runs, "config.lr").click()
    first = said(runs, "sort")
    assert first.removeprefix("-") == "config.lr"
    expect(runs.locator("[data-column='config.lr'][aria-sort]")).to_have_count(1)
    header(runs, "config.seed").click(modifiers=["Shift"])
    runs.wait_for_function("new URLSearchParams(location.search).get('sort').includes('seed')")
    expect(runs.locator("[data-column='config.lr'] .rank")).to_have_text("1")
    expect(runs.locator("[data-column='config.seed'] .rank")).to_have_text("2")
    pairs = runs.locator("[data-row]").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].slice(2).map(td => Number(td.innerText)))"
    )
    assert len(pairs) == 9
    signs = [-1 if key.startswith("-") else 1 for key in said(runs, "sort").split(",")]
    assert pairs == sorted(
        pairs, key=lambda pair: [s * v for s, v in zip(signs, pair, strict=True)]
    )


def test_groups_of_all_but_the_seed_open_and_close(runs: Page) -> None:
    filtered(runs, SWEEP)
    runs.get_by_role("button", name="Group", exact=True).click()
    runs.get_by_role("checkbox", name="all but seed").check()
    says(runs, group="-config.seed")
    expect(rows(runs)).to_have_count(3)
    runs.keyboard.press("Escape")
    expect(rows(runs).first).to_contain_text("3 runs")
    expect(runs.locator("[data-drawn-count]")).to_contain_text("in 3 groups")
    expect(runs.locator(".group-name > .swatch")).to_have_count(3)  # which curve is whose
    legend = runs.locator("[data-board-legend]").get_by_role("button")
    legend.nth(1).hover()
    expect(rows(runs).nth(1)).to_have_class(re.compile("lit"))
    rows(runs).first.get_by_role("button", name="Show what is in this group").click()
    expect(rows(runs)).to_have_count(6)
    picture(runs, "runs-groups")
    rows(runs).first.get_by_role("button", name="Show what is in this group").click()
    expect(rows(runs)).to_have_count(3)


def test_all_that_match_are_selected_and_tagged(runs: Page) -> None:
    runs.goto(f"/runs/?size=100&q={SWEEP}")
    runs.get_by_label("Select all on this page").check()
    bar = runs.get_by_role("region", name="What is selected")
    expect(bar).to_contain_text("9 selected")
    bar.get_by_role("button", name="Tag", exact=True).click()
    dialog = runs.get_by_role("dialog")
    dialog.get_by_label("Tag").fill("of-the-night")
    expect(dialog.get_by_role("button", name="Tag them")).to_be_enabled()
    picture(runs, "runs-bulk")
    dialog.get_by_label("Tag").press("Enter")
    expect(dialog).to_be_hidden()
    filtered(runs, "tag:of-the-night")
    expect(rows(runs)).to_have_count(9)
    expect(bar).to_contain_text("9 selected")  # it outlives another filter
    bar.get_by_role("button", name="Untag").click()
    dialog.get_by_label("Tag").fill("of-the-night")
    dialog.get_by_role("button", name="Remove the tag").click()
    expect(runs.locator("[data-part=table] .empty")).to_contain_text("No run matches")


def test_a_view_is_saved_changed_and_reset(runs: Page, opened: Callable[..., Page]) -> None:
    filtered(runs, "tag:vit")
    runs.get_by_role("button", name="Views").click()
    runs.get_by_role("button", name="Save as a new view").click()
    runs.get_by_role("textbox", name="Name").fill("the ViTs")
    runs.get_by_label("everybody sees it").check()
    runs.get_by_role("button", name="Save", exact=True).click()
    button = runs.locator("[data-views-open]")
    expect(button).to_contain_text("the ViTs")
    expect(runs.locator("[data-changed]")).to_be_hidden()
    filtered(runs, "tag:sweep")
    expect(runs.locator("[data-changed]")).to_be_visible()
    runs.get_by_role("link", name="Reset").click()
    says(runs, q="tag:vit")
    other = opened()
    other.goto("/runs/")
    other.locator("[data-views-open]").click()
    other.get_by_role("link", name="the ViTs").click()
    says(other, q="tag:vit")
    other.locator("[data-views-open]").click()
    other.get_by_role("button", name="Delete it").click()
    other.get_by_role("button", name="Yes, do it").click()
    says(other, view="")


def test_the_address_restores_everything_in_another_browser(
    runs: Page, opened: Callable[..., Page]
) -> None:
    filtered(runs, SWEEP)
    runs.goto(f"{runs.url}&cols=!name,config.lr,metric.val/loss:min&sort=config.lr")
    runs.get_by_role("button", name="Draw job-1", exact=True).click()
    says(runs, hide="job-1")
    divider = runs.get_by_role("separator")
    divider.focus()
    divider.press("ArrowRight")
    divider.press("ArrowRight")
    says(runs, split="54")
    for page in (runs, opened()):
        page.goto(runs.url)
        expect(rows(page)).to_have_count(9)
        expect(page.get_by_role("combobox", name="Filter")).to_have_value(SWEEP)
        expect(page.locator("[data-column]")).to_have_count(3)
        expect(page.get_by_role("separator")).to_have_attribute("aria-valuenow", "54")
        hidden = page.get_by_role("button", name="Draw job-1", exact=True)
        expect(hidden).to_have_attribute("aria-pressed", "false")
        expect(page.locator("[data-drawn-count]")).to_contain_text("8 of 9 runs drawn")


def test_the_page_is_used_with_the_keyboard_alone(runs: Page) -> None:
    keys = runs.keyboard
    keys.press("/")
    keys.type(SWEEP)
    keys.press("Enter")
    says(runs, q=SWEEP)
    expect(rows(runs)).to_have_count(9)
    keys.press("Escape")
    keys.press("j")
    keys.press("j")
    second = rows(runs).nth(1)
    expect(second).to_have_class(re.compile("current"))
    run = second.get_attribute("data-run") or ""
    keys.press("x")
    expect(second.locator("[data-choose]")).to_be_checked()
    keys.press("p")
    says(runs, pins=run)
    keys.press("b")
    says(runs, baseline=run)
    keys.press("h")
    says(runs, hide=run)
    keys.press("Enter")
    runs.wait_for_url(f"**/runs/{run}/**")
