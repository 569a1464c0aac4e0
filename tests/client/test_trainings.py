"""Our callbacks in the libraries that they are for, as these are published."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import integrations

pytestmark = pytest.mark.timeout(300)  # importing three libraries on a busy machine

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("trainings.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which each library's training has a project. They share a process: importing is what is slow."""
    folder = tmp_path_factory.mktemp("trainings")
    done = subprocess.run(
        [integrations.python(), str(PROGRAM), str(folder)],
        env={**integrations.environment(), "PYTHONPATH": str(ROOT), "WHIRR_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "whirr:" not in done.stderr, done.stderr
    return folder


def run_of(trained: Path, library: str) -> Path:
    [run] = (trained / library / ".whirr" / "runs").glob("local-*")
    meta = json.loads((run / "meta.json").read_text())
    assert (meta["name"], meta["status"]) == (f"by {library}", "completed")
    assert not meta["dropped"]
    return run


def points(run: Path, key: str) -> Iterator[tuple[int | None, Any]]:
    for text in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(text)
        if key in record:
            yield record.get("step"), record[key]


def config(run: Path) -> Any:
    return json.loads((run / "config.json").read_text())


def test_keras(trained: Path) -> None:
    run = run_of(trained, "keras")
    for key in ("loss", "mae", "val/loss", "val/mae", "learning_rate"):
        assert [step for step, _ in points(run, key)] == [0, 1], key
    assert [step for step, _ in points(run, "batch/loss")] == [2, 4, 6]
    assert len(list(points(run, "test/loss"))) == 1
    assert config(run)["fit"]["epochs"] == 2
    assert config(run)["optimizer"]["name"] == "sgd"


def test_lightning(trained: Path) -> None:
    run = run_of(trained, "lightning")
    assert [step for step, _ in points(run, "train/loss")] == [1, 3, 5, 7, 9, 11, 13, 15]
    assert len(list(points(run, "val/loss"))) == 2
    assert len(list(points(run, "test/loss"))) == 1
    assert config(run) == {"lr": 0.1}
    assert (run / "artifacts" / "checkpoints" / "best.ckpt").stat().st_size > 0
    assert not (trained / "lightning" / "lightning_logs").exists()


def test_transformers(trained: Path) -> None:
    run = run_of(trained, "transformers")
    assert [step for step, _ in points(run, "train/grad_norm")] == [1, 2, 3, 4]
    assert [step for step, _ in points(run, "eval/loss")] == [2, 4, 4]
    assert config(run)["model"]["vocab_size"] == 50
    assert config(run)["num_train_epochs"] == 2
    kept = {path.name for path in (run / "artifacts" / "checkpoints").iterdir()}
    assert kept == {"checkpoint-2", "checkpoint-4"}
    assert json.loads((run / "meta.json").read_text())["summary"]["global_step"] == 4
