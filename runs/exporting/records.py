"""JSON and JSON Lines: the run, every record as it was logged, events, and the list of artifacts.

A line that is strict JSON is copied as it stands, so every digit survives. NaN and the infinities, which JSON cannot
say, are the words "NaN", "Infinity", "-Infinity".
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from runs import selectors, storable, storage
from runs.documents import LIMIT
from runs.exporting import source
from runs.models import Run
from runs.parsing import decode

FORM = 1  # of these files; a reader refuses what it does not know
PIECE = 64 * 1024
TOLD = (
    *("name", "kind", "project", "user", "status", "attempt", "tags", "config", "summary"),
    *("hostname", "dropped"),
)
TIMES = ("created_at", "started_at", "finished_at")
DOCUMENTS = {"meta.json": "meta", "config.json": "config", "git.json": "git"}


def lines(run: Run, *, everything: bool) -> Iterator[bytes]:
    """One object a line: `run`, `metrics`, `event`, `artifact`, and `end` with the number of lines before it."""
    return _in_pieces(_counted(_objects(run, everything=everything)))


def document(run: Run, *, everything: bool) -> Iterator[bytes]:
    """The same as one object: {"form", "run", "metrics": [...], "events": [...], "artifacts": [...]}."""
    return _in_pieces(_document(run, everything=everything))


def about(run: Run) -> dict[str, Any]:
    """The run itself, with the documents of each attempt."""
    told: dict[str, Any] = {"id": run.key} | {name: getattr(run, name) for name in TOLD}
    told |= {name: _stamp(getattr(run, name)) for name in TIMES}
    told["attempts"] = [
        {"attempt": attempt} | _documents(run, attempt) for attempt in source.attempts(run)
    ]
    return told


def _documents(run: Run, attempt: int) -> dict[str, Any]:
    found = {}
    for name, told in DOCUMENTS.items():
        path = storage.document_path(run, attempt, name)
        if path.is_file() and not path.is_symlink():
            with storage.reading(path) as file:
                found[told] = storable.json(decode(file.read(LIMIT)))
    return found


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _objects(run: Run, *, everything: bool) -> Iterator[bytes]:
    yield _text({"record": "run", "form": FORM, "run": about(run)})
    yield from _records(run, "metrics.jsonl", b'{"record":"metrics",')
    if everything:
        yield from _records(run, "events.jsonl", b'{"record":"event",')
        for artifact in _artifacts(run):
            yield _text({"record": "artifact"} | artifact)


def _counted(objects: Iterator[bytes]) -> Iterator[bytes]:
    count = 0
    for each in objects:
        count += 1
        yield each + b"\n"
    yield _text({"record": "end", "lines": count}) + b"\n"


def _document(run: Run, *, everything: bool) -> Iterator[bytes]:
    yield b'{"form":%d,"run":' % FORM + _text(about(run))
    yield b',"metrics":'
    yield from _list(_records(run, "metrics.jsonl", b"{"))
    if everything:
        yield b',"events":'
        yield from _list(_records(run, "events.jsonl", b"{"))
        yield b',"artifacts":'
        yield from _list(_text(artifact) for artifact in _artifacts(run))
    yield b"}\n"


def _list(items: Iterator[bytes]) -> Iterator[bytes]:
    before = b"[\n"
    for item in items:
        yield before + item
        before = b",\n"
    yield b"[]" if before == b"[\n" else b"\n]"


def _records(run: Run, kind: str, opening: bytes) -> Iterator[bytes]:
    for file in source.files_of(run, kind):
        head = opening + b'"attempt":%d,"writer":"%s",' % (file.attempt, file.writer.encode())
        for line in source.lines_of(file):
            if line.record is None:
                told = line.data.decode(errors="backslashreplace")
                yield head + b'"damaged":' + _text(told) + b"}"
            else:
                yield head + b'"line":' + _verbatim(line) + b"}"


def _verbatim(line: source.Line) -> bytes:
    try:
        orjson.loads(line.data)
    except orjson.JSONDecodeError:
        return _text(storable.json(line.record))
    return line.data.strip()


def _artifacts(run: Run) -> Iterator[dict[str, Any]]:
    for attempt in source.attempts(run):
        for each in selectors.artifacts_of(run, attempt=attempt).iterator():
            yield {
                "attempt": attempt,
                "path": each.path,
                "size": each.size,
                "sha256": each.blob if len(each.blob) == 64 else None,
                "modified": _stamp(each.modified_at),
            }


def _text(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _in_pieces(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces that are worth sending."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
