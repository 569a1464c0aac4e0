"""The URL is the whole state of the table."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client

from dashboard.table.build import table
from dashboard.table.shown import Column, Table
from dashboard.table.wish import Wish, joined
from runs.errors import Invalid
from runs.models import Run
from runs.query.scope import Scope
from tests.dashboard.conftest import NAN, begin, log
from tests.jobs import factories
from tests.jobs.factories import NOON
from tests.runs.factories import make_direct_run

pytestmark = pytest.mark.django_db


def shown(query: str = "", **params: str) -> Table:
    asked = Wish.of(QueryDict(query or urlencode(params)))
    return table(asked, Scope(NOON + timedelta(hours=1), "ada"))


def names(query: str = "", **params: str) -> str:
    return "".join(row.run.name for row in shown(query, **params).rows)


def column(found: Table, key: str) -> Column:
    (one,) = (each for each in found.columns if each.key == key)
    return one


def texts(found: Table, key: str) -> list[Any]:
    at = [each.key for each in found.columns].index(key)
    return [row.cells[at].value for row in found.rows]


@pytest.fixture
def three() -> None:
    """Runs a, b and c: c without a loss, b with NaN, and b over."""
    worker = factories.make_worker("node1", gpus=8)
    for at, (name, lr) in enumerate((("a", 0.1), ("b", 0.3), ("c", 0.2))):
        now = NOON + timedelta(minutes=at)
        wish: dict[str, Any] = {
            "name": name,
            "config": {"lr": lr, "depth": 1, "opt": {"name": "adam", "beta": at}},
            "tags": [f"t-{name}"],
        }
        attempt = begin(worker, now=now, **wish)
        if name != "c":
            log(attempt, loss=[5.0, lr])
        if name == "b":
            log(attempt, first=2, acc=[NAN])
            factories.finish(attempt, now=now + timedelta(seconds=9))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "cba"),
        ("state=completed", "b"),  # addresses from before the filter language
        ("tag=t-a", "a"),
        ("q=t-b", "b"),
        ("q=a+nothing", ""),
        ("q=state:completed", "b"),
        ("q=lr>0.1", "cb"),
        ("q=worker:node1", "cba"),
        ("q=gpus:1+reason:ok", "b"),
        ("q=-reason:ok", "ca"),
        ("q=reason:ok", "b"),
        ("sort=name", "abc"),
        ("sort=-name", "cba"),
        ("sort=started", "abc"),
        ("sort=duration", "bca"),
        ("sort=config.lr", "acb"),
        ("sort=-config.lr", "bca"),
        ("sort=config.opt.beta", "abc"),
        ("sort=metric.loss", "abc"),
        ("sort=-metric.loss", "bac"),  # c has none: last in both directions
        ("sort=metric.loss:max,name", "abc"),
        ("sort=metric.loss:max,-name", "bac"),
        ("sort=metric.acc", "cba"),
        ("sort=worker,name", "abc"),
        ("sort=config.depth,-config.lr", "bca"),
        ("sort=password", "cba"),
        ("sort=config.", "cba"),
        ("page=99", "cba"),
        ("page=x", "cba"),
        ("page=-1", "cba"),
    ],
)
def test_filter_sort_and_page(query: str, expected: str, three: None) -> None:
    assert names(query) == expected


@pytest.mark.parametrize(
    "key", ["a'b", 'a"b', "a.b", "$", "[0]", "a\\b", "%s", "é", "0", "'; drop", "a,b", "!x"]
)
def test_a_config_key_is_a_name_and_nothing_else(key: str) -> None:
    """Sorting by it, showing it and grouping by it, whatever it is called."""
    worker = factories.make_worker("node1", gpus=8)
    begin(worker, name="l", config={key: 1})
    begin(worker, name="h", config={key: 2})
    word = f"config.{key}"

    assert names(sort=joined((word,))) == "lh"
    assert names(sort=joined((f"-{word}",))) == "hl"
    found = shown(cols=joined((word,)), sort=joined((word,)))
    assert texts(found, word) == [1, 2]
    groups = shown(group=joined((word,)), sort=joined((word,))).groups
    assert [group.label.value for group in groups] == [1, 2]
    assert names(groups[1].members_query) == "h"


def test_a_run_is_found_by_its_id(three: None) -> None:
    key = shown("").rows[0].run.key

    assert names(q=key) == "c"


def test_columns_are_the_metric_that_tells_most_and_the_config_that_differs(three: None) -> None:
    keys = [each.key for each in shown("").columns]

    assert keys[:4] == ["name", "state", "metric.loss", "metric.loss:best"]
    assert keys[4:6] == ["config.lr", "config.opt.beta"]
    assert keys[6:] == ["started", "duration", "user", "gpus"]


def test_cells_say_what_the_run_says(three: None) -> None:
    found = shown(
        cols="!name,state,metric.loss,metric.acc,metric.loss:max,config.lr,tags,worker,gpus,reason"
    )

    b = found.rows[1]
    cells = {cell.column.key: cell for cell in b.cells}
    assert found.columns[0].pinned
    assert (cells["metric.loss"].value, cells["metric.loss"].step) == (0.3, 1)
    assert (cells["metric.loss:max"].value, cells["metric.loss:max"].step) == (5.0, None)
    assert (cells["metric.acc"].kind, cells["metric.acc"].step) == ("nan", 2)
    assert cells["config.lr"].value == 0.3
    assert (cells["tags"].value, cells["worker"].value, cells["reason"].value) == (
        ["t-b"],
        "node1",
        "ok",
    )
    assert cells["state"].kind == "state"
    assert {cell.kind for cell in found.rows[0].cells if cell.column.kind == "metric"} == {"blank"}


def test_columns_without_a_value_are_hidden_and_named(three: None) -> None:
    found = shown(
        cols="name,config.lr,config.nothing,metric.nowhere,reason,priority", q="-state:completed"
    )

    assert [each.key for each in found.columns] == ["name", "config.lr", "priority"]
    assert [each.key for each in found.hidden] == ["config.nothing", "metric.nowhere", "reason"]


def test_words_that_name_no_column_are_said_and_left_out(three: None) -> None:
    found = shown(cols="name,colour", sort="colour,name", group="metric.loss,colour")

    assert len(found.rows) == 3
    told = " ".join(found.unknown)
    assert "colour is no column" in told
    assert "colour cannot be sorted by" in told
    assert "cannot be grouped by metric.loss" in told


def test_the_sorted_column_turns_round_and_then_off(three: None) -> None:
    def click(query: str) -> str:
        return column(shown(query), "metric.loss").sort_query

    assert click("") == "sort=metric.loss"
    assert click("sort=metric.loss") == "sort=-metric.loss"
    assert click("sort=-metric.loss") == "view=none"


def test_a_click_with_shift_sorts_by_this_too(three: None) -> None:
    found = shown("sort=-metric.loss,name")

    assert (column(found, "name").rank, column(found, "name").sorted) == (2, "up")
    assert QueryDict(column(found, "state").also_query)["sort"] == "-metric.loss,name,state"
    assert QueryDict(column(found, "name").also_query)["sort"] == "-metric.loss,-name"


def test_links_of_the_table_keep_what_the_charts_ask_for(three: None) -> None:
    found = shown("smooth=ema:0.6&x=time&q=lr>0&panels=1~key=a&each=a~y=log")

    assert QueryDict(column(found, "name").sort_query).dict() == {
        "smooth": "ema:0.6", "x": "time", "q": "lr>0", "sort": "name",
        "panels": "1~key=a", "each": "a~y=log",
    }  # fmt: skip


def test_a_filter_that_cannot_be_read_is_shown_where_it_is_wrong(three: None) -> None:
    found = shown(q="lr>0 stat:failed")

    assert found.error is not None
    assert (found.error.before, found.error.wrong, found.error.after) == (
        "lr>0 ",
        "stat",
        ":failed",
    )
    assert found.error.hint == "did you mean `state`?"
    assert not found.rows


def test_each_term_of_the_filter_is_a_chip_that_can_be_taken_away(three: None) -> None:
    found = shown(q="lr>0 (state:failed OR state:completed) -tag:x")

    assert [chip.text for chip in found.chips] == [
        "lr>0",
        "state:failed OR state:completed",
        "-tag:x",
    ]
    assert QueryDict(found.chips[0].query)["q"] == "(state:failed OR state:completed) -tag:x"
    assert QueryDict(found.chips[1].query)["q"] == "lr>0 -tag:x"


def test_the_term_that_removes_everything_is_named(three: None) -> None:
    because = shown(q="lr>0 state:failed user:ada").empty_because

    assert because is not None
    assert because.text == "state:failed"
    assert because.count == len(names(because.query))


def test_where_only_all_terms_together_remove_everything_that_is_said(three: None) -> None:
    because = shown(q="state:failed lr>9").empty_because

    assert because is not None
    assert (because.text, because.count, because.query) == ("", 3, "view=none")


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("branch:resnet", "config.branch is a setting of 1 run: write config.branch"),
        ("lr>0 branch:resnet commit:x", "config.branch is a setting of 1 run: write config.branch"),
        ("commit:abc", ""),
        ("config.branch:other", ""),
        ("nobody", ""),
    ],
)  # fmt: skip
def test_a_setting_that_a_field_of_that_name_hides_is_named_where_nothing_is_found(
    query: str, hint: str, three: None, browser: Client
) -> None:
    Run.objects.filter(pk=make_direct_run().pk).update(config={"branch": "resnet"})
    because = shown(q=query).empty_because
    assert because is not None
    assert because.hint == hint
    assert (hint in browser.get("/runs/", {"q": query}).content.decode()) is True


@pytest.mark.parametrize(
    "query",
    ["sort=" + ",".join(["name"] * 11), "cols=" + ",".join(f"config.{n}" for n in range(201)), "within=1",
     "group=config.lr&within=nonsense", "group=config.lr&within=1,2", "group=state&within=7",
     "group=started&within=%22soon%22", "cols=" + "x" * 20_001, "group=state&within=" + "[" * 9000],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_refused(
    query: str, three: None, browser: Client
) -> None:
    with pytest.raises(Invalid):
        shown(query)
    assert browser.get(f"/runs/?{query}").status_code == 400


def test_paging_goes_through_all_rows(browser: Client) -> None:
    worker = factories.make_worker("node1", gpus=64)
    for number in range(55):
        begin(worker, name=f"r{number}")

    assert shown("").rows[0].run.name == "r54"
    second = shown("page=2")
    assert [row.run.name for row in second.rows] == ["r4", "r3", "r2", "r1", "r0"]
    assert (second.paging.first, second.paging.last, second.paging.count) == (51, 55, 55)
    assert second.paging.later == ""
    assert len(shown("size=100").rows) == 55
    assert "51–55 of 55" in browser.get("/runs/?page=2").content.decode()  # noqa: RUF001


@pytest.mark.parametrize("runs", [1, 20])
def test_a_page_costs_the_same_for_one_run_or_twenty(
    runs: int, django_assert_max_num_queries: Any
) -> None:
    worker = factories.make_worker("node1", gpus=64)
    for number in range(runs):
        log(begin(worker, name=f"r{number}", config={"lr": number}), loss=[1.0])

    with django_assert_max_num_queries(16):  # four of them set PostgreSQL's time limit
        found = shown("sort=-metric.loss&q=lr>=0")
    assert len(found.rows) == runs
