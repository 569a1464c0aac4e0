"""What runs ran in: machine, Python, packages, commit. Read from files that jobs may have tampered with."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dashboard.comparing.grids import Row, rows, text_of, texts
from jobs.models import Attempt, Job
from runs import documents
from runs.errors import DomainError, NotFound
from runs.models import Run

UNTRACKED_NAMED = 20
REQUIREMENT = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(===?|~=|!=|<=|>=|<|>|@)?\s*(.*)"
)
LONGEST = 2_000  # characters of one value


@dataclass(frozen=True, slots=True)
class Found:
    """Rows with a cell for each run, and what could not be read: the run's id and why."""

    rows: list[Row]
    trouble: list[tuple[str, str]]


def packages(runs: Sequence[Run]) -> Found:
    """A row for each package that any run had, with its version, sorted by name."""
    read, trouble = _documents(runs, "requirements.txt")
    told = [_requirements(hashlib.sha256(data).digest(), data) if data else {} for data in read]
    return Found(sorted(rows(told), key=lambda row: row.key), trouble)


@lru_cache(maxsize=256)
def _requirements(digest: bytes, data: bytes) -> dict[str, str]:
    """`{"numpy": "2.4.6"}`; runs of one environment have the very same file."""
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.partition(" #")[0].strip()
        match = REQUIREMENT.fullmatch(text)
        if match is not None:
            name = re.sub(r"[-_.]+", "-", match[1]).lower()  # PEP 503: one package has one name
            operator = "" if match[2] in ("==", None) else f"{match[2]} "
            found[name] = f"{operator}{match[3]}"[:LONGEST] or "any version"
    return found


def environment(runs: Sequence[Run]) -> Found:
    """Where and how each run ran: host, Python, command, GPUs, worker, and the names in its environment."""
    read, trouble = _documents(runs, "meta.json")
    queue = _of_jobs(runs)
    told = []
    for run, data in zip(runs, read, strict=True):
        meta, why = _object(data)
        if why:
            trouble.append((run.key, f"meta.json {why}"))
        facts = {"host": run.hostname or meta.get("hostname"), "python": meta.get("python")}
        argv = meta.get("argv")
        facts |= {"arguments": " ".join(map(str, argv)) if isinstance(argv, list) else argv}
        told.append(_said(facts | queue.get(run.pk, {})))
    return Found(rows(told), trouble)


def git(runs: Sequence[Run]) -> Found:
    """The commit of each run, its branch, whether something was changed since, and the files that no commit has."""
    read, trouble = _documents(runs, "git.json")
    told = []
    for run, data in zip(runs, read, strict=True):
        facts, why = _object(data)
        if why:
            trouble.append((run.key, f"git.json {why}"))
        told.append(_said(_of_commit(facts)))
    return Found(rows(told), trouble)


def _of_commit(facts: dict[str, Any]) -> dict[str, Any]:
    if not facts:
        return {}
    told = {name: facts.get(name) for name in ("commit", "branch", "remote", "dirty")}
    if facts.get("diff_bytes"):
        told["bytes changed"] = facts["diff_bytes"]
    untracked = facts.get("untracked")
    if isinstance(untracked, list) and untracked:
        rest = len(untracked) - UNTRACKED_NAMED
        names = ", ".join(map(str, untracked[:UNTRACKED_NAMED]))
        told["untracked"] = f"{names} and {rest} more" if rest > 0 else names
    return told


def _documents(runs: Sequence[Run], name: str) -> tuple[list[bytes], list[tuple[str, str]]]:
    """The document of each run's newest attempt, b"" where there is none, and what could not be read."""
    read: list[bytes] = []
    trouble: list[tuple[str, str]] = []
    for run in runs:
        data = b""
        try:
            data = documents.read(run, run.attempt, name)
        except NotFound:
            pass
        except DomainError as error:
            trouble.append((run.key, error.detail))
        read.append(data)
    return read, trouble


def _object(data: bytes) -> tuple[dict[str, Any], str]:
    """A JSON object, or why it is none."""
    if not data:
        return {}, ""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}, "is no JSON"
    return (found, "") if isinstance(found, dict) else ({}, "is no JSON object")


def _said(facts: dict[str, Any]) -> dict[str, str]:
    there = {key: value for key, value in facts.items() if value not in (None, "", [])}
    return texts({key: _short(value) for key, value in there.items()})


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else text_of(value)
    if len(text) <= LONGEST:
        return value
    return f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"


def _of_jobs(runs: Sequence[Run]) -> dict[int, dict[str, Any]]:
    """Command, worker and GPUs of the runs that are jobs, by the run's primary key; three queries."""
    found = {job.run_id: job for job in Job.objects.filter(run__in=[run.pk for run in runs])}
    jobs = {run.pk: found[run.pk] for run in runs if run.pk in found}
    numbers = {jobs[run.pk].pk: run.attempt for run in runs if run.pk in jobs}
    attempts = {
        each.job_id: each
        for each in Attempt.objects.filter(job__in=numbers).select_related("worker")
        if each.number == numbers[each.job_id]
    }
    hidden = _Hidden()
    return {
        pk: {
            "command": " ".join(map(str, job.command_argv)),
            "folder": job.workdir,
            **_of_attempt(attempts.get(job.pk)),
            **{f"env.{name}": hidden.said(name, value) for name, value in job.env.items()},
        }
        for pk, job in jobs.items()
    }


class _Hidden:
    """Values of the environment may be secrets: a page says which runs have the same one, and never what it is."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = {}

    def said(self, name: str, value: object) -> str:
        mine = self._seen.setdefault(name, {})
        return f"hidden value {mine.setdefault(str(value), len(mine) + 1)}"


def _of_attempt(attempt: Attempt | None) -> dict[str, Any]:
    if attempt is None:
        return {}
    cards = attempt.worker.gpus if attempt.worker is not None else []
    names = {
        card.get("index"): str(card.get("name", "GPU")) for card in cards if isinstance(card, dict)
    }
    held = [names.get(index, f"GPU {index}") for index in attempt.gpus]
    counted = {name: held.count(name) for name in dict.fromkeys(held)}
    told = ", ".join(f"{count} x {name}" for name, count in counted.items())
    return {"worker": attempt.worker_name, "GPUs": told}
