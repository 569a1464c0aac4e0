"""The compare page's server side: which runs, what differs, what can be taken along."""

import json
import os
from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from dashboard.comparing import asked, chosen, columns, grids, numbers, parts
from dashboard.comparing.asked import Asked
from dashboard.comparing.directions import Directions
from dashboard.differences import flat
from dashboard.models import Selection
from runs import documents, storage, streams
from runs.models import Run
from tests.dashboard.conftest import NAN, begin, run_of
from tests.jobs import factories
from tests.runs.factories import line, make_direct_run, make_run

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def run_with(config: dict[str, Any] | None = None, **series: list[float]) -> Run:
    run = make_run(config=config or {}, name="mlp")
    steps = max(map(len, series.values()), default=0)
    lines = [
        line(
            step=step, **{key: values[step] for key, values in series.items() if step < len(values)}
        )
        for step in range(steps)
    ]
    streams.append(run, 1, "metrics.jsonl", offset=0, data=b"".join(lines))
    return run


def wanted(**query: str) -> Asked:
    told = QueryDict(mutable=True)
    told.update(query)
    return Asked.of(told)


def found(**query: str) -> chosen.Chosen:
    return chosen.chosen(wanted(**query), person="ada", now=NOW)


def get(browser: Client, path: str, runs: list[Run], **query: str) -> Any:
    keys = ",".join(run.key for run in runs)
    return browser.get(f"/compare/{path}", {"runs": keys, **query})


class TestWhichRuns:
    def test_any_number_of_them_in_the_order_of_the_url(self) -> None:
        runs = [make_run() for _ in range(40)]
        keys = [run.key for run in reversed(runs)]
        assert found(runs=",".join([*keys, keys[0]])).keys == keys

    def test_those_that_are_gone_or_in_the_trash_are_named(self) -> None:
        run = run_with()
        gone = make_direct_run(1)
        Run.objects.filter(pk=gone.pk).update(trashed_at=NOW)
        told = found(runs=f"{run.key},{gone.key},job-999999")
        assert (told.keys, told.missing) == ([run.key], [gone.key, "job-999999"])

    def test_a_stored_selection_means_its_runs(self) -> None:
        runs = [run_with(), run_with()]
        keys = [runs[1].key, runs[0].key, "job-999999"]
        Selection.objects.create(key="abc", runs=keys, created_at=NOW)
        told = found(sel="abc")
        assert (told.keys, told.missing) == (keys[:2], ["job-999999"])

    def test_an_unknown_or_odd_selection_is_told(self) -> None:
        Selection.objects.create(key="odd", runs={"no": "list"}, created_at=NOW)
        assert "no selection 'zzz'" in found(sel="zzz").trouble
        assert found(sel="odd").keys == []

    def test_a_filter_means_what_it_finds(self) -> None:
        run_with({"lr": 0.5})
        low = run_with({"lr": 0.1})
        assert found(q="lr<0.3").keys == [low.key]

    def test_a_filter_that_finds_very_many_shows_the_first_and_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for lr in (1, 2, 3):
            run_with({"lr": lr})
        monkeypatch.setattr(chosen, "MOST", 2)
        told = found(q="lr>0")
        assert (len(told.keys), told.trouble) == (2, "Only the first 2 runs that match are here.")

    @pytest.mark.parametrize("text", ["lr<", "(((", '"', "a:b:c:<>"])
    def test_a_filter_that_cannot_be_read_says_why(self, text: str) -> None:
        run_with()
        told = found(q=text)
        assert told.keys == [] or told.trouble == ""
        assert told.trouble or told.keys is not None

    def test_they_can_be_sorted_by_columns_those_without_a_value_last(self) -> None:
        runs = [
            run_with({"lr": lr}, loss=loss) for lr, loss in ((1, [3.0]), (1, [1.0]), (2, [2.0]))
        ]
        bare = run_with()
        keys = ",".join(run.key for run in [bare, *runs])
        up = found(runs=keys, sort="metric.loss:min").keys
        down = found(runs=keys, sort="-config.lr,metric.loss").keys
        assert up == [runs[1].key, runs[2].key, runs[0].key, bare.key]
        assert down == [runs[2].key, runs[1].key, runs[0].key, bare.key]

    def test_a_column_that_is_none_leaves_them_unsorted_and_says_so(self) -> None:
        run = run_with()
        told = found(runs=run.key, sort="nonsense")
        assert told.keys == [run.key]
        assert "there is no column 'nonsense'" in told.trouble

    def test_a_comma_in_a_key_is_one_element(self) -> None:
        assert asked.listed("a,b%2Cc,,a, d ") == ["a", "b,c", "d"]

    def test_the_page_costs_the_same_for_two_runs_or_nine(
        self, browser: Client, django_assert_max_num_queries: Any
    ) -> None:
        runs = [run_with({"lr": n}, loss=[1.0]) for n in range(9)]
        for some in (runs[:2], runs):
            with django_assert_max_num_queries(8):
                page = get(browser, "", some).content.decode()
            assert f'data-count="{len(some)}"' in page
            for part in parts.NAMES:
                with django_assert_max_num_queries(12):
                    told = get(browser, "part.json", some, part=part).json()
                assert len(told["runs"]) == len(some)


class TestWhatDiffers:
    def test_keys_are_flat_and_a_run_without_one_differs(self) -> None:
        runs = [run_with({"opt": {"lr": 1, "name": "adam"}}), run_with({"opt": {"lr": 1}})]
        rows = {row.key: row for row in parts.part("config", runs).rows}
        assert (rows["opt.lr"].differs, rows["opt.name"].differs) == (False, True)
        assert rows["opt.name"].cells == ["adam", None]

    @pytest.mark.parametrize(
        ("left", "right", "differs"),
        [
            (1, 1.0, False),
            (1, "1", True),
            (True, 1, True),
            (None, "null", True),
            ("", None, True),
            (0.1 + 0.2, 0.3, True),
            ("a", "a ", True),
            ([1, 2], [1, 2], False),
        ],
    )
    def test_values_differ_when_they_read_differently(
        self, left: Any, right: Any, differs: bool
    ) -> None:
        assert (grids.text_of(left) != grids.text_of(right)) is differs

    def test_a_cell_is_a_place_among_the_texts_of_its_row(self) -> None:
        row = grids.Row("k", ["a", None, "b", "a"])
        told = {"key": "k", "differs": True, "texts": ["a", "b"], "cells": [0, -1, 1, 0]}
        assert grids.as_json([row]) == [told]

    def test_packages_are_compared_key_by_key_under_one_name(self) -> None:
        runs = [run_with(), run_with(), run_with()]
        documents.put(runs[0], 1, "requirements.txt", b"Numpy==1.0\nruamel.yaml==0.1\n# no\n\n")
        documents.put(
            runs[1], 1, "requirements.txt", b"numpy==2.0\nruamel_yaml==0.1\nx @ git+ssh\n"
        )
        rows = {row.key: row for row in parts.part("packages", runs).rows}
        assert rows["numpy"].cells == ["1.0", "2.0", None]
        assert rows["ruamel-yaml"].cells == ["0.1", "0.1", None]
        assert rows["x"].cells == [None, "@ git+ssh", None]

    def test_commit_branch_and_dirt_are_compared(self) -> None:
        runs = [run_with(), run_with()]
        for run, dirty in zip(runs, (True, False), strict=True):
            facts = {"commit": "c0ffee", "branch": "main", "dirty": dirty, "untracked": ["a", "b"]}
            documents.put(run, 1, "git.json", json.dumps(facts).encode())
        rows = {row.key: row for row in parts.part("git", runs).rows}
        assert [key for key, row in rows.items() if row.differs] == ["dirty"]
        assert rows["untracked"].cells == ["a, b", "a, b"]

    def test_values_of_the_environment_are_never_shown(self) -> None:
        worker = factories.make_worker("node1", gpus=4)
        runs = [
            run_of(begin(worker, env={"KEY": value})) for value in ("s3cret", "s3cret", "other")
        ]
        rows = {row.key: row for row in parts.part("environment", runs).rows}
        assert rows["env.KEY"].cells == ["hidden value 1", "hidden value 1", "hidden value 2"]
        assert "s3cret" not in json.dumps(grids.as_json(rows.values()))
        assert rows["worker"].cells == ["node1"] * 3

    @pytest.mark.parametrize("name", ["requirements.txt", "meta.json", "git.json"])
    def test_a_link_in_place_of_a_file_is_said_and_not_followed(self, name: str) -> None:
        run = run_with()
        path = storage.document_path(run, 1, name)
        secret = path.parent / "secret"
        secret.write_text('{"python": "s3cret", "commit": "s3cret"}\ns3cret==1\n')
        path.symlink_to(secret)
        part = {"requirements.txt": "packages", "meta.json": "environment", "git.json": "git"}[name]
        told = parts.part(part, [run])
        assert told.trouble == [(run.key, f"{name} is not a plain file")]
        assert "s3cret" not in str(told.rows)

    @pytest.mark.parametrize("data", [b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"null"])
    def test_a_file_that_is_no_object_is_said(self, data: bytes) -> None:
        run = run_with()
        storage.prepare(run, 1)
        path = storage.document_path(run, 1, "git.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        told = parts.part("git", [run])
        assert told.rows == []
        assert told.trouble[0][0] == run.key
        assert "git.json is no JSON" in told.trouble[0][1]

    def test_a_huge_file_and_a_pipe_are_said(self) -> None:
        huge, pipe = run_with(), run_with()
        with storage.document_path(huge, 1, "requirements.txt").open("wb") as file:
            file.truncate(documents.LIMIT + 1)
        os.mkfifo(storage.document_path(pipe, 1, "requirements.txt"))
        told = parts.part("packages", [huge, pipe])
        assert [run for run, _ in told.trouble] == [huge.key, pipe.key]
        assert "more than" in told.trouble[0][1]

    def test_a_table_that_is_none_is_not_there(self, browser: Client) -> None:
        answer = get(browser, "part.json", [run_with()], part="<i>")
        assert answer.status_code == 404
        assert "there is no table" in answer.json()["detail"]


class TestMetrics:
    def test_last_extremes_and_the_first_nan_of_each_run(self, browser: Client) -> None:
        runs = [run_with(loss=[3.0, 1.0, 2.0]), run_with(loss=[1.0, NAN, NAN]), run_with()]
        (row,) = get(browser, "part.json", runs, part="metrics").json()["rows"]
        assert (row["key"], row["guess"]) == ("loss", "min")
        assert row["last"] == [2.0, "NaN", None]
        assert (row["min"], row["max"]) == ([1.0, 1.0, None], [3.0, 1.0, None])
        assert row["nan"] == [[1, 1, 2]]

    def test_of_several_writers_the_main_ones_number_is_shown(self) -> None:
        run = run_with(loss=[4.0])
        for name in ("r1", "r10"):
            data = line(step=0, loss=9, acc=int(name[1:]))
            streams.append(run, 1, f"metrics.{name}.jsonl", offset=0, data=data)
        told = {each.key: each.numbers[run.pk].last for each in numbers.lines([run])}
        assert told == {"loss": 4, "acc": 1}

    def test_somebody_may_decide_otherwise(self) -> None:
        told = Directions.of(down=["acc"], up=["loss", "x"], flat=["x"])
        assert [told.of_key(key) for key in ("acc", "loss", "x", "err")] == [
            "min",
            "max",
            "",
            "min",
        ]

    def test_the_best_is_the_last_where_nothing_is_better(self) -> None:
        run = run_with(loss=[3.0, 1.0, 2.0], lr=[3.0, 1.0, 2.0])
        names = ["metric.loss:best", "metric.lr:best", "metric.loss", "metric.gone:max"]
        assert [each.values for each in columns.of_runs(names, [run])] == [
            [1.0],
            [2.0],
            [2.0],
            [None],
        ]

    @pytest.mark.parametrize("name", ["", "config.", "metric.", "x.y", "key", "metric"])
    def test_a_column_that_is_none_is_refused(self, name: str, browser: Client) -> None:
        answer = get(browser, "parallel.json", [run_with()], axes=quote(name) or "%20x")
        assert answer.status_code == 400
        assert "there is no column" in answer.json()["detail"]

    def test_a_config_is_flattened_once_for_all_of_its_columns(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = []

        def counted(config: dict[str, Any]) -> dict[str, Any]:
            calls.append(config)
            return flat(config)

        monkeypatch.setattr(columns, "flat", counted)
        runs = [run_with({"a": 1, "b": {"c": 2}}), run_with({"a": 3})]
        found = columns.of_runs(["config.a", "config.b.c", "config.gone"], runs)
        assert [each.values for each in found] == [[1, 3], [2, None], [None, None]]
        assert len(calls) == 2

    def test_more_axes_than_can_be_told_apart_are_refused(self, browser: Client) -> None:
        axes = ",".join(f"config.k{n}" for n in range(51))
        answer = get(browser, "parallel.json", [run_with()], axes=axes)
        assert answer.status_code == 400
        assert "at most 50 axes, and not 51" in answer.json()["detail"]
