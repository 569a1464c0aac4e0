"""Where the files of a run lie. The same everywhere: on the node, on the server, for a direct run.

<data-dir>/runs/<run-id>/attempts/<n>/      an attempt's own files; two attempts never share one
<data-dir>/runs/<run-id>/attempts/newest -> <n>
<data-dir>/runs/<run-id>/checkpoints/       what all attempts on this machine share
<data-dir>/runs/<run-id>/output.log ... -> attempts/newest/output.log ...
"""

from __future__ import annotations

import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from pathlib import Path

    from whirr.wire.files import AnyPath

OUTPUT = "output.log"
METRICS = "metrics.jsonl"
SYSTEM = "system.jsonl"
STREAMS = (OUTPUT, METRICS, SYSTEM, "events.jsonl")
META = "meta.json"
DOCUMENTS = (META, "config.json", "git.json", "git.diff", "requirements.txt")
ARTIFACTS = "artifacts"
CHECKPOINTS = "checkpoints"

_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_LATER = _FIRST | frozenset("._-")
_LONGEST = 128


def is_run_id(text: str) -> bool:
    """Whether `text` can name a run's folder, and nothing outside `runs/`."""
    return 0 < len(text) <= _LONGEST and text[0] in _FIRST and _LATER.issuperset(text)


def run_path(run_id: str) -> str:
    """A run's folder, as the data folder sees it."""
    if not is_run_id(run_id):
        raise ValueError(f"{run_id!r} is no run id")
    return f"runs/{run_id}"


def attempt_path(run_id: str, attempt: int) -> str:
    """An attempt's folder, as the data folder sees it."""
    return f"{run_path(run_id)}/attempts/{int(attempt)}"


def checkpoints_of(attempt_folder: str) -> str:
    """The checkpoints' folder, from the folder of one of the run's attempts."""
    return f"{attempt_folder.rsplit('/', 2)[0]}/{CHECKPOINTS}"


def run_folder(data_dir: Path, run_id: str) -> Path:
    return data_dir / run_path(run_id)


def attempt_folder(data_dir: Path, run_id: str, attempt: int) -> Path:
    return data_dir / attempt_path(run_id, attempt)


def show_newest(folder: AnyPath, attempt: int) -> None:
    """Let the root of a run's folder show this attempt's files, those to come included, in one step."""
    draft = f"{folder}/attempts/.newest.{os.getpid()}"
    with suppress(FileNotFoundError):
        files.remove(draft)
    files.link(draft, str(attempt))
    files.rename(draft, f"{folder}/attempts/newest")
    for name in (*STREAMS, *DOCUMENTS, ARTIFACTS):
        with suppress(FileExistsError):
            files.link(f"{folder}/{name}", f"attempts/newest/{name}")
