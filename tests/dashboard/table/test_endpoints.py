"""What the scripts of the runs page ask for: columns, completions, ids, files."""

import csv
import io
from datetime import timedelta
from typing import Any

import pyarrow.parquet as parquet
import pytest
from django.test import Client
from django.utils import timezone

from dashboard.models import Selection
from dashboard.table import selections
from runs.models import Run
from tests.dashboard.conftest import NAN, begin, log
from tests.jobs import factories
from tests.jobs.factories import NOON

pytestmark = pytest.mark.django_db


def completed(browser: Client, q: str, at: int | None = None) -> dict[str, Any]:
    query: dict[str, Any] = {"q": q} | ({} if at is None else {"at": at})
    return dict(browser.get("/runs/complete.json", query).json())


@pytest.mark.parametrize(
    ("q", "texts"),
    [
        ("", ["id:", "name:"]),
        ("sta", ["state:", "started:"]),
        ("-sta", ["state:"]),
        ("(los", ["loss"]),
        ("mod", ["model"]),
        ("opt", ["opt.lr"]),
        ("state:f", ["failed"]),
        ("state in (completed, ru", ["running"]),
        ("user:", ["me", "bo", "ada"]),
        ("tag:t", ["t"]),
        ("worker:no", ["node1"]),
        ("model=", ["b", "a"]),
        ("config.model:a", ["a"]),
        ("created>", ["-1h", "today"]),
        ("loss<", []),
        ("reason:o", ["ok", "oom"]),
        ('name:"run', ['"run 5"']),
        ("zzzz", []),
    ],
)
def test_completions_fit_where_the_cursor_is(
    q: str, texts: list[str], browser: Client, six: list[Run]
) -> None:
    found = completed(browser, q)
    offered = [item["text"] for item in found["items"]]

    assert set(texts) <= set(offered) and bool(texts) == bool(offered)
    assert found["to"] == len(q)


def test_what_is_replaced_is_the_word_at_the_cursor(browser: Client, six: list[Run]) -> None:
    found = completed(browser, "sta:x lr>0", 3)

    assert (found["from"], found["to"]) == (0, 3)
    assert completed(browser, "state:fai")["from"] == 6
    wrong = completed(browser, "a) b")
    assert wrong["error"] == {"at": 1, "length": 1, "detail": "this parenthesis closes nothing",
                              "hint": "take it away, or open one before"}  # fmt: skip
    assert browser.get("/runs/complete.json?q=a&at=x").status_code == 404
    assert completed(browser, "x" * 5000)["items"] == []


def test_keys_that_mean_two_things_are_completed_in_full(browser: Client) -> None:
    worker = factories.make_worker("node1", gpus=8)
    log(begin(worker, config={"loss": 1, "name": 2, "a b": 3}), loss=[1.0])
    offered = {item["text"] for item in completed(browser, "")["items"]}
    offered |= {item["text"] for item in completed(browser, "loss")["items"]}

    assert {"loss", "metric.loss", "config.name", 'config."a b"'} <= offered


def test_the_picker_lists_columns_by_kind_with_their_counts(
    browser: Client, six: list[Run]
) -> None:
    told = browser.get("/runs/columns.json", {"q": "model=a"}).json()
    groups = {
        group["kind"]: {each["key"]: each.get("count") for each in group["columns"]}
        for group in told["groups"]
    }

    assert groups["config"] == {"model": 3, "opt.lr": 3, "seed": 3} or groups["config"] == {
        "config.model": 3, "config.opt.lr": 3, "config.seed": 3,
    }  # fmt: skip
    assert groups["metric"] == {"metric.loss": 3}
    assert "state" in groups["fixed"]
    assert groups["code"] == {"commit": 0, "branch": 0, "dirty": 0, "python": 0}
    assert groups["package"] == {}
    assert (told["more"], told["looked_at"], told["runs"]) == (0, 3, 3)
    found = browser.get("/runs/columns.json", {"find": "OPT"}).json()["groups"]
    assert [each["key"] for group in found for each in group["columns"]] == ["config.opt.lr"]
    assert browser.get("/runs/columns.json", {"q": "stat:x"}).status_code == 400


def test_ids_come_in_the_order_of_the_table(browser: Client, six: list[Run]) -> None:
    told = browser.get(
        "/runs/ids.json", {"q": "user:ada", "sort": "metric.loss", "limit": "2"}
    ).json()

    assert told == {"runs": [six[0].key, six[2].key], "count": 3}
    assert browser.get("/runs/ids.json", {"limit": "x"}).status_code == 404
    assert browser.get("/runs/ids.json", {"q": "("}).status_code == 400


def test_ids_that_somebody_has_are_asked_for_by_themselves(browser: Client, six: list[Run]) -> None:
    Run.objects.filter(pk=six[1].pk).update(trashed_at=NOON)
    runs = ",".join([six[2].key, "job-99999999", six[1].key, six[0].key])

    told = browser.get("/runs/ids.json", {"runs": runs}).json()

    assert told == {"runs": [six[2].key, six[0].key], "count": 2}


def test_a_selection_that_nobody_uses_is_taken_away(six: list[Run]) -> None:
    now = timezone.now()
    old, used, new = (selections.keep([run.key], now=now) for run in six[:3])
    Selection.objects.filter(pk__in=[old.pk, used.pk]).update(used_at=now - timedelta(days=31))
    selections.runs_of(used.key)

    selections.keep([six[3].key], now=now)

    assert not Selection.objects.filter(pk=old.pk).exists()
    assert Selection.objects.filter(pk__in=[used.pk, new.pk]).count() == 2


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ("", "name at least one"),
        ("../x", "no id of a run"),
        (",".join(f"job-{n}" for n in range(10_001)), "at most 10000 runs"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(runs: str, said: str, browser: Client) -> None:
    answer = browser.post("/selections", {"runs": runs}, HTTP_ACCEPT="application/json")

    assert (answer.status_code, said in answer.json()["detail"].lower()) == (400, True)


def exported(browser: Client, **query: str) -> bytes:
    answer = browser.get("/runs/export", query)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


def test_csv_has_all_rows_whatever_the_page_shows(browser: Client, six: list[Run]) -> None:
    rows = table(
        exported(
            browser,
            q="user:ada",
            sort="metric.loss",
            cols="name,metric.loss,tags",
            size="1",
            page="9",
        )
    )

    assert rows[0] == ["id", "name", "metric.loss", "tags"]
    assert rows[1:] == [[six[n].key, f"run {n}", f"{n}.0", "t"] for n in (0, 2, 4)]


def test_texts_that_a_spreadsheet_would_run_begin_with_an_apostrophe(browser: Client) -> None:
    attempt = begin(name="=cmd()", config={"+x": "@y", "n": -1})
    log(attempt, loss=[NAN])
    rows = table(exported(browser, cols="name,config.%2Bx,config.n,metric.loss"))

    assert rows[1][1:] == ["'=cmd()", "'@y", "-1", "NaN"]


def test_groups_are_exported_with_mean_deviation_and_count(browser: Client, six: list[Run]) -> None:
    rows = table(exported(browser, group="config.model,user", cols="metric.loss", sort="user"))

    assert rows[0] == [
        "config.model",
        "user",
        "runs",
        "metric.loss",
        "metric.loss std",
        "metric.loss n",
    ]
    assert ["a", "ada", "2", "1.0", "1.4142135623730951", "2"] in rows
    assert ["a", "bo", "1", "1.0", "", "1"] in rows


def test_latex_escapes_what_came_from_outside(browser: Client, six: list[Run]) -> None:
    begin(name=r"50% & {x}_1 \input{y} ~^", config={"model": "c"})
    text = exported(browser, format="tex", cols="name,metric.loss").decode()
    groups = exported(browser, format="tex", group="config.model", cols="metric.loss").decode()

    assert (
        r"50\% \& \{x\}\_1 \textbackslash{}input\{y\} \textasciitilde{}\textasciicircum{} & -- \\"
        in text
    )
    assert r"a & $3$ & $1$ $\pm$ $1$ \\" in groups
    assert "\\begin{tabular}{" in groups


def test_parquet_keeps_numbers_and_times_as_such(browser: Client, six: list[Run]) -> None:
    data = exported(
        browser, format="parquet", cols="name,started,duration,metric.loss,config.model,config.seed"
    )
    found = parquet.read_table(io.BytesIO(data))

    kinds = {field.name: str(field.type) for field in found.schema}
    assert kinds["metric.loss"] == kinds["duration"] == kinds["config.seed"] == "double"
    assert kinds["started"].startswith("timestamp")
    assert found.column("metric.loss").to_pylist() == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]


def test_chosen_runs_alone_are_exported(browser: Client, six: list[Run]) -> None:
    rows = table(exported(browser, runs=f"{six[0].key},{six[3].key}", cols="name"))

    assert [row[1] for row in rows[1:]] == ["run 3", "run 0"]


@pytest.mark.parametrize(
    "query", [{"format": "exe"}, {"q": "("}, {"within": "1"}, {"group": "state", "within": "7"}]
)
def test_an_export_that_cannot_be_meant_is_refused(
    query: dict[str, str], browser: Client, six: list[Run]
) -> None:
    assert browser.get("/runs/export", query).status_code == 400
    assert browser.get("/runs/export", {"sel": "nothing"}).status_code == 404
