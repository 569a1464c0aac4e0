"""Columns of code and system: cells, groups, files, the picker, comparisons and charts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.charting import columns as charting
from dashboard.charting.shown import newest
from dashboard.comparing import columns as comparing
from dashboard.table import picking
from dashboard.table.build import members, table
from dashboard.table.shown import Table
from dashboard.table.wish import Wish
from runs.errors import Invalid
from runs.models import Run
from runs.query.scope import Scope
from tests.jobs.factories import NOON

pytestmark = pytest.mark.django_db

SCOPE = Scope(NOON + timedelta(hours=1), "ada")
HASH = "0123456789abcdef0123456789abcdef01234567"
EVIL = '<img src=x onerror="boom()">'
COLUMNS = "commit,branch,dirty,python,gpu,package.torch"


@pytest.fixture(autouse=True)
def runs(six: list[Run]) -> list[Run]:
    """Two of one commit, one with a hostile branch, the others without facts."""
    told: list[dict[str, Any]] = [
        {"commit": HASH, "branch": "main", "dirty": False, "package/torch": "2.4.0"},
        {"commit": HASH, "branch": EVIL, "dirty": True, "python": "3.11.9", "gpu": "H200"},
    ]
    for run, facts in zip(six, [*told, {}, {}, {}, {}], strict=True):
        Run.objects.filter(pk=run.pk).update(facts=facts)
    return six


def wish(**params: str) -> Wish:
    return Wish.of(QueryDict(urlencode(params)))


def shown(**params: str) -> Table:
    return table(wish(**params), SCOPE)


def values(found: Table) -> list[list[Any]]:
    return [[cell.value for cell in row.cells] for row in found.rows]


@pytest.fixture
def asked() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as queries:
        yield queries


def test_cells_have_what_the_documents_said() -> None:
    found = shown(cols=COLUMNS, sort="-dirty")
    assert values(found)[:3] == [
        [HASH, EVIL, True, "3.11.9", "H200", None],
        [HASH, "main", False, None, None, "2.4.0"],
        [None] * 6,
    ]
    heads = ["commit", "branch", "dirty", "Python", "GPU model", "torch"]
    assert [each.label for each in found.columns] == heads
    assert [each.key for each in shown(cols=COLUMNS, q="-commit exists").hidden] == [
        each.key for each in found.columns
    ]


def test_a_page_shows_a_short_hash_and_hostile_words_as_text(browser: Client) -> None:
    page = browser.get("/runs/", {"cols": COLUMNS}).content.decode()
    assert f'<span class="code" title="{HASH}">{HASH[:10]}</span>' in page
    assert EVIL not in page
    assert "&lt;img src=x onerror" in page


def test_facts_are_not_read_where_no_column_needs_them(asked: CaptureQueriesContext) -> None:
    assert shown(cols="name,state").rows
    assert shown().rows
    assert not any('"facts"' in each["sql"] for each in asked.captured_queries)


@pytest.mark.parametrize("query", [{"cols": COLUMNS}, {"sort": "commit"}])
def test_facts_cost_no_query_of_their_own(
    query: dict[str, str], asked: CaptureQueriesContext
) -> None:
    shown(**query)
    reading = [each for each in asked.captured_queries if '"runs_run"."notes"' in each["sql"]]
    assert len(reading) == 1


def test_groups_of_a_commit_open_to_its_runs() -> None:
    found = shown(group="commit,dirty", cols="name,package.torch")
    (group,) = (each for each in found.groups if each.label.value)
    assert (group.label.kind, group.label.value, group.count) == ("commit", HASH, 2)
    inner = table(Wish.of(QueryDict(group.members_query)), SCOPE)
    assert sorted(str(each.label.value) for each in inner.groups) == ["false", "true"]
    deep = next(each for each in inner.groups if each.label.value == "true")
    (row,) = members(Wish.of(QueryDict(deep.members_query)), SCOPE).rows
    assert row.run.name == "run 1"


@pytest.mark.parametrize("within", ["7", "[1]", "{}", "true"])
def test_what_names_no_group_of_commits_is_refused(within: str) -> None:
    with pytest.raises(Invalid, match="names no group of commit"):
        shown(group="commit", within=within)


def test_files_have_the_whole_hash_and_papers_the_beginning(browser: Client) -> None:
    query = {"cols": "commit,dirty,package.torch", "q": "package.torch exists"}

    def exported(name: str) -> str:
        answer: Any = browser.get("/runs/export", query | {"format": name})
        return b"".join(answer.streaming_content).decode()

    assert exported("csv").splitlines()[1].split(",")[1:] == [HASH, "false", "2.4.0"]
    assert f"& {HASH[:10]} &" in exported("tex")


def test_the_picker_counts_them_and_offers_packages_that_runs_have() -> None:
    told = dict(picking.choices(wish(), "", SCOPE).groups)
    assert [(each.key, each.count) for each in told["code"]] == [
        *(("commit", 2), ("branch", 2), ("dirty", 2), ("python", 1)),
    ]
    assert [(each.key, each.count) for each in told["package"]] == [("package.torch", 1)]
    assert (told["system"][0].key, told["system"][0].count) == ("gpu", 1)
    assert not {"commit", "gpu"} & {each.key for each in told["fixed"]}


def test_comparisons_and_charts_have_them(runs: list[Run]) -> None:
    some = list(Run.objects.filter(pk__in=[run.pk for run in runs[:3]]).order_by("pk"))
    names = ["commit", "dirty", "package.torch"]
    assert [each.values for each in comparing.of_runs(names, some)] == [
        *([HASH, HASH, None], ["false", "true", None], ["2.4.0", None, None]),
    ]
    assert charting.values(newest(some), names)[:2] == [
        {"commit": HASH, "dirty": False, "package.torch": "2.4.0"},
        {"commit": HASH, "dirty": True, "package.torch": None},
    ]


@pytest.mark.parametrize("name", ["package.mine", "package.", "packages.torch"])
def test_a_package_that_is_not_kept_is_no_column(name: str, runs: list[Run]) -> None:
    assert shown(cols=f"name,{name}").unknown
    with pytest.raises(Invalid, match=r"package\.NAME"):
        comparing.of_runs([name], runs)
    with pytest.raises(Invalid, match=r"package\.NAME"):
        charting.values(newest(runs), [name])
