"""One direct run for all processes of a distributed training: the first that comes names it, and nobody waits.

The name is what a symbolic link points to. Making one is a single step on every file system, network ones included,
and fails where there is one already.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from whirr import _writers
from whirr.wire import layout
from whirr.wire.files import read_json_object

FOLDER = "rendezvous"
# What launchers say that is the same for all processes of one start, and another for the next start.
_TOLD = (
    "TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT",
    "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT", "PMIX_NAMESPACE", "PMI_JOBID",
)  # fmt: skip
_SETTLED = 60.0  # seconds after which all processes of a start have come
_KEPT = 7 * 86400.0
_MOST = 100  # starts that look the same


def key_of(env: Mapping[str, str], parent: int, begun: int = 0) -> str | None:
    """What the processes of this start have in common; None where nothing tells of others.

    `begun`: how many runs this process began before, which is the same number in all of them.
    """
    told = [f"{name}={env[name]}" for name in _TOLD if env.get(name)]
    if not told or not _several(env):
        return None
    if begun:
        told.append(f"begun={begun}")
    if _launcher_counts(env):
        told.append(f"launcher={parent}.{_birth_of(parent)}")
    import hashlib  # noqa: PLC0415  (only distributed trainings pay for it)

    return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()[:24]


def agree(data_dir: Path, key: str, proposal: str) -> str:
    """The run that the first one of this start named: `proposal` where we are the first. Raises OSError."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(_MOST):
        link = folder / f"{key}.{number}"
        try:
            link.symlink_to(proposal)
        except FileExistsError:
            named = link.readlink().name
            if layout.is_run_id(named) and not _is_over(link, data_dir / "runs" / named):
                return named
            continue
        _forget_old(folder)
        return proposal
    raise OSError(17, f"{folder} is full of earlier trainings")


def _several(env: Mapping[str, str]) -> bool:
    sizes = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
    told = any(env.get(name, "").isdigit() and int(env[name]) > 1 for name in sizes)
    return told or _writers.slurm_tasks(env) > 1


def _launcher_counts(env: Mapping[str, str]) -> bool:
    """Whether all processes are children of one launcher, and nothing else tells this start from the next one."""
    numbered = any(env.get(name) for name in ("SLURM_STEP_ID", "PMIX_NAMESPACE", "PMI_JOBID"))
    if numbered and not env.get("TORCHELASTIC_RUN_ID"):
        return False
    for whole, local in (
        ("WORLD_SIZE", "LOCAL_WORLD_SIZE"),
        ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ):
        if env.get(local):
            return env.get(whole) == env[local]
    return env.get("MASTER_ADDR") in ("localhost", "127.0.0.1", "::1")


def _birth_of(pid: int) -> str:
    """When a process began: in containers every launcher has the same pid."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        return text[text.rfind(")") :].split()[20]
    except (OSError, IndexError):
        return ""


def _is_over(link: Path, run: Path) -> bool:
    """Whether it was an earlier training that looked the same, a port and an address being used again."""
    try:
        if time.time() - link.lstat().st_mtime < _SETTLED:
            return False
    except OSError:
        return True
    meta = read_json_object(run / layout.META)
    if meta is None:
        return not run.is_dir()
    if meta.get("status") != "running":
        return True
    here = meta.get("hostname") == os.uname().nodename
    return here and not Path(f"/proc/{meta.get('pid')}").exists() and Path("/proc/self").exists()


def _forget_old(folder: Path) -> None:
    now = time.time()
    for link in list(folder.iterdir())[:1000]:
        try:
            if now - link.lstat().st_mtime > _KEPT:
                link.unlink()
        except OSError:  # somebody else tidies, too
            continue
