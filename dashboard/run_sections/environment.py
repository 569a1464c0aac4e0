"""What a run ran with: the interpreter, the packages, the machine, the command, the commit."""

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from dashboard.run_sections import neighbours
from jobs.models import Attempt, Job
from runs import documents, storable
from runs.errors import DomainError
from runs.models import Run

PACKAGE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*==\s*(?P<version>\S+)\Z")
PACKAGES_MOST = 5_000
NAMES_MOST = 200


@dataclass(frozen=True, slots=True)
class Commit:
    """The state of the repository. `untracked` are names of files that no commit has."""

    commit: str
    branch: str
    remote: str
    is_dirty: bool
    untracked: list[str]
    more_untracked: bool
    is_diff_cut: bool | None = None  # None: nobody said

    @property
    def short(self) -> str:
        return self.commit[:10]


@dataclass(frozen=True, slots=True)
class Before:
    """The run of the same name before this one, and how many packages differ from its."""

    run: Run
    differing: int


@dataclass(frozen=True, slots=True)
class Environment:
    """As it was written down when the run began; empty where nothing was."""

    python: str = ""
    hostname: str = ""
    command: str = ""
    workdir: str = ""
    pid: int | None = None
    gpus: list[str] = field(default_factory=list)
    machine: list[str] = field(default_factory=list)
    packages: dict[str, str] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)  # names alone: values may be secret
    commit: Commit | None = None
    before: Before | None = None
    trouble: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.python or self.packages or self.commit)


def environment(run: Run, job: Job | None, attempt: Attempt | None, number: int) -> Environment:
    """Reads three documents of the attempt, and one of the run before it."""
    trouble: list[str] = []
    meta = _object(run, number, "meta.json", trouble)
    packages = packages_of(run, number)
    argv = meta.get("argv")
    script = shlex.join(map(str, argv)) if isinstance(argv, list) and argv else ""
    return Environment(
        python=_line(meta.get("python")),
        hostname=_line(meta.get("hostname")) or run.hostname,
        command=shlex.join(map(str, job.command_argv)) if job else script,
        workdir=job.workdir if job else "",
        pid=meta["pid"] if type(meta.get("pid")) is int else None,
        gpus=_gpus(attempt),
        machine=_machine(attempt),
        packages=packages,
        variables=sorted(map(str, job.env)) if job and isinstance(job.env, dict) else [],
        commit=commit_of(run, number, trouble),
        before=_before(run, packages),
        trouble=trouble,
    )


def packages_of(run: Run, number: int) -> dict[str, str]:
    """Versions by name, as requirements.txt of the attempt has them."""
    try:
        text = documents.read(run, number, "requirements.txt").decode("utf-8", errors="replace")
    except DomainError:
        return {}
    found = (PACKAGE.match(line.strip()) for line in text.splitlines()[:PACKAGES_MOST])
    return {each["name"]: each["version"] for each in found if each}


def commit_of(run: Run, number: int, trouble: list[str] | None = None) -> Commit | None:
    """What git.json says; None where there is none."""
    told = _object(run, number, "git.json", trouble if trouble is not None else [])
    if not told.get("commit"):
        return None
    untracked = told.get("untracked")
    names = [str(each)[:500] for each in untracked] if isinstance(untracked, list) else []
    return Commit(
        commit=_line(told.get("commit")),
        branch=_line(told.get("branch")),
        remote=_line(told.get("remote")),
        is_dirty=told.get("dirty") is True,
        untracked=names[:NAMES_MOST],
        is_diff_cut=cut if isinstance(cut := told.get("diff_truncated"), bool) else None,
        more_untracked=told.get("untracked_truncated") is True or len(names) > NAMES_MOST,
    )


def _object(run: Run, number: int, name: str, trouble: list[str]) -> dict[str, Any]:
    try:
        data = documents.read(run, number, name)
    except DomainError:
        return {}
    try:
        told = storable.json(json.loads(data))
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict):
        return told
    trouble.append(f"{name} of this attempt cannot be read")
    return {}


def _line(told: object) -> str:
    return told[:500] if isinstance(told, str) else ""


def _gpus(attempt: Attempt | None) -> list[str]:
    worker = attempt.worker if attempt is not None else None
    if attempt is None or worker is None or not attempt.gpus:
        return []
    known = {card.get("index"): card for card in worker.gpus if isinstance(card, dict)}
    told = []
    for index in attempt.gpus:
        card = known.get(index, {})
        memory = card.get("memory_mb")
        size = f", {memory / 1024:.0f} GiB" if isinstance(memory, (int, float)) else ""
        told.append(f"GPU {index}: {card.get('name', 'unknown')}{size}")
    return told


def _machine(attempt: Attempt | None) -> list[str]:
    worker = attempt.worker if attempt is not None else None
    if worker is None:
        return []
    told = [worker.platform, f"{worker.cpu_count} processors" if worker.cpu_count else ""]
    told.append(f"{worker.memory_mb / 1024:.0f} GiB of memory" if worker.memory_mb else "")
    told.append(f"agent {worker.version}" if worker.version else "")
    return [each for each in told if each]


def _before(run: Run, packages: dict[str, str]) -> Before | None:
    if not packages or not run.name:
        return None
    found = neighbours.of_same_name(run).filter(pk__lt=run.pk, attempt__gt=0).order_by("-pk")
    earlier = found.first()
    other = packages_of(earlier, earlier.attempt) if earlier is not None else {}
    if earlier is None or not other:
        return None
    return Before(earlier, len(_names(packages, other)))


def _names(mine: dict[str, str], other: dict[str, str]) -> set[str]:
    return {name for name, _ in set(mine.items()) ^ set(other.items())}
