"""A store that MLflow's own client wrote, read by it again: everything that has a place here is taken over."""

import json
import math
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import mlflow_client

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("mlflow_store.py")

pytestmark = pytest.mark.timeout(300)  # MLflow's client takes seconds to be imported

Ask = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """A process in the environment that has the client; all tests share it."""
    process = subprocess.Popen(
        [mlflow_client.python(), str(PROGRAM)],
        cwd=tmp_path_factory.mktemp("client"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def answer(*line: str | Path) -> list[Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([*map(str, line)]) + "\n")
        process.stdin.flush()
        found = json.loads(process.stdout.readline())
        assert isinstance(found, list)
        return found

    yield answer
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def filled(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("store") / "mlruns"
    assert ask("fill", store)[0] == 0
    return store


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Path:
    """A store for one test, whose artifacts are where it is."""
    shutil.copytree(filled, tmp_path / "mlruns")
    for told in (tmp_path / "mlruns").rglob("meta.yaml"):
        told.write_text(told.read_text().replace(str(filled), str(tmp_path / "mlruns")))
    return tmp_path / "mlruns"


def imported(ask: Ask, store: Path, *args: str, code: int = 0) -> tuple[list[dict[str, Any]], str]:
    done, out, said = ask("import", store.parent, store, *args, "--json")
    assert done == code, said
    return json.loads(out), said


def test_a_folder_of_mlflow_comes_in_once(ask: Ask, store: Path) -> None:
    told, said = imported(ask, store, "--no-artifacts", "--project", "p")
    assert [each["name"] for each in told] == ["stranded", "parent", "child"]
    assert "is RUNNING: passed over" in said
    again, _ = imported(ask, store, "--running", "--no-artifacts")
    assert [(each["name"], each["new"]) for each in again] == [
        ("stranded", False),
        ("parent", False),
        ("child", False),
        ("open", True),
    ]


def test_everything_that_has_a_place_here_is_taken_over(ask: Ask, store: Path) -> None:
    told, _ = imported(ask, store, code=1)  # one run is stranded
    parent, child = (store.parent / ".whirr" / "runs" / each["run"] for each in told)

    meta = json.loads((parent / "meta.json").read_text())
    assert (meta["project"], meta["status"]) == ("vision", "completed")
    assert sorted(meta["tags"]) == ["marked", "team:x"]
    config = json.loads((parent / "config.json").read_text())
    assert config == {"lr": 0.1, "layers": 3, "name": "007", "flag": True}
    lines = [json.loads(line) for line in (parent / "metrics.jsonl").read_text().splitlines()]
    loss = {line["step"]: line["loss"] for line in lines if "loss" in line}
    assert loss == {step: 1 / (step + 1) for step in range(30)}
    assert sum("acc" in line for line in lines) == 30
    [odd] = [line for line in lines if "odd" in line]
    assert odd["step"] == 2**40
    assert math.isnan(odd["odd"])
    assert (parent / "artifacts" / "deep" / "note.txt").read_text() == "hello"
    [note] = (parent / "events.jsonl").read_text().splitlines()
    assert json.loads(note)["text"] == "a **note**"
    nested = json.loads((child / "meta.json").read_text())["source"]
    assert nested["parent"] == meta["source"]["id"]


def test_a_run_whose_artifacts_are_away_comes_in_whole_once_they_are_there(
    ask: Ask, store: Path, tmp_path: Path
) -> None:
    told, said = imported(ask, store, code=1)
    assert [each["name"] for each in told] == ["parent", "child"]
    assert "stranded: not all of its artifacts can be fetched" in said
    assert "--no-artifacts" in said
    (meta,) = (path for path in store.glob("*/*/meta.yaml") if "stranded" in path.read_text())
    text = meta.read_text()
    address = next(word for word in text.split() if word.startswith("nowhere:"))
    meta.write_text(text.replace(address, f"file://{tmp_path}/found"))
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "model.bin").write_text("weights")
    again, _ = imported(ask, store)
    [new] = [each for each in again if each["new"]]
    kept = tmp_path / ".whirr" / "runs" / new["run"] / "artifacts" / "model.bin"
    assert kept.read_text() == "weights"


def test_links_among_the_artifacts_are_left_out(ask: Ask, store: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("of the owner")
    (deep,) = store.glob("*/*/artifacts/deep")
    (deep / "key").symlink_to(tmp_path / "secret" / "key")
    (deep / "keys").symlink_to(tmp_path / "secret")
    told, _ = imported(ask, store, code=1)
    assert [remark.split()[1] for remark in told[0]["remarks"]] == ["deep/key", "deep/keys"]
    kept = tmp_path / ".whirr" / "runs" / told[0]["run"] / "artifacts"
    assert [path.name for path in kept.rglob("*") if path.is_file()] == ["note.txt"]


def test_a_password_in_an_address_is_not_repeated(ask: Ask, tmp_path: Path) -> None:
    uri = "postgresql://ada:hunter2@127.0.0.1:9/x"
    code, out, said = ask("import", tmp_path, uri)
    assert code == 1
    assert "hunter2" not in out + said
    assert "pip install" in said
