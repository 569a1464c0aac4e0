"""What holds for every callback: whose run it is, who logs, and that nothing breaks a training.

The libraries' base classes are stand-ins; `test_trainings.py` has the real ones.
"""

import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import whirr
from tests.client.projects import begin, lines, meta, script

pytestmark = pytest.mark.usefixtures("project")

QUIET = {"capture_git": False, "capture_pip": False, "system_metrics": False}
Load = Callable[[str], Any]


class Base:
    """What Keras, Lightning and transformers let a callback inherit."""

    params = {"epochs": 3}
    model = SimpleNamespace(optimizer=None)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """A module of whirr.integrations on stand-ins of its library."""
    zero = SimpleNamespace(rank=0)
    contents: dict[str, dict[str, Any]] = {
        "keras.callbacks": {"Callback": Base},
        "lightning.pytorch.loggers.logger": {"Logger": Base},
        "lightning.pytorch.utilities.rank_zero": {"rank_zero_only": zero},
        "transformers.trainer_callback": {"TrainerCallback": Base},
    }
    for name, members in contents.items():
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            inner = ".".join(parts[:end])
            if inner not in sys.modules:
                monkeypatch.setitem(sys.modules, inner, ModuleType(inner))
        vars(sys.modules[name]).update(members)

    def loaded(name: str) -> Any:
        whole = f"whirr.integrations.{name}"
        monkeypatch.delitem(sys.modules, whole, raising=False)
        module = importlib.import_module(whole)
        monkeypatch.delitem(sys.modules, whole)
        return module

    return loaded


def trainer(step: int = 0, *, zero: bool = True) -> tuple[Any, Any]:
    """Arguments and state as transformers gives them."""
    args = SimpleNamespace(run_name="r", output_dir="out", to_sanitized_dict=lambda: {"lr": 0.1})
    state = SimpleNamespace(
        is_world_process_zero=zero, global_step=step, best_metric=None, best_model_checkpoint=None
    )
    return args, state


def test_a_run_of_the_script_is_joined_and_left_open(load: Load) -> None:
    run = begin(name="mine")
    callback = load("keras").WhirrCallback(name="other", **QUIET)
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    callback.finish()
    assert whirr.get_active_run() is run
    assert run.name == "mine"
    assert {k: v for k, v in lines(run)[0].items() if k[0] != "_"} == {
        "step": 0,
        "loss": 0.5,
        "val/loss": 0.75,
    }


def test_each_callback_without_one_begins_and_ends_its_own(load: Load) -> None:
    module = load("keras")
    first, second = (module.WhirrCallback(name=name, **QUIET) for name in ("a", "b"))
    first.on_train_begin()
    one = whirr.get_active_run()
    second.on_train_begin()
    two = whirr.get_active_run()
    assert one is not None
    assert two is not None
    assert (one.name, one.finished, two.name) == ("a", True, "b")
    second.finish()
    assert meta(two.dir)["status"] == "completed"


def test_in_a_job_the_jobs_run_is_joined(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(tmp_path / "attempt"))
    monkeypatch.setenv("WHIRR_RUN_ID", "job-7")
    logger = load("lightning").WhirrLogger(**QUIET)
    logger.log_hyperparams({"lr": 0.1})
    logger.log_metrics({"loss": 0.5}, step=3)
    assert (logger.version, logger.experiment.id) == ("job-7", "job-7")
    assert json.loads((tmp_path / "attempt" / "config.json").read_text()) == {"lr": 0.1}
    logger.finalize("success")
    assert not logger.experiment.finished
    logger.finalize("failed")
    assert meta(tmp_path / "attempt")["status"] == "failed"


def test_other_ranks_make_no_run(load: Load, project: Path) -> None:
    module = load("lightning")
    sys.modules["lightning.pytorch.utilities.rank_zero"].rank_zero_only.rank = 1
    logger = module.WhirrLogger(log_checkpoints=True, **QUIET)
    logger.log_hyperparams({"lr": 0.1})
    logger.log_metrics({"loss": 0.5})
    logger.after_save_checkpoint(SimpleNamespace(best_model_path="x"))
    logger.finalize("failed")
    assert (logger.experiment, logger.save_dir, logger.version) == (None, None, "")
    callback = load("transformers").WhirrCallback(**QUIET)
    args, state = trainer(zero=False)
    callback.on_train_begin(args, state, None, model=None)
    callback.on_log(args, state, None, logs={"loss": 1.0})
    callback.on_train_end(args, state, None)
    assert not (project / ".whirr" / "runs").exists()


def test_names_of_transformers_are_grouped(load: Load) -> None:
    callback = load("transformers").WhirrCallback(**QUIET)
    args, state = trainer(step=4)
    logs = {"loss": 0.5, "eval_loss": 0.25, "train_runtime": 9.0, "note": "a text"}
    callback.on_log(args, state, None, logs=logs)
    run = whirr.get_active_run()
    assert run is not None
    assert (run.name, run.config) == ("r", {"lr": 0.1})
    [line] = lines(run)
    assert {key: line[key] for key in line if key[0] != "_"} == {
        "step": 4, "train/loss": 0.5, "eval/loss": 0.25, "train/runtime": 9.0
    }  # fmt: skip
    assert not run.dropped


def test_what_goes_wrong_is_said_once_and_breaks_no_training(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    callback = load("transformers").WhirrCallback(name=["no", "text"], tags="no list", **QUIET)
    args, state = trainer()
    with caplog.at_level(logging.WARNING, "whirr"):
        for _ in range(3):
            callback.on_log(args, state, None, logs={"loss": 1.0})
            callback.on_log(None, None, None, logs={"loss": 1.0})
    said = [record.getMessage() for record in caplog.records if record.name == "whirr"]
    assert 1 <= len(said) <= 2
    assert "tags must be a list" in said[0]


def test_a_checkpoint_that_is_not_there_is_no_error(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    logger = load("lightning").WhirrLogger(log_checkpoints=True, **QUIET)
    for path in ("", "gone.ckpt", None):
        logger.after_save_checkpoint(SimpleNamespace(best_model_path=path))
    Path("a.ckpt").write_text("weights")
    logger.after_save_checkpoint(SimpleNamespace(best_model_path="a.ckpt", last_model_path=""))
    run = logger.experiment
    assert (run.dir / "artifacts" / "checkpoints" / "best.ckpt").read_text() == "weights"
    assert not caplog.records


@pytest.mark.parametrize("name", ["keras", "lightning", "transformers"])
def test_without_its_library_a_callback_says_what_to_install(name: str, project: Path) -> None:
    text = f"import sys; sys.path[:] = [p for p in sys.path if 'packages' not in p]\nimport whirr.integrations.{name}"
    done: subprocess.CompletedProcess[str] = script(text, project)
    assert done.returncode == 1
    assert "pip install" in done.stderr.splitlines()[-1]
