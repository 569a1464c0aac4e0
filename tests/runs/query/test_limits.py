"""A filter within its limits is cheap to put together and can be broken off, whatever it asks."""

from itertools import count

import pytest
from django.db import DataError, OperationalError
from django.db.models.sql import Query

from runs.errors import QueryError
from runs.models import Run
from runs.query import limits
from runs.query.finding import filtered
from runs.query.limits import bounded
from runs.query.scope import Scope
from tests.runs.factories import NOON
from tests.runs.query.conftest import NOW
from tests.runs.query.judging import Facts

pytestmark = pytest.mark.django_db
MANY = range(500)


def statement(text: str) -> str:
    return str(filtered(Run.objects.all(), text, Scope(NOW, "ada")).query)


def found(text: str) -> list[str]:
    runs = filtered(Run.objects.all(), text, Scope(NOW, "ada"))
    return sorted(run.key.removeprefix("job-") for run in runs)


def test_a_long_list_is_one_look(eight: list[Facts]) -> None:
    assert statement(f"loss in ({','.join(map(str, MANY))})").count("EXISTS") == 2
    assert found(f"loss in (0.5, nan, {','.join(map(str, range(300)))})") == ["1", "2", "3"]
    assert statement(f"config.lr in ({','.join(map(str, MANY))})").count(" OR ") == 1
    assert found(f'config.lr in ("0.1", nan, {",".join(map(str, range(2, 400)))})') == ["3", "6"]
    assert found(f"user in (me, {','.join(map(str, range(400)))})") == ["0", "2", "4", "6"]
    assert found(f"attempt in ({','.join(map(str, MANY))})") == list("01234567")


def test_a_list_that_is_compared_one_by_one_is_short(eight: list[Facts]) -> None:
    with pytest.raises(QueryError, match="a list of tag has at most 100 values, not 500"):
        found(f"tag in ({','.join(map(str, MANY))})")
    assert found(f"state in ({','.join(['failed'] * 400)})") == ["3", "7"]


@pytest.mark.parametrize("kind", ["loss<{}", "worker:w{}"])
def test_a_hundred_comparisons_hold_no_subquery_of_djangos(
    kind: str, monkeypatch: pytest.MonkeyPatch, eight: list[Facts]
) -> None:
    """Each of those costs milliseconds, and copies of all of them cost more than that."""
    copies: list[Query] = []
    clone = Query.clone

    def counted(query: Query) -> Query:
        copies.append(query)
        return clone(query)

    monkeypatch.setattr(Query, "clone", counted)
    statement(" ".join(kind.format(number) for number in range(100)))
    assert len(copies) < 20


@pytest.mark.parametrize("segments", [2, 20, 49, 900])
def test_a_key_may_have_many_dots(segments: int) -> None:
    """Those of odd words are looked for step by step; far too many are one key as it stands."""
    value: object = 1
    for _ in range(segments if segments < 50 else 1):
        value = {"é": value}
    Run.objects.create(key="job-1", kind="job", created_at=NOON, config=value)
    Run.objects.create(
        key="job-2", kind="job", created_at=NOON, config={".".join("é" * segments): 1}
    )
    key = ".".join("é" * segments)
    assert found(f"config.{key}=1") == (["1", "2"] if segments < 50 else ["2"])


def test_all_statements_of_a_search_have_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that goes 4 s at each look there is time for two or three."""
    monkeypatch.setattr(limits, "clock", count(0, 4).__next__)
    monkeypatch.setattr(limits, "STEPS", 10**9)
    done = 0
    with pytest.raises(QueryError, match="longer than 10 s"), bounded("x"):
        for _ in range(20):
            Run.objects.exists()
            done += 1
    assert 1 <= done <= 3
    assert not Run.objects.exists()  # and the connection is as before


@pytest.mark.sqlite
def test_sqlite_breaks_off_a_statement_in_the_middle(
    monkeypatch: pytest.MonkeyPatch, eight: list[Facts]
) -> None:
    monkeypatch.setattr(limits, "clock", count(0).__next__)
    monkeypatch.setattr(limits, "STEPS", 1)
    with pytest.raises(QueryError, match="longer than 10 s"), bounded("x"):
        found("lr>0 or loss>0")
    assert found("attempt exists") == list("01234567")


@pytest.mark.parametrize(
    "error", [DataError("value out of range"), OperationalError("disk I/O error")]
)
def test_other_trouble_of_the_database_is_no_fault_of_the_filter(error: Exception) -> None:
    with pytest.raises(type(error)), bounded("x"):
        raise error


def test_an_array_is_found_as_the_table_writes_it(eight: list[Facts]) -> None:
    assert found("array:A1 or array in (a2)") == []
    with pytest.raises(QueryError, match="is no number"):
        found("gpus:A1")
