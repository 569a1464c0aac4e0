"""Rows of artifacts as files tell them: the manifest of what arrived, and what lies on a shared disk."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import F

from runs import artifacts, contents, manifest
from runs.errors import Invalid
from runs.manifest import Entry
from runs.models import Artifact, Run


class Kept(NamedTuple):
    size: int
    blob: str


def differences(run: Run, attempts: Iterable[int]) -> list[str]:
    """Artifacts that the files know and the database does not, or not so; a line for each attempt."""
    notes = []
    for attempt in attempts:
        wanted, stored = _wanted(run, attempt), _stored(run, attempt)
        missing = sorted(path for path, each in wanted.items() if stored.get(path) != each)
        if missing:
            some = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
            notes.append(f"artifacts missing or different: {some} ({len(missing)})")
    return notes


def gone(run: Run, attempts: Iterable[int]) -> list[str]:
    """Artifacts that arrived and whose content the storage has no more: nothing brings them back."""
    return [
        f"the content of {entry.path} is gone from the storage"
        for attempt in attempts
        for entry in _arrived(run, attempt)
        if contents.size_of(entry.sha256) != entry.size
    ]


def take_over(run: Run, attempts: Iterable[int]) -> None:
    """Make the rows of those whose content is there."""
    for attempt in attempts:
        artifacts.collect_shared(run, attempt)
        for entry in _arrived(run, attempt):
            if contents.size_of(entry.sha256) != entry.size:
                continue
            told = {
                "size": entry.size,
                "received": entry.size,
                "blob": entry.sha256,
                "modified_at": entry.modified,
            }
            Artifact.objects.update_or_create(
                run=run, attempt=attempt, path=entry.path, defaults=told
            )


def write_down(run: Run) -> int:
    """Add to the manifests what the database knows and they do not: runs from before there were any."""
    told = 0
    known: dict[int, dict[str, Entry]] = {}
    stored = Artifact.objects.filter(run=run, received=F("size")).exclude(blob="")
    for artifact in stored.select_related("run"):
        if not contents.is_digest(artifact.blob):
            artifacts.settle(artifact, now=artifact.modified_at)
            continue
        if artifact.attempt not in known:
            known[artifact.attempt] = manifest.read(run, artifact.attempt)
        if artifact.path not in known[artifact.attempt]:
            manifest.note(artifact, modified=artifact.modified_at)
            told += 1
    return told


def _wanted(run: Run, attempt: int) -> dict[str, Kept]:
    wanted = {path: Kept(size, "") for path, size in artifacts.shared(run, attempt)}
    for entry in _arrived(run, attempt):
        wanted[entry.path] = Kept(entry.size, entry.sha256)
    return wanted


def _arrived(run: Run, attempt: int) -> list[Entry]:
    """What its manifest names; what cannot be the name of an artifact is passed over."""
    return [entry for entry in manifest.read(run, attempt).values() if _is_name(entry.path)]


def _is_name(path: str) -> bool:
    try:
        return artifacts.checked_path(path) == path
    except Invalid:
        return False


def _stored(run: Run, attempt: int) -> dict[str, Kept]:
    if run._state.adding:  # a rehearsal of a row that is to be made
        return {}
    found = Artifact.objects.filter(run=run, attempt=attempt, received=F("size"))
    return {
        path: Kept(size, blob) for path, size, blob in found.values_list("path", "size", "blob")
    }
