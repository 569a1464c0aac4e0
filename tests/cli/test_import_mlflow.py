"""A store that MLflow's own client wrote, read by it again: everything that has a place here is taken over."""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import mlflow_client

ROOT = Path(__file__).resolve().parents[2]
FILL = Path(__file__).with_name("mlflow_store.py")

pytestmark = pytest.mark.timeout(300)  # MLflow's client takes seconds to be imported


def client(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A program in the environment that has the client."""
    return subprocess.run(
        [mlflow_client.python(), *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def imported(*args: str | Path, cwd: Path) -> tuple[list[dict[str, Any]], str]:
    done = client("-m", "whirr.cli.main", "import", "mlflow", *args, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_folder_of_mlflow_comes_in_once(tmp_path: Path) -> None:
    filled = client(FILL, tmp_path / "mlruns", cwd=tmp_path)
    assert filled.returncode == 0, filled.stderr
    told, said = imported(tmp_path / "mlruns", cwd=tmp_path)
    assert [each["name"] for each in told] == ["parent", "child"]
    assert "is RUNNING: passed over" in said
    parent, child = (tmp_path / ".whirr" / "runs" / each["run"] for each in told)

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

    again, _ = imported(tmp_path / "mlruns", "--running", "--no-artifacts", cwd=tmp_path)
    assert [(each["name"], each["new"]) for each in again] == [
        ("parent", False),
        ("child", False),
        ("open", True),
    ]


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    uri = "postgresql://ada:hunter2@127.0.0.1:9/x"
    done = client("-m", "whirr.cli.main", "import", "mlflow", uri, cwd=tmp_path)
    assert done.returncode == 1
    assert "hunter2" not in done.stderr + done.stdout
    assert "pip install" in done.stderr
