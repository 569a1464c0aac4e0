"""What is exported: the streams of every attempt, line by line, as far as they reached when the export began."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs import storage
from runs.errors import Invalid
from runs.models import Run
from runs.parsing import decode

LONGEST = 16 * 1024 * 1024  # bytes of a line; what is longer is told in parts, as damaged


@dataclass(frozen=True, slots=True)
class File:
    """A stream of an attempt. Only its first `size` bytes count: it may grow meanwhile."""

    attempt: int
    name: str
    kind: str  # metrics.jsonl also for system.jsonl: both hold metrics
    writer: str
    path: Path
    size: int
    is_final: bool  # nobody writes to it any more, so a last line without its end is damaged


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. `record` is None where it is no JSON object."""

    number: int
    data: bytes
    record: dict[str, Any] | None


def attempts(run: Run) -> range:
    """Their numbers; a run whose job has not started has none."""
    return range(1, run.attempt + 1)


def streams_of(run: Run) -> list[File]:
    """Every stream of every attempt: attempts in order, the main writer first."""
    return [file for attempt in attempts(run) for file in _of_attempt(run, attempt)]


def files_of(run: Run, kind: str) -> list[File]:
    """The streams of one kind ("metrics.jsonl" includes what agents measured)."""
    return [file for file in streams_of(run) if file.kind == kind]


def _of_attempt(run: Run, attempt: int) -> Iterator[File]:
    folder = storage.attempt_folder(run, attempt)
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    for name in sorted(names, key=lambda name: (name.count("."), name)):
        try:
            kind, writer = storage.parted(name)
        except Invalid:
            continue
        path = folder / name
        if path.is_symlink() or not path.is_file():
            continue
        kind = "metrics.jsonl" if kind == "system.jsonl" else kind
        final = run.is_final or attempt < run.attempt
        yield File(attempt, name, kind, writer, path, storage.size_of(path), final)


def lines_of(file: File) -> Iterator[Line]:
    """The lines in order. One without its end is left out while the run goes on: the rest may come."""
    left, number = file.size, 0
    with storage.reading(file.path) as source:
        while left > 0:
            data = source.readline(min(left, LONGEST))
            if not data:
                return
            left -= len(data)
            if not data.endswith(b"\n") and not file.is_final and left <= 0:
                return
            data = data.removesuffix(b"\n")
            yield Line(number, data, decode(data))
            number += 1
