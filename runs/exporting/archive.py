"""The run's folder as a tar: its files as they are, artifacts included, and run.json with what the database knows.

What is read back by `whirr import runs`, or by anything else that knows tar, in ten years.
"""

import json
import os
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from runs import artifacts, selectors, storage
from runs.errors import DomainError
from runs.exporting import records, source
from runs.models import Artifact, Run, RunKind

PIECE = 256 * 1024
MADE = 0o644


def write(run: Run) -> Iterator[bytes]:
    """A tar (POSIX pax) with one folder, the run's. Raises what reading raises where a file is gone meanwhile."""
    told = json.dumps({"form": records.FORM} | records.about(run), indent=2).encode()
    yield _head(f"{run.key}/run.json", len(told)) + told + _padding(len(told))
    for attempt in source.attempts(run):
        yield from _attempt(run, attempt)
    yield b"\0" * 1024


def _attempt(run: Run, attempt: int) -> Iterator[bytes]:
    home = f"{run.key}/attempts/{attempt}" if run.kind == RunKind.JOB else run.key
    for file in source.streams_of(run):
        if file.attempt == attempt:
            with storage.reading(file.path) as stream:
                size = min(file.size, _size(stream))  # it may have grown since
                yield from _entry(f"{home}/{file.name}", size, stream)
    for name in storage.DOCUMENTS:
        path = storage.document_path(run, attempt, name)
        if path.is_file() and not path.is_symlink():
            with storage.reading(path) as stream:
                yield from _entry(f"{home}/{name}", _size(stream), stream)
    for artifact in selectors.artifacts_of(run, attempt=attempt).select_related("run"):
        yield from _artifact(home, artifact)


def _artifact(home: str, artifact: Artifact) -> Iterator[bytes]:
    name = f"{home}/artifacts/unnamed-{artifact.pk}"
    try:
        name = f"{home}/artifacts/{artifacts.checked_path(artifact.path)}"
        content = artifacts.content(artifact)
        stream = content.opened(0, content.size)
    except (DomainError, OSError) as error:
        told = f"{artifact.path}: {error}\n".encode()
        yield _head(f"{name}.missing", len(told)) + told + _padding(len(told))
        return
    with stream:
        size = (
            content.size if content.digest else _size(stream)
        )  # a file on a shared disk may change
        yield from _entry(name, size, stream, artifact.modified_at)


def _size(stream: BinaryIO) -> int:
    """Of the opened file: another one may have taken its name meanwhile."""
    return os.fstat(stream.fileno()).st_size


def _entry(
    name: str, size: int, stream: BinaryIO, modified: datetime | None = None
) -> Iterator[bytes]:
    yield _head(name, size, modified)
    left = size
    while left:
        piece = stream.read(min(left, PIECE))
        if not piece:
            raise OSError(f"{name} became shorter while it was read")
        left -= len(piece)
        yield piece
    yield _padding(size)


def _head(name: str, size: int, modified: datetime | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, MADE
    info.mtime = int((modified or datetime(1980, 1, 1, tzinfo=UTC)).timestamp())
    return info.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return b"\0" * (-size % tarfile.BLOCKSIZE)
