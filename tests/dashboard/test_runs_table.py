"""The URL is the whole state of the table."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from dashboard.runs_table import Table, Wish, table
from tests.dashboard.conftest import NAN, begin, log
from tests.jobs import factories
from tests.jobs.factories import NOON

pytestmark = pytest.mark.django_db


def shown(query: str) -> Table:
    return table(Wish.of(QueryDict(query)), now=NOON + timedelta(hours=1))


def names(query: str) -> list[str]:
    return [row.run.name for row in shown(query).rows]


@pytest.fixture
def three() -> None:
    """Runs a, b and c: c without a loss, b with NaN, and b over."""
    worker = factories.make_worker("node1", gpus=8)
    for at, (name, lr) in enumerate((("a", 0.1), ("b", 0.3), ("c", 0.2))):
        now = NOON + timedelta(minutes=at)
        wish: dict[str, Any] = {
            "name": name,
            "config": {"lr": lr, "depth": 1},
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
        ("state=completed", "b"),
        ("state=nonsense", "cba"),
        ("tag=t-a", "a"),
        ("q=t-b", "b"),
        ("q=a+nothing", ""),
        ("sort=name", "abc"),
        ("sort=-name", "cba"),
        ("sort=started", "abc"),
        ("sort=duration", "bca"),
        ("sort=config.lr", "acb"),
        ("sort=-config.lr", "bca"),
        ("sort=metric.loss", "abc"),
        ("sort=-metric.loss", "bac"),  # c has none: last in both directions
        ("sort=metric.acc", "cba"),
        ("sort=password", "cba"),
        ("sort=config.", "cba"),
        ("page=99", "cba"),
        ("page=x", "cba"),
    ],
)
def test_filter_sort_and_page(query: str, expected: str, three: None) -> None:
    assert names(query) == list(expected)


@pytest.mark.parametrize(
    "key", ["a'b", 'a"b', "a.b", "$", "[0]", "a\\b", "%s", "é", "0", "'; drop"]
)
def test_a_config_key_is_a_name_and_nothing_else(key: str) -> None:
    worker = factories.make_worker("node1", gpus=8)
    begin(worker, name="high", config={key: 2})
    begin(worker, name="low", config={key: 1})

    query = QueryDict(mutable=True)
    query["sort"] = f"config.{key}"

    assert names(query.urlencode()) == ["low", "high"]


def test_a_run_is_found_by_its_id(three: None) -> None:
    key = shown("").rows[0].run.key

    assert names(f"q={key}") == ["c"]


def test_columns_are_what_differs_and_what_most_runs_log(three: None) -> None:
    found = shown("")

    assert [column.label for column in found.config] == ["lr"]
    assert [column.label for column in found.metrics] == ["loss", "acc"]


def test_the_sorted_column_turns_round_and_then_off(three: None) -> None:
    def click(query: str) -> str:
        (column,) = (each for each in shown(query).metrics if each.label == "loss")
        return column.query

    assert click("") == "sort=-metric.loss"
    assert click("sort=-metric.loss") == "sort=metric.loss"
    assert click("sort=metric.loss") == ""


def test_paging_goes_through_all_rows(browser: Client) -> None:
    worker = factories.make_worker("node1", gpus=64)
    for number in range(55):
        begin(worker, name=f"r{number}")

    assert names("")[0] == "r54"
    assert names("page=2") == ["r4", "r3", "r2", "r1", "r0"]
    assert len(names("size=100")) == 55
    assert "51–55 of 55" in browser.get("/runs/?page=2").content.decode()  # noqa: RUF001


def test_a_filter_without_result_offers_the_way_back(browser: Client) -> None:
    begin()

    assert "Clear the filter" in browser.get("/runs/?q=zzz").content.decode()
