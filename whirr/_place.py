"""Where a run is written: the job's folder under an agent, otherwise a folder of this project."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# How many processes a launcher started.
_SIZES = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
_SHOWN = 3  # runs that an error names
_COUNT = itertools.count()  # of the runs that this process began together with others


class Place:
    """`kind` is "job" or "direct"; `data_dir` holds `runs/`; to a `shared` run other processes may write, too;
    `problem` says why it is not where it should be."""

    def __init__(
        self,
        run_id: str,
        folder: Path,
        kind: str,
        *,
        data_dir: Path,
        checkpoints: Path,
        resumed: bool = False,
        shared: bool = True,
        problem: str = "",
    ) -> None:
        self.run_id = run_id
        self.folder = folder
        self.kind = kind
        self.data_dir = data_dir
        self.checkpoints = checkpoints
        self.resumed = resumed
        self.shared = shared
        self.problem = problem

    def move(self, data_dir: Path) -> None:
        """Below another folder; the checkpoints of a job stay where all its attempts look for them."""
        self.data_dir = data_dir
        self.folder = layout.run_folder(data_dir, self.run_id)
        if self.kind == "direct":
            self.checkpoints = self.folder / layout.CHECKPOINTS


def find(env: Mapping[str, str], cwd: Path, resume: str | None = None) -> Place:
    """The folder, made if need be. A disk that refuses is no reason not to train.

    Raises ValueError where `resume`, or WHIRR_RUN_ID of a direct run, names none.
    """
    place = _of_the_job(env, resume) if env.get("WHIRR_RUN_DIR") else _direct(env, cwd, resume)
    try:
        _make(place.folder)
    except OSError as error:
        import tempfile  # noqa: PLC0415  (a third of what importing this module would cost)

        refused = place.folder
        place.move(Path(tempfile.mkdtemp(prefix="whirr-")))
        _make(place.folder)
        place.problem = f"{refused} cannot be written ({error.strerror}); using {place.folder}"
    return place


def _of_the_job(env: Mapping[str, str], resume: str | None) -> Place:
    folder = Path(env["WHIRR_RUN_DIR"])
    run_id = env.get("WHIRR_RUN_ID") or f"job-{env.get('WHIRR_JOB_ID') or folder.name}"
    if resume not in (None, run_id):
        raise ValueError(
            f"resume={resume!r}: inside a job its own run, {run_id}, goes on; leave `resume` away"
        )
    told = env.get("WHIRR_CHECKPOINT_DIR")  # an agent of an earlier version names none
    checkpoints = Path(told) if told else folder / layout.CHECKPOINTS
    resumed = env.get("WHIRR_RESUME") == "1"
    return Place(run_id, folder, "job", data_dir=folder, checkpoints=checkpoints, resumed=resumed)


def _direct(env: Mapping[str, str], cwd: Path, resume: str | None) -> Place:
    data_dir = project_folder(env, cwd)
    problem = ""
    shared = True
    if resume is not None:
        run_id = _existing(data_dir, resume)
    elif env.get("WHIRR_RUN_ID"):
        run_id = _named(env["WHIRR_RUN_ID"])
    else:
        run_id, shared, problem = _begun(env, data_dir)
    folder = layout.run_folder(data_dir, run_id)
    return Place(
        run_id,
        folder,
        "direct",
        data_dir=data_dir,
        checkpoints=folder / layout.CHECKPOINTS,
        resumed=resume is not None,
        shared=shared,
        problem=problem,
    )


def _begun(env: Mapping[str, str], data_dir: Path) -> tuple[str, bool, str]:
    """A new run, or the one that another rank of this training began; whether there are others; what went wrong."""
    if not any(env.get(name) for name in _SIZES):
        return new_id(), False, ""
    from whirr import _rendezvous  # noqa: PLC0415  (needed by distributed trainings only)

    key = _rendezvous.key_of(env, os.getppid(), next(_COUNT))
    if key is None:
        return new_id(), False, ""
    try:
        return _rendezvous.agree(data_dir, key, new_id()), True, ""
    except OSError as error:
        return new_id(), False, f"each rank has a run of its own ({error}); WHIRR_RUN_ID gives one"


def _existing(data_dir: Path, run_id: str) -> str:
    """Raises ValueError where there is no such direct run."""
    runs = data_dir / "runs"
    if not isinstance(run_id, str) or not layout.is_run_id(run_id):
        raise ValueError(f"resume={run_id!r}: a run's id is wanted, as `run.id` tells it")
    if run_id.startswith("job-"):
        raise ValueError(f"resume={run_id!r}: a job's run goes on by `whirr retry`")
    if not (runs / run_id / layout.META).is_file():
        newest = sorted((path.name for path in runs.glob("local-*")), reverse=True)[:_SHOWN]
        known = f"the newest there are {', '.join(newest)}" if newest else "there are none"
        raise ValueError(f"resume={run_id!r}: there is no such run in {runs}; {known}")
    return run_id


def _named(run_id: str) -> str:
    """WHIRR_RUN_ID outside a job: the run is made where there is none yet. Raises ValueError for what names none."""
    parts = run_id.split("-")
    sane = [len(part) for part in parts[1:]] == [8, 6, 6] and parts[0] == "local"
    if not sane or not _is_digits(parts[1] + parts[2]) or not set(parts[3]) <= _HEX:
        raise ValueError(
            f"WHIRR_RUN_ID is {run_id[:100]!r}: the id of a direct run is wanted, like {new_id()}"
        )
    return run_id


_HEX = frozenset("0123456789abcdef")


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


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
