"""Charts of several metrics: how an address has them, what they draw, and the question that makes one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.boards import compare, lines, query
from tests.browser.calling import Call, calling
from tests.browser.conftest import PHONE, picture
from tests.browser.modules import empty_page

LOSSES = "1~title=Losses~size=wide~key=train/loss~match=^val/"


@pytest.fixture(scope="module")
def empty(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


@pytest.fixture
def run(empty: Page) -> Call:
    return calling(empty)


def test_panels_go_into_an_address_and_back(run: Call) -> None:
    panel = {
        "number": 3,
        "name": "panel:3",
        "title": "50 % ~, a=b",
        "wide": True,
        "keys": ["a~b", "c,d", "e=f%"],
        "patterns": [".*/loss"],
    }
    body = "m.readPanels(m.panelsText([given]) + ',' + '')"
    assert run("panels", body, panel) == {"panels": [panel], "passed": 0}
    assert run("panels", "m.nextNumber([given])", panel) == 4
    assert run("panels", "m.nextNumber([])") == 1


@pytest.mark.parametrize(
    "bad",
    [
        "1",
        "x~key=a",
        "0~key=a",
        "1~key",
        "1~=a",
        "1~key=",
        "1~size=wide",
        "1~toString=a",
        "1~key=%E0%A4%A",
        "1~key=" + "a" * 301,
        "1" + "~key=a" * 13,
        "5~key=b",  # a number that is there already
    ],
)
def test_a_panel_that_cannot_be_meant_is_passed_over_and_counted(run: Call, bad: str) -> None:
    found = run("panels", "m.readPanels(given)", f"5~key=a,{bad}")
    assert ([each["keys"] for each in found["panels"]], found["passed"]) == ([["a"]], 1)


def test_an_address_has_at_most_so_many_panels_and_each_so_many_metrics(run: Call) -> None:
    many = ",".join(f"{n}~key=a" for n in range(1, 30))
    found = run("panels", "m.readPanels(given)", many)
    assert (len(found["panels"]), found["passed"]) == (24, 5)
    body = """m.shownPanel({ title: "", keys: ["b", "gone"], patterns: ["^layer"] }, given)"""
    shown = run("panels", body, ["b", *(f"layer{n}" for n in range(30))])
    assert (shown["keys"][:2], len(shown["keys"]), shown["more"]) == (["b", "layer0"], 12, 19)
    assert shown["title"] == "b · gone · ^layer"


def looks(run: Call, runs: list[str], keys: list[str], column: str = "") -> list[Any]:
    body = """{
      const byRun = new Map(given.runs.map((run) => [run, { label: run.toUpperCase() }]));
      const colour = (run, more) => `--series-${given.runs.indexOf(run) + more}`;
      const of = (run, place = 0, alone = false) => (
        { colour: colour(run, alone ? place : 0), dash: alone ? 0 : place });
      const looks = { of, column: given.column }, style = { limits: { writers: 32 } };
      const board = { byRun, groups: [], hidden: new Set(), looks, style };
      const curves = given.keys.flatMap((key) => given.runs.map((run) => curve({ key, run, y: [1] }))).reverse();
      const chart = { board, keys: given.keys, curves, runs: given.runs };
      return m.linesOf(chart).lines.map(({ label, colour, dash }) => [label, colour, dash]);
    }"""
    found: list[Any] = run("lines", body, {"runs": runs, "keys": keys, "column": column})
    return found


def test_a_run_keeps_its_colour_and_metrics_have_dashes_or_of_one_run_colours(run: Call) -> None:
    assert looks(run, ["a", "b"], ["x", "y"]) == [
        ["A · x", "--series-0", 0],
        ["A · y", "--series-0", 1],
        ["B · x", "--series-1", 0],
        ["B · y", "--series-1", 1],
    ]
    assert looks(run, ["a"], ["x", "y"]) == [["A · x", "--series-0", 0], ["A · y", "--series-1", 0]]
    assert looks(run, ["a"], ["x", "y"], "config.lr") == [
        ["A · x", "--series-0", 0],
        ["A · y", "--series-0", 1],
    ]
    assert looks(run, ["a"], ["x"]) == [["A", "--series-0", 0]]


def test_metrics_of_groups_have_dashes_or_of_one_group_colours(run: Call) -> None:
    body = """{
      const curves = given.groups.flatMap((group) => ["x", "y"].map((key) => ({ group, key, runs: 2 })));
      const groups = given.groups.map((label) => ({ label }));
      const board = { groups, hidden: new Set(), byRun: new Map(), style: {} };
      const { lines } = m.linesOf({ board, keys: ["x", "y"], curves });
      return lines.map(({ label, colour, dash }) => [label, colour, dash]);
    }"""
    assert run("lines", body, {"groups": ["g", "h"]}) == [
        ["g · x (n = 2)", "--series-0", 0],
        ["g · y (n = 2)", "--series-0", 1],
        ["h · x (n = 2)", "--series-1", 0],
        ["h · y (n = 2)", "--series-1", 1],
    ]
    assert [each[1:] for each in run("lines", body, {"groups": ["g"]})] == [
        ["--series-0", 0],
        ["--series-1", 0],
    ]


def test_what_is_left_out_is_said(run: Call) -> None:
    given = {
        "missing": ["job-9"],
        "facets": {"columns": ["id"], "values": 26, "shown": 24, "runs": 2},
        "columns": ["config.z"],
        "passed": 2,
    }
    told = run("telling", "m.leftOut(given)", given)
    assert "Not found: job-9." in told
    assert "24 of 26 values of id have a chart; the other 2, with 2 runs, are not drawn." in told
    assert "config.z is left out" in told
    assert "2 charts of the address could not be read" in told
    assert run("telling", "m.leftOut({})") == ""


def test_values_and_columns_beyond_the_most_are_counted(run: Call) -> None:
    facets = """{
      const self = {};
      const byRun = new Map(Array.from({ length: given }, (_, at) => [`job-${at}`, { values: { id: at % 25 } }]));
      const shown = m.Shelf.prototype.facetsOf.call(self, byRun, ["id"]);
      return [shown.length, self.facetsLeft];
    }"""
    left = {"columns": ["id"], "values": 25, "shown": 24, "runs": 2}
    assert run("shelf", facets, 50) == [24, left]
    assert run("shelf", facets, 24) == [24, None]
    columns = """{
      const self = { colour: "config.a", dash: "group", facet: [..."bcdefghij"], chosen: m.Settings.prototype.chosen };
      const { columns, columnsLeft } = m.Settings.prototype;
      return [columns.call(self).length, columnsLeft.call(self)];
    }"""
    assert run("settings", columns) == [8, ["i", "j"]]


def test_a_chart_of_several_metrics_is_added_edited_and_removed(page: Page) -> None:
    compare(page, panels="1~bad")
    lines(page, least=4)
    expect(page.locator("[data-board-trouble]")).to_contain_text("1 chart of the address")
    page.get_by_role("button", name="Add chart", exact=True).press("Enter")
    dialog = page.get_by_role("dialog", name="Add a chart")
    expect(dialog.get_by_placeholder("train/loss, or a pattern")).to_be_focused()
    page.keyboard.type(".*/loss")
    dialog.get_by_role("button", name="Draw all that match").press("Enter")
    expect(dialog.get_by_role("button", name="Remove .*/loss")).to_be_visible()
    assert violations(page) == []
    picture(page, "panels-dialog")
    dialog.get_by_label("Title").fill("Losses")
    dialog.get_by_label("Title").press("Enter")
    drawn = lines(page, "panel:1", least=8)
    assert {each["name"].split(" · ")[-1] for each in drawn} == {"train/loss", "val/loss"}
    assert query(page)["panels"] == ["1~title=Losses~match=.*/loss"]
    assert violations(page) == []
    page.get_by_role("button", name="Menu of Losses").click()
    page.get_by_role("button", name="Wide", exact=True).click()
    page.wait_for_url(lambda _: query(page)["panels"] == ["1~title=Losses~size=wide~match=.*/loss"])
    picture(page, "panels")
    page.get_by_role("button", name="Menu of Losses").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator('[data-key="panel:1"]')).to_have_count(0)
    expect(page.get_by_role("button", name="Add chart", exact=True)).to_be_focused()
    page.go_back()
    lines(page, "panel:1", least=8)


def test_a_chart_of_several_metrics_fits_a_phone(opened: Callable[..., Page]) -> None:
    page = opened(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    page.goto(f"/runs/job-1/?panels={LOSSES}")
    drawn = lines(page, "panel:1", least=2)
    assert len({each["name"] for each in drawn}) == len(drawn)
    page.locator('[data-key="panel:1"]').scroll_into_view_if_needed()
    picture(page, "panels-phone")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
