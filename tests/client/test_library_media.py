"""Texts, tables, histograms and alerts: each is one line of events.jsonl, and large ones are files."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client.projects import begin, events, lines, only_event

pytestmark = pytest.mark.usefixtures("project")


def test_a_text_is_a_line() -> None:
    run = begin()
    run.log_text("answer", "line one\nµ 🙂", step=3)
    assert only_event(run) == {
        "step": 3, "type": "text", "key": "answer", "text": "line one\nµ 🙂",
    }  # fmt: skip
    assert lines(run) == []


def test_an_alert_is_a_line() -> None:
    run = begin()
    run.alert("diverged", "loss is NaN", level="error")
    assert only_event(run) == {
        "type": "alert", "key": "diverged", "title": "diverged", "text": "loss is NaN", "level": "error",
    }  # fmt: skip
    run.alert("odd", level="loud")  # it is heard all the same
    assert (events(run)[1]["level"], run.dropped) == ("warning", 1)


class Frame:
    """As pandas has it."""

    columns = ("name", "acc")

    def itertuples(self, *, index: bool, name: None) -> list[tuple[str, float]]:
        return [("a", 0.5)]


@pytest.mark.parametrize(
    ("wish", "columns", "rows"),
    [
        (
            {"columns": ["a", 1], "rows": [[1, "x"], (None, 2.5)]},
            ["a", "1"],
            [[1, "x"], [None, 2.5]],
        ),
        ({"data": [{"a": 1}, {"b": True}]}, ["a", "b"], [[1, None], [None, True]]),
        ({"data": [[1, 2]], "columns": ["a", "b"]}, ["a", "b"], [[1, 2]]),
        ({"data": {"a": [1, 2], "b": [3, 4]}}, ["a", "b"], [[1, 3], [2, 4]]),
        ({"data": Frame()}, ["name", "acc"], [["a", 0.5]]),
        ({"columns": ["a"], "rows": []}, ["a"], []),
        ({"columns": ["a"], "rows": [[[1, {"b": 2}]]]}, ["a"], [['[1,{"b":2}]']]),
    ],
)
def test_a_table_is_a_line(wish: dict[str, Any], columns: list[str], rows: list[Any]) -> None:
    run = begin()
    run.log_table("results", **wish, step=1)
    assert only_event(run) == {
        "step": 1, "type": "table", "key": "results", "columns": columns, "rows": rows,
    }  # fmt: skip


def test_a_large_table_is_a_file_and_what_is_over_the_limit_is_counted() -> None:
    run = begin()
    run.log_table("large", columns=["n", "text"], rows=[[n, "x" * 30] for n in range(10_002)])
    event = only_event(run)
    assert set(event) == {"type", "key", "file"}
    kept = json.loads((run.dir / "artifacts" / event["file"]).read_text())
    assert (kept["columns"], len(kept["rows"]), kept["rows"][9999][0]) == (
        ["n", "text"],
        10_000,
        9999,
    )
    assert run.dropped == 1


class LongFrame:
    """As pandas has it."""

    columns = ("n",)

    def __init__(self) -> None:
        self.asked = 0

    def __len__(self) -> int:
        return 3_000_000

    def itertuples(self, *, index: bool, name: None) -> Iterator[tuple[int]]:
        assert not index
        for number in range(len(self)):
            self.asked += 1
            yield (number,)


def test_of_a_table_without_end_the_first_rows_are_taken(caplog: pytest.LogCaptureFixture) -> None:
    run = begin()
    frame = LongFrame()
    run.log_table("frame", frame)
    rows = iter([n] for n in range(3_000_000))
    run.log_table("rows", columns=["n"], rows=rows)
    run.log_table("lists", {"a": range(10_003), "b": range(10_002)})
    assert (frame.asked, next(rows)) == (10_001, [10_001])
    for event in events(run):
        kept = event
        if "file" in event:
            kept = json.loads((run.dir / "artifacts" / event["file"]).read_text())
        assert [row[0] for row in kept["rows"]] == list(range(10_000))
    said = [record.getMessage() for record in caplog.records]
    assert ["2990000 rows" in said[0], "after its first 10000" in said[1], "last 2" in said[2]] == [
        True
    ] * 3
    assert run.dropped == 3


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"columns": ["a"]},
        {"columns": [], "rows": []},
        {"columns": ["a"], "rows": [[1, 2]]},
        {"data": [[1]], "rows": [[1]]},
        {"data": [1, 2]},
        {"data": 7},
        {"columns": ["a"], "rows": [7]},
    ],
)
def test_what_is_no_table_is_counted(wish: dict[str, Any]) -> None:
    run = begin()
    run.log_table("bad", **wish)
    assert run.dropped == 1


def test_values_are_counted_into_bins() -> None:
    run = begin()
    run.log_histogram("h", [0, 1, 1, 4, float("nan")], bins=4, step=2)
    event = only_event(run)
    assert (event["edges"], event["counts"]) == ([0.0, 1.0, 2.0, 3.0, 4.0], [1, 2, 0, 1])
    assert (event["nonfinite"], event["step"]) == (1, 2)
    run.log_histogram("same", [3, 3], bins=2)
    assert (events(run)[1]["edges"], events(run)[1]["counts"]) == ([2.5, 3.0, 3.5], [0, 2])
    run.log_histogram("given", edges=[0, 0.5, 1], counts=[3, 4])
    assert (events(run)[2]["edges"], events(run)[2]["counts"]) == ([0, 0.5, 1], [3, 4])


def test_bins_are_those_of_numpy() -> None:
    numpy = pytest.importorskip("numpy")
    values = numpy.random.default_rng(1).normal(size=(20, 50))
    run = begin()
    run.log_histogram("numpy", values)
    run.log_histogram("plain", values.tolist())
    fast, plain = events(run)
    assert plain["edges"] == pytest.approx(fast["edges"])
    assert (plain["counts"], sum(plain["counts"])) == (fast["counts"], 1000)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"values": []},
        {"values": [float("nan")]},
        {"values": ["x"]},
        {"values": 7j},
        {"values": [1], "bins": 0},
        {"values": [1], "bins": 513},
        {"values": [1], "edges": [0, 1]},
        {"edges": [0, 1]},
        {"edges": [0, 1], "counts": [1, 2]},
        {"edges": [1, 0], "counts": [1]},
        {"edges": [0, float("inf")], "counts": [1]},
        {"edges": [0, 1], "counts": [-1]},
    ],
)
def test_what_is_no_histogram_is_counted(wish: dict[str, Any]) -> None:
    run = begin()
    run.log_histogram("bad", **wish)
    assert run.dropped == 1
    assert not (run.dir / "events.jsonl").exists()


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_name_that_the_server_cannot_keep_is_counted(key: str) -> None:
    run = begin()
    run.log_text(key, "text")
    run.log({"x" * 256: 1})
    assert run.dropped == 2


def test_a_text_over_the_limit_is_cut_and_counted() -> None:
    run = begin()
    run.log_text("long", "🙂" * 100_000)
    text = only_event(run)["text"]
    assert set(text) == {"🙂"}
    assert 200_000 < 12 * len(text) < 256 * 1024
    assert run.dropped == 1


def test_what_comes_after_the_end_is_counted() -> None:
    run = begin()
    run.finish()
    run.log_text("late", "text")
    assert run.dropped == 1
    assert not (run.dir / "events.jsonl").exists()
