"""Exports that somebody else made: no link in them is followed, nothing is lost in silence, one ends no other."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Call

SECRET = "the owner's key"
DIRECT = "local-20300101-120000-abcdef"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A direct run and a job's run of two attempts, as folders; what is secret lies beside them."""
    (tmp_path / "home" / "keys").mkdir(parents=True)
    for name in ("keys/id", "config.json"):
        (tmp_path / "home" / name).write_text(json.dumps({"secret": SECRET}))
    direct, job = tmp_path / "backup" / DIRECT, tmp_path / "backup" / "job-7"
    for folder in (direct / "artifacts", job / "attempts" / "1", job / "attempts" / "2"):
        folder.mkdir(parents=True)
    (direct / "meta.json").write_text('{"status": "completed", "name": "direct"}')
    (direct / "metrics.jsonl").write_text('{"_idx":0,"loss":1}\n')
    (direct / "artifacts" / "model.bin").write_text("weights")
    said = {"form": 1, "id": "job-7", "attempt": 2, "status": "completed", "name": "job"}
    (job / "run.json").write_text(json.dumps(said))
    return tmp_path / "backup"


def brought(path: Path, call: Call, code: int = 0) -> tuple[dict[str, Any], str]:
    """What came in, by name, and what was said of the rest."""
    done = call("import", "runs", str(path), "--json")
    assert done.returncode == code, done.stderr
    return {each["name"]: each for each in json.loads(done.stdout)}, done.stderr


def link(path: Path, target: Path) -> None:
    if path.is_dir():
        path.rename(path.with_name("moved"))
    path.unlink(missing_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (f"{DIRECT}/metrics.jsonl", "keys/id"),
        (f"{DIRECT}/output.log", "keys/id"),
        (f"{DIRECT}/config.json", "config.json"),
        (f"{DIRECT}/meta.json", "config.json"),
        (f"{DIRECT}/artifacts", "keys"),
        ("job-7/run.json", "config.json"),
        ("job-7/attempts", "keys"),
        ("job-7/attempts/2", "keys"),
    ],
)
def test_a_run_with_a_link_in_it_stays_outside_and_costs_no_other(
    quick: Call, backup: Path, tmp_path: Path, name: str, target: str
) -> None:
    link(backup / name, tmp_path / "home" / target)
    taken, said = brought(backup, quick, code=1)
    assert list(taken) == (["job"] if name.startswith(DIRECT) else ["direct"])
    assert name in said
    assert "is a link, behind a link" in said
    assert SECRET not in said
    for path in (tmp_path / ".whirr").rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or SECRET not in path.read_text()


def test_links_and_pipes_among_artifacts_are_left_out_and_named(quick: Call, backup: Path) -> None:
    artifacts = backup / DIRECT / "artifacts"
    (artifacts / "deep").mkdir()
    (artifacts / "deep" / "key").symlink_to(backup.parent / "home" / "keys" / "id")
    (artifacts / "keys").symlink_to(backup.parent / "home" / "keys")
    os.mkfifo(artifacts / "pipe")
    (backup / "linked").symlink_to(backup / DIRECT)
    taken, said = brought(backup, quick)
    assert taken["direct"]["remarks"] == [
        "3 links or the like among its artifacts were left out: deep/key"
    ]
    assert "linked is a link, and was passed over" in said
    kept = Path(".whirr/runs") / DIRECT / "artifacts"
    assert [path.name for path in kept.rglob("*") if not path.is_dir()] == ["model.bin"]


def test_long_names_of_two_writers_stay_two(quick: Call, backup: Path) -> None:
    for end in "ab":
        writer = f"evaluation-on-validation-split-{end}"
        path = backup / "job-7" / "attempts" / "1" / f"metrics.{writer}.jsonl"
        path.write_text(json.dumps({"_idx": 0, "from": end}) + "\n")
    taken, _ = brought(backup, quick)
    streams = sorted((Path(".whirr/runs") / taken["job"]["run"]).glob("metrics.a1-*.jsonl"))
    assert sorted(json.loads(path.read_text())["from"] for path in streams) == ["a", "b"]
    assert all(len(path.name.split(".")[1]) == 32 for path in streams)


def garbled(folder: Path) -> None:
    (folder / "run.json").write_text('{"form": 1, "id": "job-7", "tags": 5}')


def newer(folder: Path) -> None:
    (folder / "run.json").write_text('{"form": 99, "id": "job-7"}')


def climbing(folder: Path) -> None:
    (folder / "run.json").write_text('{"form": 1, "id": "../../x"}')


@pytest.mark.parametrize("harm", [garbled, newer, climbing])
def test_one_run_that_cannot_be_read_costs_no_other(
    quick: Call, backup: Path, harm: Callable[[Path], None]
) -> None:
    (backup / "job-7").rename(backup / "a-first")
    harm(backup / "a-first")
    taken, said = brought(backup, quick, code=1)
    assert list(taken) == ["direct"]
    assert "1 could not be brought in, and left nothing behind" in said
    assert [path.name for path in Path(".whirr/runs").iterdir()] == [DIRECT]


def test_a_table_with_two_columns_of_one_name_is_refused(quick: Call, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,loss,loss\n1,0.5,0.25\n")
    done = quick("import", "csv", "log.csv", "--step", "step")
    assert done.returncode == 1
    assert "several columns 'loss'" in done.stderr
    assert not Path(".whirr").exists()


def test_times_and_steps_that_are_none_count_as_missing(quick: Call, tmp_path: Path) -> None:
    odd = [("1", time) for time in ("nan", "inf", "1e300", "yesterday")]
    rows = [*odd, ("9" * 400, "1e9"), (str(2**64), "1e9"), ("2", "")]
    text = "".join(f"{step},{time},{place}\n" for place, (step, time) in enumerate(rows))
    (tmp_path / "log.csv").write_text("step,when,loss\n" + text)
    done = quick("import", "csv", "log.csv", "--step", "step", "--time", "when", "--json")
    assert done.returncode == 0, done.stderr
    [taken] = json.loads(done.stdout)
    assert taken["remarks"] == [
        "2 rows, the first of them row 6, have no whole number as step, and count from the line before",
        "4 rows, the first of them row 2, have no time as when, and are taken without one",
    ]
    told = (Path(".whirr/runs") / taken["run"] / "metrics.jsonl").read_text().splitlines()
    lines = [json.loads(line) for line in told]
    assert [line["loss"] for line in lines] == list(range(7))
    assert [place for place, line in enumerate(lines) if "_timestamp" in line] == [4, 5]
    assert [place for place, line in enumerate(lines) if "step" in line] == [0, 1, 2, 3, 6]


def test_a_disk_that_is_full_ends_it_at_once(
    quick: Call, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("whirr.importing.folders.write_whole", full)
    done = quick("import", "runs", str(backup))
    assert (done.returncode, done.stderr.count("No space left")) == (1, 1)
