"""Where the files of a run lie. The same everywhere: on the node, on the server, for a direct run.

<data-dir>/runs/<run-id>/attempts/<n>/      an attempt's own files; two attempts never share one
<data-dir>/runs/<run-id>/attempts/newest -> <n>
<data-dir>/runs/<run-id>/output.log ... -> attempts/newest/output.log ...
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

OUTPUT = "output.log"
METRICS = "metrics.jsonl"
STREAMS = (OUTPUT, METRICS, "system.jsonl", "events.jsonl")
META = "meta.json"
DOCUMENTS = (META, "config.json", "git.json", "git.diff", "requirements.txt")
ARTIFACTS = "artifacts"

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")


def is_run_id(text: str) -> bool:
    """Whether `text` can name a run's folder, and nothing outside `runs/`."""
    return _RUN_ID.match(text) is not None


def run_folder(data_dir: Path, run_id: str) -> Path:
    if not is_run_id(run_id):
        raise ValueError(f"{run_id!r} is no run id")
    return data_dir / "runs" / run_id


def attempt_folder(data_dir: Path, run_id: str, attempt: int) -> Path:
    return run_folder(data_dir, run_id) / "attempts" / str(int(attempt))


def show_newest(folder: Path, attempt: int) -> None:
    """Let the root of a run's folder show this attempt's files, those to come included, in one step."""
    newest = folder / "attempts" / "newest"
    draft = newest.with_name(f".newest.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    draft.symlink_to(str(attempt))
    draft.replace(newest)
    for name in (*STREAMS, *DOCUMENTS, ARTIFACTS):
        with contextlib.suppress(FileExistsError):
            (folder / name).symlink_to(Path("attempts") / "newest" / name)
