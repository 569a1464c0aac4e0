"""Runs in a project of their own, and what they leave on disk."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import whirr
from whirr import Run

ROOT = Path(__file__).resolve().parents[2]


def begin(**more: Any) -> Run:
    return whirr.init(**{"capture_git": False, "capture_pip": False, **more})


def lines(run: Run) -> list[dict[str, Any]]:
    return read_lines(run.dir / "metrics.jsonl")


def events(run: Run) -> list[dict[str, Any]]:
    return read_lines(run.dir / "events.jsonl")


def only_event(run: Run) -> dict[str, Any]:
    """The one line of events.jsonl, without its number and its time."""
    (event,) = events(run)
    assert event.pop("_idx") == 0
    assert event.pop("_timestamp").endswith("Z")
    return event


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def meta(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "meta.json").read_text())
    return found


def script(text: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program of its own, as a person would."""
    return subprocess.run(
        [sys.executable, "-c", text],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def begin_script(text: str, cwd: Path, **env: str) -> "subprocess.Popen[str]":
    """The same, while the test goes on; it is spoken to through its stdin and stdout."""
    return subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def only_run(project: Path) -> Path:
    (run,) = (project / ".whirr" / "runs").iterdir()
    return run
