"""Rows of runs as their files tell them: run.json where there is one, else what programs wrote themselves."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from runs import documents, facts, run_file, storage, trees
from runs.errors import Invalid
from runs.models import Run, RunKind, RunStatus
from runs.moments import moment, of_change
from runs.parsing import decode

ENDS = {"completed": RunStatus.COMPLETED, "failed": RunStatus.FAILED}
NUMBER = re.compile(r"[1-9][0-9]{0,9}\Z")
MOST = run_file.NUMBERS["attempt"]
DESCRIBING = {
    *run_file.TREES,
    "name",
    "project",
    "user",
    "hostname",
    "dropped",
    "resumed",
    "started_at",
    *("notes", "notes_by", "notes_at"),
}
Told = dict[str, Any]


def attempts_in(folder: Path) -> list[int]:
    """The attempts that a run's folder holds, the oldest first; a direct run has its only one."""
    if not folder.name.startswith("job-"):
        return [1]
    root = folder / "attempts"
    if root.is_symlink() or not root.is_dir():
        return []
    names = [path.name for path in root.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted(int(name) for name in names if NUMBER.match(name) and int(name) <= MOST)


def made_at(folder: Path) -> datetime:
    """When it was made, as far as its files know: when its program began, else when the folder was last changed."""
    for meta in _metas(folder):
        if at := moment(meta.get("started_at")):
            return at
    return of_change(folder.stat().st_mtime)


def _metas(folder: Path) -> Iterator[Told]:
    """What meta.json of each attempt says, the oldest first."""
    for number in attempts_in(folder):
        home = folder / "attempts" / str(number) if folder.name.startswith("job-") else folder
        try:
            with storage.reading(home / "meta.json") as file:
                yield decode(file.read(documents.LIMIT)) or {}
        except FileNotFoundError:
            continue


def make(folder: Path, told: Told | None, notes: list[str], *, rehearse: bool) -> Run:
    """A row where there is none; not stored in a rehearsal. Raises Invalid where the folder tells nothing of a run."""
    attempts = attempts_in(folder)
    notes.append("it has no row")
    fields = told or _guessed(folder, attempts)
    fields |= {"attempt": max([fields["attempt"], *attempts])}
    run = Run(key=folder.name, **fields)
    if rehearse:
        return run
    run.save(force_insert=True)
    if told is None or not run.is_final:  # run.json of one that ended has it all, as it was merged
        for number in attempts:
            _take_over(run, number, notes)
        run.refresh_from_db()
    if run.kind == RunKind.JOB and run.attempt and not _own_facts(run):  # as it began
        run.facts = facts.at_start(run.attempt, [])
        run.save(update_fields=["facts"])
    complete_facts(run)
    return run


def lacking_facts(run: Run) -> dict[str, Any]:
    """What the documents of its newest attempt tell, where that is more than its row has, or something else."""
    if run.attempt < 1:
        return {}
    said = documents.facts_in_files(run)
    known = _own_facts(run)
    told = {key: value for key, value in said.items() if known.get(key) != value}
    return told if told.keys() - {facts.ATTEMPT} else {}


def complete_facts(run: Run) -> None:
    """Add what its documents tell; what they do not, as the model of its GPUs, stays."""
    if told := lacking_facts(run):
        run.facts = _own_facts(run) | told
        run.save(update_fields=["facts"])


def _own_facts(run: Run) -> dict[str, Any]:
    """Those that its row has, where they are of its newest attempt."""
    return run.facts if run.facts.get(facts.ATTEMPT) == run.attempt else {}


def _guessed(folder: Path, attempts: list[int]) -> Told:
    """What a row needs. A job whose end nobody wrote down has not completed, as far as anybody knows."""
    metas = list(_metas(folder))
    direct = not folder.name.startswith("job-")
    if direct and not metas:
        raise Invalid("neither run.json nor meta.json says what it is")
    if not direct and not attempts:
        raise Invalid("it has neither a run.json nor an attempt")
    meta = metas[-1] if metas else {}
    unknown = RunStatus.RUNNING if direct else RunStatus.FAILED
    status = ENDS.get(str(meta.get("status")), unknown)
    began = made_at(folder)
    ended = moment(meta.get("finished_at")) or _last_change(folder)
    return {
        "kind": RunKind.DIRECT if direct else RunKind.JOB,
        "status": status,
        "attempt": max(attempts),
        "created_at": began,
        "started_at": began,
        "finished_at": ended if status.is_final else None,
    }


def _last_change(folder: Path) -> datetime:
    files = (info.st_mtime for _, info in trees.files(folder))
    newest = max(files, default=folder.stat().st_mtime)
    return of_change(newest)


def _take_over(run: Run, attempt: int, notes: list[str]) -> None:
    for name in ("config.json", "meta.json"):
        try:
            with storage.reading(storage.document_path(run, attempt, name)) as file:
                documents.take_over(run, attempt, name, file.read(documents.LIMIT))
        except FileNotFoundError:
            continue
        except Invalid as error:
            notes.append(f"attempt {attempt}: {error}")


def differing(run: Run, told: Told | None) -> list[str]:
    """The columns in which run.json has something else. A run that has not ended there, or whose job goes on, has none.

    The row is what counts then: a file that a crash or a full disk kept from being written tells of the time before.
    """
    if told is None or not told["status"].is_final:
        return []
    if not run.is_final and run.kind == RunKind.JOB:
        return []
    silent = () if told["facts"] else ("facts",)  # written before there were any
    return [
        name for name in run_file.FIELDS if name not in silent and getattr(run, name) != told[name]
    ]


def lacking(run: Run, told: Told | None) -> list[str]:
    """Those among them in which the row has nothing at all, and which change nothing that somebody decided."""
    return [name for name in differing(run, told) if name in DESCRIBING and not getattr(run, name)]


def complete(run: Run, told: Told, columns: list[str]) -> None:
    """Let these columns of the row say what run.json does."""
    for name in columns:
        setattr(run, name, told[name])
    run.save(update_fields=columns)
