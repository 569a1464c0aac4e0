"""With a baseline each metric says how far it is from there."""

import math
from dataclasses import replace

import pytest
from django.test import Client

from dashboard.table.build import members, table
from dashboard.table.deltas import Delta, delta
from dashboard.table.shown import Table
from dashboard.table.wish import Wish
from runs.models import Run
from runs.query.scope import Scope
from tests.jobs.factories import NOON


@pytest.mark.parametrize(
    ("key", "value", "base", "expected"),
    [
        ("loss", 1.0, 2.0, Delta(-1.0, -50.0, "better")),
        ("loss", 3.0, 2.0, Delta(1.0, 50.0, "worse")),
        ("acc", 3.0, -2.0, Delta(5.0, 250.0, "better")),
        ("acc", 1.0, 0.0, Delta(1.0, None, "better")),
        ("what", 1.0, 2.0, Delta(-1.0, -50.0, "")),
        ("loss", 0.0, 0.0, Delta(0.0, 0.0, "same")),
        ("loss", 1.0, None, None),
        ("loss", math.inf, 1.0, None),
        ("loss", 1.0, math.nan, None),
        ("loss", 1e308, -1e308, None),
        ("loss", 1e300, 1e-300, Delta(1e300, None, "worse")),
    ],
)
def test_a_delta_says_how_far_and_whether_that_is_good(
    key: str, value: float, base: float | None, expected: Delta | None
) -> None:
    assert delta(key, value, base) == expected


def shown(found: Table, key: str) -> list[tuple[str, Delta | None]]:
    at = [each.key for each in found.columns].index(key)
    return [(row.run.name, row.cells[at].delta) for row in found.rows]


@pytest.mark.django_db
def test_cells_are_compared_with_a_baseline_of_any_page(browser: Client, six: list[Run]) -> None:
    wish = Wish(text="user:ada", cols=("name", "metric.loss"), charts=(("baseline", six[1].key),))
    found = table(wish, Scope(NOON, "ada"))

    assert shown(found, "metric.loss") == [
        ("run 4", Delta(3.0, 300.0, "worse")),
        ("run 2", Delta(1.0, 100.0, "worse")),
        ("run 0", Delta(-1.0, -100.0, "better")),
    ]
    said = browser.get(f"/runs/?{wish.query()}").content.decode()
    assert "↓ better -1 (-100 %)" in said
    assert '<span class="delta is-worse">↑ worse +3 (+300 %)</span>' in said


@pytest.mark.django_db
def test_members_of_groups_are_compared_too_and_the_baseline_with_none(six: list[Run]) -> None:
    wish = Wish(cols=("metric.loss",), group=("state",), charts=(("baseline", six[1].key),))
    (group,) = [each for each in table(wish, Scope(NOON, "")).groups if each.count == 4]
    assert "baseline=" in group.members_query
    found = members(replace(wish, within=('"completed"',)), Scope(NOON, ""))

    told = dict(shown(found, "metric.loss"))
    assert told["run 1"] is None
    assert told["run 3"] == Delta(2.0, 200.0, "worse")


@pytest.mark.django_db
@pytest.mark.parametrize("baseline", ["job-99999999", "../x", "x" * 9000, "'; drop"])
def test_a_baseline_that_is_no_run_changes_nothing(
    baseline: str, browser: Client, six: list[Run]
) -> None:
    answer = browser.get("/runs/", {"baseline": baseline, "q": ""})

    assert answer.status_code == 200
    assert "delta is-" not in answer.content.decode()


@pytest.mark.django_db
def test_a_baseline_in_the_trash_is_none(browser: Client, six: list[Run]) -> None:
    Run.objects.filter(pk=six[1].pk).update(trashed_at=NOON)
    answer = browser.get("/runs/", {"baseline": six[1].key, "q": ""})

    assert "delta is-" not in answer.content.decode()
