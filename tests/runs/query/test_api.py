"""GET /api/v1/runs with a filter and an order, over HTTP."""

from typing import Any

import pytest
from django.test import Client

from tests.runs.factories import line, log, make_run
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(data_dir: object) -> Any:
    client = Client(headers={"authorization": f"Bearer {startup_secret()}"})

    def get(**query: Any) -> Any:
        return client.get("/api/v1/runs", query)

    return get


@pytest.fixture
def five(data_dir: object) -> list[str]:
    """Runs whose losses are 0, 4, 3, 2, 1 in the order in which they were made."""
    runs = [make_run(name=f"run {n}", config={"lr": n / 10}) for n in range(5)]
    for n, run in enumerate(runs):
        log(run, line(step=0, loss=float(-n % 5), _idx=0))
    return [run.key for run in runs]


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [run["id"] for run in answer.json()["runs"]]


def test_a_filter_narrows_the_list_and_goes_on_by_its_cursor(api: Any, five: list[str]) -> None:
    first = api(filter="lr>=0.1 -loss=2", limit=2)
    second = api(filter="lr>=0.1 -loss=2", limit=2, cursor=first.json()["next_cursor"])

    assert ids(first) + ids(second) == [five[4], five[2], five[1]]
    assert second.json()["next_cursor"] is None


def test_a_sorted_list_goes_on_where_it_stopped(api: Any, five: list[str]) -> None:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api(sort="-metric.loss:last,name", limit=2, cursor=cursor)
        found += ids(answer)
        cursor = answer.json()["next_cursor"]

    assert found == [five[1], five[2], five[3], five[4], five[0]]
    assert ids(api(sort="config.lr", limit=1)) == five[:1]


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ({"filter": "stat:failed"}, "invalid_filter", "did you mean `state`?"),
        ({"filter": "lr>"}, "invalid_filter", "a value is missing"),
        ({"filter": "x" * 4001}, "invalid", ""),
        ({"sort": "colour"}, "invalid", "cannot be sorted by `colour`"),
        ({"sort": "tags"}, "invalid", "cannot be sorted by"),
        ({"sort": ",".join(["name"] * 11)}, "invalid", "at most 10"),
        (
            {"sort": "name", "cursor": "WyJydW5zIiwzXQ"},
            "invalid",
            "",
        ),  # of the list that is not sorted
        ({"cursor": "nonsense"}, "invalid", ""),
    ],
)
def test_what_cannot_be_meant_is_refused(
    query: dict[str, str], code: str, said: str, api: Any
) -> None:
    answer = api(**query)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert said in answer.json()["detail"]


def test_a_wrong_filter_says_where(api: Any, five: list[str]) -> None:
    body = api(filter="lr>0 stat:failed").json()

    assert (body["at"], body["length"], body["hint"]) == (5, 4, "did you mean `state`?")
