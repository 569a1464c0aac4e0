"""Runs that whirr exported: JSON Lines, or folders with run.json; and run folders as they lie in a project.

A direct run keeps its id. A job's run becomes a direct run, which has one attempt: what earlier attempts logged is kept
as that of the writers `a1`, `a1-r1`, and their artifacts below `attempt-1/`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from whirr.importing.folders import Draft, Source, Tell, Unreadable
from whirr.importing.given import Given
from whirr.wire import layout

FORM = 1
MOST = 100_000  # attempts of a run that are looked for
DIRECT = re.compile(r"local-[0-9]{8}-[0-9]{6}-[0-9a-f]{6}\Z")
ENDS = ("completed", "failed")
KEPT = ("tags", "summary", "hostname", "started_at", "finished_at", "dropped", "project")
OURS = ("id", "kind", "pid", "source")  # of meta.json
KINDS = {"metrics": layout.METRICS, "event": layout.EVENTS}


def from_lines(path: Path, tell: Tell) -> Iterator[Source]:
    """The runs in a file of JSON Lines. Raises Unreadable, OSError."""
    starts = list(_starts(path))
    if not starts:
        raise Unreadable(
            f"{path} holds no exported run", "whirr export RUN --format jsonl writes such files"
        )
    for offset, run in starts:
        yield _source(run, partial(_write_lines, path=path, offset=offset, run=run))


def from_folders(root: Path, tell: Tell) -> Iterator[Source]:
    """The run in a folder, or those in the folders in it. Raises Unreadable."""
    if not root.is_dir():
        raise Unreadable(f"{root} is no folder", "whirr export --all -o DIR writes such folders")
    found = False
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        if folder != root and folder.is_symlink():
            tell(f"{folder} is a link, and was passed over")
            continue
        source = _of_folder(folder)
        if source is None:
            continue
        found = True
        yield source
        if folder == root:
            return
    if not found:
        raise Unreadable(f"there is no run in {root}", "a run's folder holds run.json or meta.json")


def _of_folder(folder: Path) -> Source | None:
    """The run in it, None where there is none; one that cannot be read fails when its turn comes, and alone."""
    try:
        run = _run_in(folder)
        return None if run is None else _source(run, partial(_write_folder, folder=folder, run=run))
    except (Unreadable, OSError) as problem:
        write = partial(_fail, problem=problem)
        return Source(kind="whirr", key=str(folder), started=0, name=folder.name, write=write)


def _fail(draft: Draft, *, problem: Exception) -> None:
    raise problem


def _run_in(folder: Path) -> dict[str, Any] | None:
    """What run.json says; else meta.json of a direct run's own folder."""
    given = Given(folder)
    run = given.read_object("run.json")
    if run is not None and "form" in run:  # a server keeps a run.json of its own, of another form
        _check_form(run, folder / "run.json")
        return run
    meta = given.read_object(layout.META) if folder.name.startswith("local-") else None
    if meta is None:
        return None
    config = given.read_object("config.json") or {}
    told = {"id": folder.name, "kind": "direct", "attempt": 1, "config": config}
    return {**meta, **told, "attempts": [{"attempt": 1, "meta": meta}]}


def _starts(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Where each run begins in the file, and what is said of it."""
    offset = 0
    with path.open("rb") as file:
        for line in file:
            if b'"run"' in line[:64]:
                told = _decoded(line)
                if told is not None and told.get("record") == "run":
                    _check_form(told, path)
                    yield offset, _object(told.get("run"))
            offset += len(line)


def _check_form(told: dict[str, Any], path: Path) -> None:
    if told.get("form") != FORM:
        raise Unreadable(
            f"{path} is of the form {told.get('form')!r}",
            "a newer whirr wrote it; import it with that one",
        )


def _source(run: dict[str, Any], write: Any) -> Source:
    run_id = str(run.get("id") or "")
    if not layout.is_run_id(run_id):
        raise Unreadable(f"{run_id[:80]!r} is no run id")
    before = _object(_meta(run).get("source"))
    return Source(
        kind="whirr",
        key=f"{run_id}@{run.get('created_at') or run.get('started_at')}",
        started=_seconds(run.get("started_at") or run.get("created_at")),
        name=str(run.get("name") or ""),
        id=run_id if DIRECT.match(run_id) else "",
        more={"run": run_id, "status": run.get("status")} | ({"before": before} if before else {}),
        write=write,
    )


def _describe(draft: Draft, run: dict[str, Any]) -> None:
    status = run.get("status")
    before = _meta(run)
    draft.meta.update({key: before[key] for key in before if key not in OURS})
    draft.meta.update({key: run[key] for key in KEPT if run.get(key)})
    draft.meta["status"] = status if status in ENDS else "failed"
    if status not in (*ENDS, "cancelled"):
        draft.remark(f"it was {status} when it was exported, and is failed here")
    draft.config = _object(run.get("config"))


def _write_lines(draft: Draft, *, path: Path, offset: int, run: dict[str, Any]) -> None:
    newest, artifacts = _attempts(run), 0
    _describe(draft, run)
    for count, line in enumerate(_lines_of_one(path, offset)):
        told = _decoded(line) or {}
        record = told.get("record")
        if record in KINDS:
            _line(draft, told, newest)
        elif record == "artifact":
            artifacts += 1
        elif record == "end":
            if told.get("lines") != count:
                draft.remark(f"its export has {count} lines, and should have {told.get('lines')}")
            break
        elif record != "run":
            draft.remark(f"line {count + 1} of its export cannot be read")
    else:
        draft.remark("its export broke off: there may have been more")
    if artifacts:
        draft.remark(f"{artifacts} artifacts are named, and not in it; a folder or a tar has them")


def _lines_of_one(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        yield file.readline()
        for line in file:
            if line.startswith(b'{"record":"run"'):
                return
            yield line


def _line(draft: Draft, told: dict[str, Any], newest: int) -> None:
    writer, attempt = str(told.get("writer") or ""), _whole(told.get("attempt"))
    try:
        stream = _stream(KINDS[told["record"]], writer, attempt, newest)
    except ValueError as problem:
        draft.remark(f"what {writer[:40]!r} logged was left out: {problem}")
        return
    if "damaged" in told:  # kept, so that the lines behind it have the same numbers
        draft.raw(stream, str(told["damaged"]).encode("utf-8", "replace").replace(b"\n", b" "))
    else:
        draft.raw(stream, json.dumps(told.get("line"), separators=(",", ":")).encode())


def _stream(kind: str, writer: str, attempt: int, newest: int) -> str:
    """The file of a direct run for what a writer of an attempt logged."""
    if attempt == newest:
        return layout.SYSTEM if writer == "system" else layout.stream_of(kind, writer)
    told = f"a{attempt}-{writer}" if writer else f"a{attempt}"
    if len(told) > layout.LONGEST_WRITER:  # two of them may differ only in what is cut off
        digest = hashlib.sha256(told.encode()).hexdigest()[:8]
        told = f"{told[: layout.LONGEST_WRITER - 9]}-{digest}"
    return layout.stream_of(kind, told)


def _write_folder(draft: Draft, *, folder: Path, run: dict[str, Any]) -> None:
    newest = _attempts(run)
    _describe(draft, run)
    for attempt in range(1, newest + 1):
        home = Given(folder, ("attempts", str(attempt)))
        if home.is_there:
            _copy_attempt(draft, home, attempt, newest)
        elif attempt == newest:
            _copy_attempt(draft, Given(folder), attempt, newest)


def _copy_attempt(draft: Draft, home: Given, attempt: int, newest: int) -> None:
    for name in filter(layout.is_stream, home.all_names()):
        kind, writer = layout.parted(name)
        if kind == layout.OUTPUT:
            continue
        if kind == layout.SYSTEM:
            kind, writer = layout.METRICS, "system"
        home.copy(name, draft.folder / _stream(kind, writer, attempt, newest))
    aside = draft.folder if attempt == newest else draft.artifacts / f"attempt-{attempt}"
    for name in (layout.OUTPUT, "git.json", "git.diff", "requirements.txt"):
        home.copy(name, aside / name)
    artifacts = home.inner(layout.ARTIFACTS)
    if artifacts.is_there:
        left = artifacts.copy_all(draft.artifacts if attempt == newest else aside)
        if left:
            draft.remark(
                f"{len(left)} links or the like among its artifacts were left out: {left[0]}"
            )


def _meta(run: dict[str, Any]) -> dict[str, Any]:
    """The newest attempt's meta.json."""
    attempts = run.get("attempts")
    return (
        _object(_object(attempts[-1]).get("meta"))
        if isinstance(attempts, list) and attempts
        else {}
    )


def _attempts(run: dict[str, Any]) -> int:
    return min(_whole(run.get("attempt")), MOST)


def _whole(value: Any) -> int:
    return value if type(value) is int and value > 0 else 1


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _decoded(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _seconds(text: Any) -> float:
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
