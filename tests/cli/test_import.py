"""What other trackers recorded becomes ordinary runs: every point, once, and nothing is left out in silence."""

import json
import math
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tensorboardX import SummaryWriter
from tensorboardX.event_file_writer import EventFileWriter
from tensorboardX.proto import event_pb2, summary_pb2, tensor_pb2

from tests.cli.command import Call
from whirr.importing import protobuf, records

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Two runs of the real writer; the inner one has parameters."""
    folder = tmp_path / "logs"
    with SummaryWriter(str(folder / "first")) as writer:
        for step in range(100):
            writer.add_scalar("train/loss", 1 / (step + 1), step, walltime=1_750_000_000.5 + step)
        writer.add_scalar("odd", math.inf, 2**40)
        writer.add_text("note", "hello **you**", 1)
        writer.add_histogram("weights", [0.0, 1.0, 1.0, 2.0], 3)
        writer.add_hparams({"lr": 0.1, "kind": "adam", "flag": True}, {"hp": 0.5})
    return folder


def brought(*args: str | Path, call: Call, code: int = 0) -> list[dict[str, Any]]:
    done = call("import", *map(str, args), "--json")
    assert done.returncode == code, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def lines(run: str, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    path = Path(".whirr/runs") / run / name
    return [json.loads(line) for line in path.read_text().splitlines()]


def document(run: str, name: str = "meta.json") -> dict[str, Any]:
    found = json.loads((Path(".whirr/runs") / run / name).read_text())
    assert isinstance(found, dict)
    return found


def test_each_folder_of_event_files_is_a_run(quick: Call, logdir: Path) -> None:
    first, inner = brought("tensorboard", logdir, "--tags", "a,b", "--project", "p", call=quick)
    assert first["name"] == "first"
    assert inner["name"].startswith("first/")
    meta = document(first["run"])
    assert (meta["tags"], meta["project"], meta["status"]) == (["a", "b"], "p", "completed")
    assert meta["started_at"][:10].replace("-", "") == first["run"].split("-")[1]
    loss = [each for each in lines(first["run"]) if "train/loss" in each]
    single = [struct.unpack("f", struct.pack("f", 1 / (step + 1)))[0] for step in range(100)]
    assert [(each["step"], each["train/loss"]) for each in loss] == list(enumerate(single))
    assert loss[1]["_timestamp"] == "2025-06-15T15:06:41.500000Z"
    [odd] = [each for each in lines(first["run"]) if "odd" in each]
    assert (odd["step"], odd["odd"]) == (2**40, math.inf)
    assert document(inner["run"], "config.json") == {"lr": 0.1, "kind": "adam", "flag": True}


def test_texts_and_histograms_are_events(quick: Call, logdir: Path) -> None:
    first, _ = brought("tensorboard", logdir, call=quick)
    text, histogram = lines(first["run"], "events.jsonl")
    assert (text["type"], text["key"], text["text"]) == ("text", "note", "hello **you**")
    assert (histogram["type"], histogram["step"], sum(histogram["counts"])) == ("histogram", 3, 4)
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    assert histogram["edges"] == sorted(histogram["edges"])


def test_what_tensorflow_2_writes_is_understood(quick: Call, tmp_path: Path) -> None:
    """Tensors with the name of a plugin: scalars, images, texts, and a tag's second value without that name."""
    writer = EventFileWriter(str(tmp_path / "logs"))

    def add(step: int, tag: str, plugin: str, **tensor: Any) -> None:
        value = summary_pb2.Summary.Value(tag=tag, tensor=tensor_pb2.TensorProto(**tensor))
        if plugin:
            value.metadata.plugin_data.plugin_name = plugin
        summary = summary_pb2.Summary(value=[value])
        writer.add_event(event_pb2.Event(wall_time=1e9, step=step, summary=summary))

    add(0, "loss", "scalars", dtype=1, tensor_content=struct.pack("<f", 0.5))
    add(1, "loss", "", dtype=1, float_val=[0.25])
    add(1, "step", "scalars", dtype=2, double_val=[0.1])
    add(2, "pic", "images", dtype=7, string_val=[b"4", b"3", PNG])
    add(3, "said", "text", dtype=7, string_val=[b"a", b"b"])
    add(4, "hist", "histograms", dtype=2, double_val=[0, 1, 5, 1, 2, 0])
    add(5, "curve", "pr_curves", dtype=1, float_val=[1, 2, 3])
    writer.close()
    [taken] = brought("tensorboard", tmp_path / "logs", call=quick)
    values = [{k: v for k, v in line.items() if k[0] != "_"} for line in lines(taken["run"])]
    assert values == [
        {"step": 0, "loss": 0.5},
        {"step": 1, "loss": 0.25},
        {"step": 1, "scalar/step": 0.1},
    ]
    picture, text, histogram = lines(taken["run"], "events.jsonl")
    assert (picture["width"], picture["height"]) == (4, 3)
    assert (Path(".whirr/runs") / taken["run"] / "artifacts" / picture["file"]).read_bytes() == PNG
    assert text["text"] == "a\nb"
    assert (histogram["edges"], histogram["counts"]) == ([0, 1], [5])
    assert any("curve" in remark for remark in taken["remarks"])


def test_importing_twice_doubles_nothing_wherever_the_files_are(
    quick: Call, logdir: Path, tmp_path: Path
) -> None:
    before = brought("tensorboard", logdir, call=quick)
    logdir.rename(tmp_path / "elsewhere")
    again = brought("tensorboard", tmp_path / "elsewhere", call=quick)
    assert [each["run"] for each in again] == [each["run"] for each in before]
    assert not any(each["new"] for each in again)
    assert len(list(Path(".whirr/runs").iterdir())) == 2


@pytest.mark.parametrize(("inside", "kept"), [(30, 99), (2, 50)])
def test_what_a_damaged_file_still_tells_is_taken_and_the_rest_is_named(
    quick: Call, logdir: Path, inside: int, kept: int
) -> None:
    """A flipped byte in a record's content costs that record; one in its length, all that follow."""
    [file] = (logdir / "first").glob("*tfevents*")
    whole = bytearray(file.read_bytes())
    at = 0
    for _ in range(51):  # the first tells the format's version
        at += 16 + struct.unpack_from("<Q", whole, at)[0]
    whole[at + inside] ^= 0xFF
    file.write_bytes(whole)
    first, _ = brought("tensorboard", logdir, call=quick)
    assert len([line for line in lines(first["run"]) if "train/loss" in line]) == kept
    assert any("record 51, at byte" in remark for remark in first["remarks"])


@pytest.mark.parametrize("cut", [1, 11, 13, 40])
def test_a_file_cut_off_anywhere_keeps_what_is_whole(tmp_path: Path, cut: int) -> None:
    writer = EventFileWriter(str(tmp_path))
    for step in range(3):
        writer.add_event(event_pb2.Event(wall_time=1e9, step=step))
    writer.close()
    [file] = tmp_path.iterdir()
    whole = list(records.records(file, pytest.fail))
    file.write_bytes(file.read_bytes()[:-cut])
    found = []
    with pytest.raises(records.Damaged, match="ends within a record"):
        for record in records.records(file, pytest.fail):
            found.append(record)
    assert found == whole[: len(found)]
    assert len(whole) - 3 < len(found) < len(whole)


def test_a_clock_that_tells_nothing_costs_the_time_alone(quick: Call, tmp_path: Path) -> None:
    writer = EventFileWriter(str(tmp_path / "logs"))
    for at, wall_time in enumerate((math.nan, math.inf, 1e300, 1e9)):
        summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="a", simple_value=at)])
        writer.add_event(event_pb2.Event(wall_time=wall_time, step=at, summary=summary))
    writer.close()
    [taken] = brought("tensorboard", tmp_path / "logs", call=quick)
    assert [line["a"] for line in lines(taken["run"])] == [0, 1, 2, 3]
    assert ["_timestamp" in line for line in lines(taken["run"])] == [False, False, False, True]
    assert "times that no clock shows" in taken["remarks"][0]


@pytest.mark.parametrize("data", [b"\xff" * 11, b"\x0a\x7f", b"\x0b", b"\x09\1", b"\x80"])
def test_bytes_that_are_no_message_are_refused_and_end_nothing_else(data: bytes) -> None:
    with pytest.raises(protobuf.Malformed):
        list(protobuf.fields(data))


def test_a_table_is_a_run_with_a_series_a_column(quick: Call, tmp_path: Path) -> None:
    table = tmp_path / "log.csv"
    table.write_text("epoch,when,loss,name,big\n1,1e9,0.5,a,9007199254740993\n2,1e9,nan,b,\n")
    [taken] = brought("csv", table, "--step", "epoch", "--time", "when", call=quick)
    first, second = lines(taken["run"])
    assert (first["step"], first["loss"], first["big"]) == (1, 0.5, 2**53 + 1)
    assert first["_timestamp"] == "2001-09-09T01:46:40.000000Z"
    assert math.isnan(second["loss"])
    assert "big" not in second
    assert "'name'" in taken["remarks"][0]
    [again] = brought("csv", table, "--step", "epoch", call=quick)
    assert (again["run"], again["new"]) == (taken["run"], False)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["tensorboard", "nowhere"], "no folder"),
        (["tensorboard", "."], "no event files"),
        (["csv", "gone.csv", "--step", "a"], "gone.csv"),
        (["csv", "x.csv", "--step", "b"], "no column 'b'"),
        (["runs", "x.csv"], "no exported run"),
        (["runs", "."], "no run in"),
        (["runs", "new.jsonl"], "form 99"),
        (["runs", "bad.jsonl"], "no run id"),
        (["mlflow", "sqlite:///x"], "needs MLflow's client"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    quick: Call, tmp_path: Path, args: list[str], says: str
) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    (tmp_path / "new.jsonl").write_text('{"record":"run","form":99,"run":{"id":"job-1"}}\n')
    (tmp_path / "bad.jsonl").write_text('{"record":"run","form":1,"run":{"id":"../../x"}}\n')
    done = quick("import", *args)
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) <= 2
    assert not (tmp_path / ".whirr" / "runs").exists()


def test_a_disk_that_takes_no_more_leaves_no_half_a_run(
    quick: Call, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("whirr.importing.folders.write_whole", full)
    done: subprocess.CompletedProcess[str] = quick("import", "tensorboard", str(logdir))
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert list(Path(".whirr/runs").iterdir()) == []
