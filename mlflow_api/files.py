"""Artifacts through the server: what MLflow calls its artifact proxy. Bytes go to a file of our naming as they come.

An address below the proxy is `runs/<run id>/<path>`. The path is checked and stored as a name; no file has it.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.db import transaction

from mlflow_api import tracking
from mlflow_api.refusals import Refusal, invalid
from runs import artifacts, feed, parts, selectors
from runs.contents import Content
from runs.models import Artifact, Run

PART = 1024 * 1024


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A run, and the name of a file or folder of it; the empty name is the run's root."""

    run_id: str
    name: str


def place_of(address: str) -> Place:
    """Read `runs/<run id>/<path>`. Raises Refusal, Invalid."""
    root, _, rest = address.partition("/")
    run_id, _, name = rest.partition("/")
    if root != "runs" or not run_id:
        raise invalid("Invalid path: artifacts lie below runs/<run id>/.")
    return Place(run_id, checked(name))


def checked(name: str) -> str:
    """A name of a file or folder, or the empty one. Raises Invalid for what could be mistaken for another place."""
    return artifacts.checked_path(name) if name else ""


def store(place: Place, source: Source, *, size: int | None, now: datetime) -> None:
    """Keep a file, in the place of the one that has its name. `size`: how many bytes were announced, if any were."""
    if not place.name:
        raise invalid("Invalid path: a file needs a name.")
    run = tracking.to_write(place.run_id)
    part = parts.new()
    with _draft(parts.path_of(part)) as path:
        written = _copy(source, path)
        if size is not None and written != size:
            raise invalid(
                f"{written} bytes came of {size} that were announced; send the file again."
            )
        artifacts.place(run, run.attempt, place.name, part=part, now=now)
    feed.ring(feed.run_group(run.key))


@contextlib.contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A new file that stays only if nothing goes wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _copy(source: Source, path: Path) -> int:
    written = 0
    with path.open("xb") as file:
        path.chmod(0o600)
        while part := source.read(PART):
            written += file.write(part)
    return written


def fetch(place: Place) -> Content:
    """The file. Raises Refusal, NotFound."""
    run = tracking.get(place.run_id)
    return artifacts.content(selectors.artifact(run, place.name))


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder by its name in the folder that is listed."""

    name: str
    size: int | None  # of a file


def entries(run: Run, folder: str) -> list[Entry]:
    """What a folder holds; nothing where it is a file, or is not there."""
    prefix = f"{folder}/" if folder else ""
    found: dict[str, Entry] = {}
    for path, size in selectors.artifacts_of(run).values_list("path", "size"):
        if path.startswith(prefix):
            name, slash, _ = path.removeprefix(prefix).partition("/")
            found[name] = Entry(name, None if slash else size)
    return list(found.values())


@transaction.atomic
def delete(place: Place) -> None:
    """A file, or all that is in a folder. Raises Refusal where there is neither."""
    run = tracking.to_write(place.run_id)
    doomed = [
        artifact
        for artifact in Artifact.objects.filter(run=run, attempt=run.attempt).select_related("run")
        if artifact.path == place.name
        or artifact.path.startswith(f"{place.name}/" if place.name else "")
    ]
    if not doomed:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Run {run.key} has no artifact '{place.name}'.")
    artifacts.delete(doomed)
    feed.ring(feed.run_group(run.key))
