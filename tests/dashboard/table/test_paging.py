"""Who reads on is not disturbed by runs that come meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from dashboard.table.build import table
from dashboard.table.shown import Table
from dashboard.table.wish import Wish
from runs.models import Run
from runs.query.scope import Scope
from tests.jobs.factories import NOON

pytestmark = pytest.mark.django_db


def add(first: int, count: int) -> None:
    Run.objects.bulk_create(
        Run(
            key=f"local-{at}",
            kind="direct",
            created_at=NOON + timedelta(seconds=at),
            name=f"{at:03}",
        )
        for at in range(first, first + count)
    )


def shown(query: str = "") -> Table:
    return table(Wish.of(QueryDict(query)), Scope(NOON, ""))


def names(found: Table) -> list[str]:
    return [row.run.name for row in found.rows]


@pytest.mark.parametrize("sort", ["", "sort=-name", "sort=name"])
def test_new_runs_push_none_across_the_border_of_a_page(sort: str, db: Any) -> None:
    add(0, 120)
    first = shown(sort)
    second = shown(first.paging.later)
    third = shown(second.paging.later)
    add(120, 30)

    again = [shown(query) for query in (first.paging.later, second.paging.later)]

    assert [names(each) for each in again] == [names(second), names(third)]
    assert len({*names(first), *names(second), *names(third)}) == 120
    assert (again[0].paging.newer, again[0].paging.count, again[0].runs) == (30, 120, 150)
    assert names(shown(third.paging.earlier)) == names(second)
    newest = shown(again[0].paging.newest)
    assert (newest.paging.count, newest.paging.newer) == (150, 0)
    assert names(newest) == names(shown(sort))


def test_the_pager_says_how_many_are_newer(browser: Client) -> None:
    add(0, 60)
    later = shown().paging.later
    add(60, 2)

    assert ">2 newer</a>" in browser.get(f"/runs/?{later}").content.decode()
    assert "newer</a>" not in browser.get("/runs/?q=").content.decode()
    assert "upto" not in shown().paging.sizes[0][1]


@pytest.mark.parametrize("upto", ["x", "-1", "9" * 18, "9" * 40, "²", "0"])
def test_an_upper_end_that_is_none_bounds_nothing(upto: str, browser: Client) -> None:
    add(0, 55)

    assert browser.get("/runs/", {"page": "2", "upto": upto}).status_code == 200
    assert len(shown(f"page=2&upto={upto}").rows) == 5
