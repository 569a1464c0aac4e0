"""The parts of `make bench-tracking` where a mistake would make figures wrong without anybody's noticing."""

import json
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.measuring import Report, percentile
from benchmarks.trackers import filling, lines, rounds
from benchmarks.trackers.libraries.formats import BLOCK, leveldb_records, tensorflow_records
from benchmarks.trackers.peers import Broken, answer
from benchmarks.trackers.rounds import Facts
from runs.parsing import decode


@dataclass(frozen=True)
class Who:
    name: str


def test_a_percentile_is_a_sample_and_not_below_its_share() -> None:
    hundred = [float(n) for n in range(100, 0, -1)]
    assert [percentile(hundred, share) for share in (50, 99, 100)] == [50, 99, 100]
    assert percentile([7.0], 99) == 7


def test_who_breaks_is_named_with_the_reason_and_has_no_figures() -> None:
    report, asked = Report("test", quick=True), []

    def ask(who: Who) -> Facts:
        asked.append(who.name)
        if who.name == "bad" and len(asked) > 2:
            raise Broken("it lost a point")
        return {"seconds": float(len(asked))}

    report.section("calls")
    found = rounds.taken(report, [Who("good"), Who("bad")], 3, ask)
    assert asked == ["good", "bad", "good", "bad", "good"]
    assert found == {"good": {"seconds": 3.0}}
    assert report.remarks == {"calls": {"bad": "not measured: it lost a point"}}


def test_a_ratio_says_nothing_about_who_was_not_measured() -> None:
    found = {"whirr": {"s": 2.0}, "peer": {"s": 5.0}}
    assert rounds.ratio(found, "peer", "s", to="whirr") == {"times_whirr": 2.5}
    assert rounds.ratio(found, "peer", "s", to="trackio") == {}


def test_lines_are_what_the_library_writes(tmp_path: Path) -> None:
    records = [json.loads(line) for line in lines.metrics(250).splitlines()]
    assert [each["_idx"] for each in records] == [each["step"] for each in records]
    assert len(records) == 250
    assert list(records[-1]) == ["_idx", "_timestamp", "step", "loss", "accuracy"]
    stamps = [each["_timestamp"] for each in records]
    assert stamps == sorted(stamps)
    assert all(len(stamp) == len("2026-01-15T10:30:00.123456Z") for stamp in stamps)
    assert list(decode(lines.metrics(1, keys=1)) or ()) == ["_idx", "_timestamp", "step", "loss"]


def test_torn_records_of_peers_are_not_counted_as_stored() -> None:
    record = struct.pack("<QI", 3, 0) + b"abc" + bytes(4)
    assert tensorflow_records(record * 5) == 5
    assert tensorflow_records((record * 5)[:-1]) == 4


def test_records_of_wandb_are_put_together_across_blocks() -> None:
    first = bytes(BLOCK - 7 - 7 - 3)  # leaves three bytes, too few for the next one's head
    data = b":W&B..." + _piece(first, 1) + bytes(3)
    data += _piece(b"half", 2) + _piece(b" whole", 4) + _piece(b"torn", 1)[:-1]
    assert list(leveldb_records(data)) == [first, b"half whole"]


def _piece(data: bytes, kind: int) -> bytes:
    return struct.pack("<IHB", 0, len(data), kind) + data


def test_a_copied_row_differs_only_where_it_was_told_to() -> None:
    with sqlite3.connect(":memory:") as opened:
        opened.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, run INTEGER, key TEXT, data BLOB)")
        opened.executemany(
            "INSERT INTO t (run, key, data) VALUES (?, ?, ?)", [(1, "a", b"\0"), (2, "b", b"")]
        )
        filling.insert(opened, "t", {"run": 9}, {"run": 1})
        assert opened.execute("SELECT run, key, data FROM t WHERE id = 3").fetchone() == (
            9,
            "a",
            b"\0",
        )


def test_what_a_library_says_before_its_figures_is_passed_over() -> None:
    assert answer('* Run finished.\n\n{"points": 3}\n') == {"points": 3}
    for printed in ("", "no figures", "[1]"):
        with pytest.raises(Broken):
            answer(printed)
