"""What surrounds a run: the commit it ran from, and the packages it ran with.

Only what is listed here is read. Environment variables never are: they hold people's secrets.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import threading
from pathlib import Path

from whirr.wire.files import write_whole

_PATIENCE = 20.0
_LARGEST_DIFF = 1024 * 1024
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


def start(folder: Path, cwd: Path, *, git: bool, packages: bool) -> threading.Thread:
    """In the background: training must not wait for git or a slow disk."""

    def work() -> None:
        try:
            if git:
                _capture_git(folder, cwd)
            if packages:
                _capture_packages(folder)
        except (OSError, ValueError, subprocess.SubprocessError):
            return  # no git, a full disk: the run is worth more than its surroundings

    thread = threading.Thread(target=work, name="whirr-capture", daemon=True)
    thread.start()
    return thread


def _capture_git(folder: Path, cwd: Path) -> None:
    commit = _git(cwd, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return
    branch = _git(cwd, "symbolic-ref", "--short", "-q", "HEAD")
    diff = _git(cwd, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD") or b""
    facts = {
        "commit": commit.decode().strip(),
        "branch": (branch or b"").decode("utf-8", "replace").strip(),
        "dirty": bool(diff),
        "diff_bytes": len(diff),
        "diff_truncated": len(diff) > _LARGEST_DIFF,
    }
    write_whole(folder / "git.json", json.dumps(facts, indent=2).encode())
    if diff:
        write_whole(folder / "git.diff", diff[:_LARGEST_DIFF])


def _git(cwd: Path, *arguments: str) -> bytes | None:
    """Its output; None where there is no repository (or no git)."""
    answer = subprocess.run(
        [*_GIT, *arguments],
        cwd=cwd,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_PATIENCE,
        check=False,
    )
    return answer.stdout if answer.returncode == 0 else None


def _capture_packages(folder: Path) -> None:
    found = set()
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.add(f"{name}=={distribution.version}")
    text = "\n".join(sorted(found, key=str.lower)) + "\n"
    write_whole(folder / "requirements.txt", text.encode())
