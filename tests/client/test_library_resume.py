"""A run goes on where an earlier process stopped, in the same files, and an id that is none is said at once."""

import json
import os
from pathlib import Path

import pytest

import whirr
from tests.client.projects import begin, events, lines, meta

pytestmark = pytest.mark.usefixtures("project")


def test_a_run_goes_on_where_it_stopped() -> None:
    first = begin(name="one", config={"lr": 1, "seed": 2}, tags=["a"])
    for step in range(3):
        first.log({"loss": step}, step=step)
    first.alert("halfway")
    first.summary({"best": 1})
    first.finish("failed")
    began = meta(first.dir)["started_at"]
    again = begin(resume=first.id, config={"lr": 3}, tags=["b"])
    assert (again.id, again.dir, again.resumed, again.name) == (first.id, first.dir, True, "one")
    assert meta(again.dir)["status"] == "running"
    again.log({"loss": 1}, step=1)  # it goes back to its checkpoint
    again.alert("the end")
    again.finish()
    assert [(line["_idx"], line["step"]) for line in lines(again)] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 1),
    ]
    assert [line["_idx"] for line in events(again)] == [0, 1]
    told = meta(again.dir)
    assert (told["resumed"], told["started_at"], told["status"]) == (1, began, "completed")
    assert (told["tags"], told["summary"]) == (["a", "b"], {"best": 1})
    assert json.loads((again.dir / "config.json").read_text()) == {"lr": 3, "seed": 2}


def test_a_run_id_in_the_environment_begins_or_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHIRR_RUN_ID", "local-20260101-120000-abc123")
    with begin() as first:
        first.log({"a": 1})
    with begin() as second:
        second.log({"a": 2})
    assert (first.id, first.resumed) == ("local-20260101-120000-abc123", False)
    assert (second.dir, second.resumed) == (first.dir, True)
    assert [line["a"] for line in lines(second)] == [1, 2]


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("../../etc", "a run's id is wanted"),
        ("", "a run's id is wanted"),
        (7, "a run's id is wanted"),
        ("job-7", "whirr retry"),
        ("local-20200101-000000-000000", "there is no such run"),
    ],
)
def test_a_run_that_is_none_cannot_go_on(wish: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        begin(resume=wish)
    assert whirr.get_active_run() is None


@pytest.mark.parametrize(
    "named", ["mine", "job-7", "local-2026-1-1", "local-20260101-120000-ABCDEF", "../x"]
)
def test_an_environment_that_names_no_run_is_said_at_once(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_RUN_ID", named)
    with pytest.raises(ValueError, match="WHIRR_RUN_ID"):
        begin()


def test_inside_a_job_another_run_cannot_go_on(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    monkeypatch.setenv("WHIRR_RUN_ID", "job-7")
    assert begin(resume="job-7").id == "job-7"
    with pytest.raises(ValueError, match="inside a job"):
        begin(resume="job-8")


def test_of_a_large_file_only_the_end_is_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take a minute for what a night's training wrote; here it is all holes."""
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    (project / "attempt").mkdir()
    file = project / "attempt" / "metrics.jsonl"
    with file.open("wb") as target:
        target.truncate(40 * 2**30)
        target.seek(0, os.SEEK_END)
        target.write(b'\n{"_idx":41,"a":1}\n{"_idx":42,"a":1}\n{"_idx":43,"a')
    run = begin()
    run.log({"a": 2})
    with file.open("rb") as source:
        source.seek(-200, os.SEEK_END)
        assert b'{"_idx":43,"a\n{"_idx":43,"_timestamp"' in source.read()


def test_lines_of_somebody_else_are_counted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    (project / "attempt").mkdir()
    (project / "attempt" / "metrics.jsonl").write_text('{"loss": 1}\n{"loss": 2}\n')
    run = begin()
    run.log({"loss": 3})
    assert lines(run)[-1]["_idx"] == 2
