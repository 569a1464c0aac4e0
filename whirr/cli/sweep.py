"""The demo's sweep: six short trainings, submitted, watched and compared."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable

import whirr
from whirr.cli import asking, failures, output
from whirr.cli.waiting import Steady
from whirr.wire import Client, NotFound

RATES = (0.003, 0.01, 0.03)
SEEDS = (1, 2)
TAGS = ["demo", "digits"]
LOOK_EVERY = 0.5


@dataclass
class Trial:
    """One run of the sweep and what is known of it."""

    lr: float
    seed: int
    job_id: int = 0
    status: str = "queued"
    job: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"digits lr={self.lr:g} seed={self.seed}"

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed", "cancelled")


def script() -> Path:
    """The training program. Raises Failure where this installation cannot run it."""
    found = Path(whirr.__file__ or "").resolve().parent.parent / "examples" / "digits" / "train.py"
    if not found.is_file():
        raise failures.Failure(
            "the demo trains examples/digits/train.py, which only a source checkout has",
            "run `make demo` in a checkout of whirr",
        )
    missing = [name for name in ("numpy", "sklearn") if find_spec(name) is None]
    if missing:
        raise failures.Failure(
            f"the demo's training needs {' and '.join(missing)}", "pip install numpy scikit-learn"
        )
    return found


def submit(client: Client, program: Path) -> list[Trial]:
    """Queue every combination."""
    trials = [Trial(lr, seed) for lr in RATES for seed in SEEDS]
    for trial in trials:
        command = [sys.executable, str(program), "--lr", f"{trial.lr:g}", "--seed", str(trial.seed)]
        body = {
            "command_argv": command,
            "workdir": str(program.parent),
            "name": trial.name,
            "project": "demo",
            "tags": TAGS,
            "config": {"lr": trial.lr, "seed": trial.seed},
            "env": {"PYTHONPATH": str(program.parents[2]), "OMP_NUM_THREADS": "1"},
        }
        answer = client.post("/api/v1/jobs", body, timeout=30.0).json()
        trial.job_id = int(answer["job_id"])
    return trials


def watch(client: Client, trials: list[Trial]) -> None:
    """Show how the runs get on until all have ended."""
    steady = Steady(client)
    with _progress(trials) as tell:
        while not all(trial.ended for trial in trials):
            for trial in trials:
                if not trial.ended:
                    _look(steady, trial, tell)
            time.sleep(LOOK_EVERY)


Tell = Callable[[Trial], None]


def _look(steady: Steady, trial: Trial, tell: Tell) -> None:
    before = trial.status
    trial.job = steady.job(trial.job_id)
    trial.status = str(trial.job["status"])
    if trial.status != before:
        tell(trial)


def _progress(trials: list[Trial]) -> AbstractContextManager[Tell]:
    return _Bar(trials) if output.on_terminal() else _Lines(trials)


class _Lines:
    """A line for each change, for pipes and logs."""

    def __init__(self, trials: list[Trial]) -> None:
        self.trials = trials

    def __enter__(self) -> Tell:
        return self._tell

    def __exit__(self, *_: object) -> None:
        return None

    def _tell(self, trial: Trial) -> None:
        done = sum(each.ended for each in self.trials)
        output.chat(
            f"job {trial.job_id} ({trial.name}): {trial.status}  [{done}/{len(self.trials)}]"
        )


class _Bar:
    """One bar over all runs, for terminals."""

    def __init__(self, trials: list[Trial]) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self.trials = trials
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self.bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))
        self.task = self.bar.add_task("waiting for the agent", total=len(trials))

    def __enter__(self) -> Tell:
        self.bar.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def _tell(self, trial: Trial) -> None:
        running = [f"lr={t.lr:g} seed={t.seed}" for t in self.trials if t.status == "running"]
        words = f"training {', '.join(running)}" if running else "training"
        done = sum(each.ended for each in self.trials)
        self.bar.update(self.task, completed=done, description=words)


def read_results(client: Client, trials: list[Trial], patience: float = 10.0) -> None:
    """Fetch the summaries; a completed run's may arrive a moment after its end."""
    steady = Steady(client)
    deadline = time.monotonic() + patience
    for trial in trials:
        while True:
            trial.summary = steady.ask(lambda trial=trial: _summary(client, trial))  # type: ignore[misc]
            complete = "test_accuracy" in trial.summary or trial.status != "completed"
            if complete or time.monotonic() > deadline:
                break
            time.sleep(LOOK_EVERY)


def _summary(client: Client, trial: Trial) -> dict[str, Any]:
    try:
        run = asking.thing(
            client, f"/api/v1/runs/{trial.job.get('run_id') or f'job-{trial.job_id}'}"
        )
    except NotFound:
        return {}
    return run.get("summary") or {}


def show(trials: list[Trial]) -> None:
    """The six runs side by side."""
    rows = [
        (
            f"job-{trial.job_id}",
            f"{trial.lr:g}",
            trial.seed,
            trial.status,
            _percent(trial.summary.get("test_accuracy")),
            output.elapsed(trial.job),
        )
        for trial in trials
    ]
    output.table(("run", "lr", "seed", "status", "test accuracy", "time"), rows)


def _percent(share: object) -> str:
    return f"{share:.4f}" if isinstance(share, float) else ""
