"""Where a run is written: the job's folder under an agent, otherwise a folder of this project."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from whirr.wire import layout


class Place(NamedTuple):
    run_id: str
    folder: Path
    kind: str  # "job" or "direct"
    checkpoints: Path
    resumed: bool = False
    problem: str = ""  # why it is not where it should be


def find(env: Mapping[str, str], cwd: Path) -> Place:
    """The folder, made if need be. A disk that refuses is no reason not to train."""
    if env.get("WHIRR_RUN_DIR"):
        folder = Path(env["WHIRR_RUN_DIR"])
        run_id = env.get("WHIRR_RUN_ID") or f"job-{env.get('WHIRR_JOB_ID') or folder.name}"
        resumed = env.get("WHIRR_RESUME") == "1"
        place = Place(run_id, folder, "job", _checkpoints(env, folder), resumed)
    else:
        run_id = new_id()
        folder = project_folder(env, cwd) / "runs" / run_id
        place = Place(run_id, folder, "direct", folder / layout.CHECKPOINTS)
    try:
        _make(place.folder)
    except OSError as error:
        import tempfile  # noqa: PLC0415  (a third of what importing this module would cost)

        elsewhere = Path(tempfile.mkdtemp(prefix="whirr-")) / place.run_id
        _make(elsewhere)
        problem = f"{place.folder} cannot be written ({error.strerror}); using {elsewhere}"
        checkpoints = place.checkpoints if place.kind == "job" else elsewhere / layout.CHECKPOINTS
        return place._replace(folder=elsewhere, checkpoints=checkpoints, problem=problem)
    return place


def _checkpoints(env: Mapping[str, str], folder: Path) -> Path:
    """What all attempts of the job share; an agent of an earlier version names none."""
    told = env.get("WHIRR_CHECKPOINT_DIR")
    return Path(told) if told else folder / layout.CHECKPOINTS


def project_folder(env: Mapping[str, str], cwd: Path) -> Path:
    """The nearest `.whirr` upwards, or a new one here."""
    if env.get("WHIRR_DATA_DIR"):
        return Path(env["WHIRR_DATA_DIR"]).expanduser().absolute()
    for folder in (cwd, *cwd.parents):
        if (folder / ".whirr").is_dir():
            return folder / ".whirr"
    return cwd / ".whirr"


def new_id() -> str:
    return f"local-{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(3).hex()}"


def _make(folder: Path) -> None:
    (folder / layout.ARTIFACTS).mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "no permission to write")
