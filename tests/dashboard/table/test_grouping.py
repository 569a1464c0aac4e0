"""Groups say how many runs agree, and the mean of their metrics over all of them."""

import statistics
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client

from dashboard.table.build import members, table
from dashboard.table.shown import Group, Table
from dashboard.table.wish import Wish
from runs.errors import Invalid
from runs.models import Run, Series
from runs.query.scope import Scope
from tests.jobs.factories import NOON

pytestmark = pytest.mark.django_db


SCOPE = Scope(NOON + timedelta(hours=1), "ada")


def shown(query: str = "", **params: str) -> Table:
    return table(Wish.of(QueryDict(query or urlencode(params))), SCOPE)


def mean(group: Group, key: str) -> Any:
    (cell,) = (each for each in group.cells if each.column.key == key)
    return cell


def test_groups_count_and_average_all_their_members(six: list[Run]) -> None:
    found = shown(group="config.model", cols="name,metric.loss,metric.loss:max", size="50")

    a, b = sorted(found.groups, key=lambda group: str(group.label.value))
    assert (a.label.value, a.count, a.states) == ("a", 3, {"completed": 3})
    assert b.states == {"completed": 1, "running": 2}
    assert (found.paging.count, found.runs, found.rows) == (2, 6, [])
    cell = mean(b, "metric.loss")
    assert (cell.kind, cell.value, cell.count) == ("mean", 4.0, 3)
    assert cell.spread == pytest.approx(statistics.stdev([3.0, 4.0, 5.0]))
    assert mean(b, "metric.loss:max").value == 9.0


def test_what_is_no_number_has_no_part_in_a_mean(six: list[Run]) -> None:
    Series.objects.filter(run=six[0], key="loss").update(last=None)
    Series.objects.filter(run=six[1], key="loss").update(last=float("inf"))
    found = shown(group="config.model", cols="metric.loss", q="config.model=a")

    cell = mean(found.groups[0], "metric.loss")
    assert (cell.value, cell.spread, cell.count) == (2.0, None, 1)
    assert "2 of the group have no number" in cell.title


def test_a_group_opens_to_its_members_and_to_deeper_groups(six: list[Run]) -> None:
    found = shown(group="config.model,user", cols="name,metric.loss", sort="config.model")
    inner = shown(found.groups[0].members_query)
    leaves = shown(inner.groups[0].members_query)

    assert [group.label.value for group in found.groups] == ["a", "b"]
    assert {group.label.value: group.count for group in inner.groups} == {"ada": 2, "bo": 1}
    assert (inner.level, leaves.level) == (1, 2)
    assert [row.run.name for row in leaves.rows] == ["run 2", "run 0"]
    assert [column.key for column in leaves.columns] == ["name", "metric.loss"]
    assert [chip.text for chip in leaves.within] == ['model = "a"', 'user = "ada"']


def test_all_but_the_seed_makes_groups_of_repetitions(six: list[Run]) -> None:
    found = shown(group="-config.seed", cols="metric.loss", sort="metric.loss")

    assert [group.count for group in found.groups] == [3, 3]
    assert [group.label.value for group in found.groups] == ["model=a", "model=b"]
    assert [mean(group, "metric.loss").value for group in found.groups] == [1.0, 4.0]
    members = shown(found.groups[1].members_query)
    assert [row.run.name for row in members.rows] == ["run 3", "run 4", "run 5"]


def test_all_but_several_nested_keys_is_one_group(six: list[Run]) -> None:
    found = shown(group="-config.seed,-config.model,-config.opt.lr")

    assert [group.count for group in found.groups] == [6]
    assert len(shown(found.groups[0].members_query).rows) == 6


@pytest.mark.parametrize("cols", ["", "name,metric.loss,config.model,exit,config.only"])
def test_members_have_the_columns_of_the_header_that_they_stand_under(
    cols: str, browser: Client, six: list[Run]
) -> None:
    Run.objects.filter(pk=six[5].pk).update(config={"only": 1})
    head = shown(group="state", cols=cols)
    queries = [group.members_query for group in head.groups]
    if not cols:
        queries += [urlencode({"group": "state", "within": '"completed"'})]
    for query in queries:
        found = members(Wish.of(QueryDict(query)), SCOPE)
        answer = browser.get(f"/runs/members?{query}").content.decode()

        assert [each.key for each in found.columns] == [each.key for each in head.columns]
        assert answer.count("<td") == len(found.rows) * (len(head.columns) + 1)


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ("state", [4, 2]),
        ("user", [3, 3]),
        ("project", [6]),
        ("tags", [6]),
        ("started", [6]),
        ("worker", [6]),
        ("gpus", [6]),
        ("reason", [4, 2]),
        ("array", [6]),
        ("kind", [6]),
        ("name", [1, 1, 1, 1, 1, 1]),
        ("config.opt.lr", [6]),
        ("config.nothing", [6]),
        ("summary.nothing", [6]),
    ],
)
def test_every_group_opens_whatever_made_it(column: str, counts: list[int], six: list[Run]) -> None:
    found = shown(group=column, cols="name,metric.loss")

    assert [group.count for group in found.groups] == counts
    assert [len(shown(group.members_query).rows) for group in found.groups] == counts
    assert all(mean(group, "metric.loss").kind == "mean" for group in found.groups)


def test_groups_are_paged_like_runs(six: list[Run]) -> None:
    Run.objects.bulk_create(
        Run(key=f"local-{number}", kind="direct", created_at=NOON, config={"seed": number})
        for number in range(60)
    )
    found = shown(group="config.seed", page="2", sort="config.seed")

    assert (found.paging.count, found.paging.first, found.paging.last) == (60, 51, 60)
    assert found.groups[0].label.value == 50


def test_grouping_by_a_group_that_has_none_says_so(six: list[Run]) -> None:
    found = shown(group="config.model", q="state:failed")

    assert found.groups == []
    assert found.empty_because is not None


def test_a_diverged_metric_has_no_part_in_a_mean(six: list[Run]) -> None:
    """The squares of such numbers are beyond what a database adds up."""
    for run, value in zip(six[:2], (1e200, -1e200), strict=True):
        Series.objects.filter(run=run, key="loss").update(last=value)
    found = shown(group="config.model", cols="metric.loss", q="config.model=a")

    assert found.error is None
    cell = mean(found.groups[0], "metric.loss")
    assert (cell.value, cell.count) == (2.0, 1)
    assert "2 of the group have no number below 1e+140" in cell.title


EQUAL = [
    (1, 1.0),
    ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}),
    ([1, {"é": 2}], [1.0, {"é": 2.0}]),
]


@pytest.mark.parametrize("group", ["config.lr", "-config.seed"])
@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_values_are_one_group(one: Any, other: Any, group: str, six: list[Run]) -> None:
    for run, value in zip(six, [one, other] * 3, strict=True):
        run.config = {"lr": value, "seed": run.pk} if run.pk % 2 else {"seed": 0, "lr": value}
        run.save()
    found = shown(group=group, cols="metric.loss")

    assert [each.count for each in found.groups] == [6]
    assert mean(found.groups[0], "metric.loss").count == 6
    assert len(shown(found.groups[0].members_query).rows) == 6


@pytest.mark.parametrize("text", ["5", "[]", "{}", "true", "1e99", '"x"'])
@pytest.mark.parametrize("by", ["created", "gpus", "array"])
def test_what_names_no_group_is_refused(by: str, text: str, six: list[Run]) -> None:
    if by != "created" and text == "5":
        text = "9" * 25
    with pytest.raises(Invalid, match="names no group"):
        shown(group=by, within=text)


@pytest.mark.parametrize("by", ["name", "config.lr", "tags"])
@pytest.mark.parametrize("text", [r'"\ud800"', r'"\u0000"'])
def test_no_database_gets_what_it_cannot_hold(by: str, text: str, six: list[Run]) -> None:
    assert shown(group=by, within=text).rows == []
