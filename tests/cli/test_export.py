"""`whirr export`: whole files where they were asked for, nothing overwritten unasked."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Call
from tests.cli.fake_server import FakeServer

LINES = b'{"record":"run"}\n{"record":"end","lines":1}\n'


def packed(*names: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar with these names in it; each file holds its own name."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, len(name), "/etc/passwd"
            archive.addfile(entry, io.BytesIO(name.encode()))
    return file.getvalue()


@pytest.fixture
def export(quick: Call, server: FakeServer) -> Iterator[Call]:
    for run in ("job-1", "job-2"):
        server.runs.append({"id": run, "tags": []})
        server.exports[run, "jsonl"] = LINES
        server.exports[run, "csv"] = f"run\n{run}\n".encode()
        server.exports[run, "tar"] = packed(f"{run}/run.json", f"{run}/attempts/1/meta.json")
    yield lambda *args: quick("export", *args, WHIRR_SERVER_URL=server.url)


def test_one_run_goes_to_stdout_or_into_a_file(export: Call) -> None:
    assert export("1", "--format", "csv").stdout == "run\njob-1\n"
    assert export("1", "-f", "csv", "-o", "-").stdout == "run\njob-1\n"
    assert export("1", "-f", "csv", "-o", "deep/a.csv").returncode == 0
    assert Path("deep/a.csv").read_text() == "run\njob-1\n"
    assert [path.name for path in Path("deep").iterdir()] == ["a.csv"]


def test_several_runs_go_into_a_folder_or_as_lines_to_stdout(export: Call) -> None:
    assert export("1", "job-2", "1", "-f", "csv", "-o", "out").returncode == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["job-1.csv", "job-2.csv"]
    assert export("1", "2", "-f", "jsonl").stdout.encode() == LINES * 2


def test_all_runs_become_folders(export: Call) -> None:
    assert export("--all", "-o", "backup").returncode == 0
    found = sorted(str(path) for path in Path("backup").rglob("*") if path.is_file())
    assert found == [
        f"backup/job-{number}/{name}"
        for number in (1, 2)
        for name in ("attempts/1/meta.json", "run.json")
    ]
    assert Path("backup/job-1/run.json").read_text() == "job-1/run.json"


def test_nothing_is_overwritten_without_force(export: Call) -> None:
    Path("out").mkdir()
    Path("out/job-2.csv").write_text("mine")
    refused = export("1", "2", "-f", "csv", "-o", "out")
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "whirr: out/job-2.csv is there already",
        "       --force replaces it",
    ]
    assert not Path("out/job-1.csv").exists()
    assert export("1", "2", "-f", "csv", "-o", "out", "--force").returncode == 0
    assert Path("out/job-2.csv").read_text() == "run\njob-2\n"
    for _ in range(2):
        assert export("1", "-f", "folder", "-o", "backup", "--force").returncode == 0
    assert [path.name for path in Path("backup").iterdir()] == ["job-1"]


def test_ctrl_c_between_old_and_new_costs_neither(
    export: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the older folder is out of the way, and the new one not yet in its place."""
    Path("out/job-1").mkdir(parents=True)
    Path("out/job-1/mine").write_text("old")
    honest = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise KeyboardInterrupt
        return honest(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    assert export("1", "-f", "folder", "-o", "out", "--force").returncode != 0
    found = [str(path) for path in Path("out").rglob("*") if path.is_file()]
    assert found == ["out/job-1/mine"]
    monkeypatch.undo()


@pytest.mark.parametrize(
    "args",
    [
        ["1", "-f", "jsonl", "-o", "out"],
        ["1", "-f", "folder", "-o", "out"],
        ["1", "-f", "tar", "-o", "out"],
    ],
)
def test_an_export_that_broke_off_is_no_file(
    export: Call, server: FakeServer, args: list[str]
) -> None:
    server.exports["job-1", "jsonl"] = LINES[:-5]
    server.exports["job-1", "tar"] = packed("job-1/run.json")[:700]
    done = export(*args)
    assert done.returncode == 3
    assert "job-1" in done.stderr
    assert [path for path in Path().rglob("*") if "job-1" in path.name or path.is_file()] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("job-1/../../x", tarfile.REGTYPE),
        ("/tmp/x", tarfile.REGTYPE),
        ("job-2/x", tarfile.REGTYPE),
        ("job-1/..", tarfile.REGTYPE),
        ("job-1/link", tarfile.SYMTYPE),
        ("job-1/pipe", tarfile.FIFOTYPE),
    ],
)
def test_a_server_cannot_write_elsewhere(
    export: Call, server: FakeServer, name: str, kind: bytes
) -> None:
    server.exports["job-1", "tar"] = packed(name, kind=kind)
    done = export("1", "-f", "folder", "-o", "deep/out")
    assert done.returncode == 3
    assert "which is no file of a run" in done.stderr
    assert list(Path("deep/out").iterdir()) == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "name a run, or say --all"),
        (["1", "--all", "-o", "x"], "name runs, or say --all"),
        (["1", "--project", "p"], "--project chooses among --all"),
        (["--all"], "name it with -o DIR"),
        (["1", "2"], "name it with -o DIR"),
        (["1", "-f", "folder"], "name it with -o DIR"),
        (["1", "-f", "xlsx"], "'xlsx' is not one of"),
        (["../x"], "is no run"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(export: Call, args: list[str], says: str) -> None:
    done = export(*args)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_run_that_is_not_there_and_a_place_that_cannot_be_written(export: Call) -> None:
    assert export("9", "-f", "csv").returncode == 5
    Path("file").write_text("")
    done = export("1", "-f", "csv", "-o", "file/x.csv")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_no_runs_at_all_is_said(export: Call, server: FakeServer) -> None:
    server.runs.clear()
    assert "there is no run to export" in export("--all", "-o", "x").stderr


def test_json_is_what_one_gets_unless_told_otherwise(export: Call, server: FakeServer) -> None:
    server.exports["job-1", "json"] = json.dumps({"run": {}}).encode() + b"\n"
    server.exports["job-2", "json"] = b"{}\n"
    assert json.loads(export("1").stdout) == {"run": {}}
