"""A run folder made from what somebody else recorded. It appears under its name when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Callable

from whirr import _artifacts
from whirr.wire import layout
from whirr.wire.files import read_json_object, write_whole

MOST = 256  # ids that are tried for one source before something must be wrong
INLINE = 256 * 1024  # bytes of a table that stands in its event
FIRST, LAST = -30_610_224_000, 253_402_300_800  # the years 1000 to 9999, in seconds since 1970

_encode = json.JSONEncoder(separators=(",", ":")).encode  # NaN and the infinities stand as such
Tell = Callable[[str], None]  # a remark for a person


class Unreadable(Exception):
    """A source that cannot be read as what it is said to be. `mend` says what may help."""

    def __init__(self, cause: str, mend: str = "") -> None:
        super().__init__(cause)
        self.mend = mend


@dataclass
class Source:
    """A run as its origin knows it. `write` fills the folder; what it says to `tell` is told to whoever imports.

    `key` names it among all runs of its kind, today and at the next import. `id` is a run id that it shall keep.
    """

    kind: str
    key: str
    started: float  # seconds since the epoch
    write: Callable[[Draft], None]
    name: str = ""
    project: str = ""
    tags: list[str] = field(default_factory=list)
    id: str = ""
    more: dict[str, Any] = field(default_factory=dict)  # what else `source` in meta.json says


@dataclass(frozen=True)
class Taken:
    """What became of a source. `is_new` is false where it had been imported before."""

    run_id: str
    is_new: bool
    remarks: list[str]


class Draft:
    """The folder of a run while it is being filled."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self.folder = folder
        self.id = run_id
        self.meta: dict[str, Any] = {"status": "completed", "summary": {}}
        self.config: dict[str, Any] = {}
        self.remarks: list[str] = []
        self._open: dict[str, tuple[BinaryIO, list[int]]] = {}

    def metrics(
        self, at: float | None, step: int | None, values: Mapping[str, Any], writer: str = ""
    ) -> None:
        """A line of metrics; `at` in seconds since the epoch."""
        record = self._placed(at, step)
        self.line(layout.stream_of(layout.METRICS, writer), {**record, **values})

    def event(self, at: float, step: int | None, kind: str, key: str, **body: Any) -> None:
        """A line of events.jsonl."""
        record = self._placed(at, step)
        self.line(layout.EVENTS, {**record, "type": kind, "key": key, **body})

    def line(self, stream: str, record: Mapping[str, Any]) -> None:
        """A line of any stream; it is given its `_idx` unless it has one."""
        file, count = self._stream(stream)
        text = _encode({"_idx": count[0], **record})
        file.write(text.encode("ascii") + b"\n")
        count[0] += 1

    def raw(self, stream: str, data: bytes) -> None:
        """A line as it stands."""
        file, count = self._stream(stream)
        file.write(data + b"\n")
        count[0] += 1

    def artifact(self, name: str, data: bytes) -> str:
        """Keep bytes; the path below artifacts/. Raises ValueError for a name that cannot be one."""
        target = self.artifacts / _artifacts.checked_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return name

    @property
    def artifacts(self) -> Path:
        """Where artifacts go."""
        return self.folder / layout.ARTIFACTS

    def remark(self, text: str) -> None:
        """Something that could not be taken as it was: told once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def close(self) -> None:
        """Finish the files."""
        for file, _ in self._open.values():
            file.close()
        self._open.clear()

    def _placed(self, at: float | None, step: int | None) -> dict[str, Any]:
        record: dict[str, Any] = {}
        if at is not None and is_time(at):
            record["_timestamp"] = stamp(at)
        elif at is not None:
            self.remark("times that no clock shows (NaN, infinite, beyond all years) were left out")
        if step is not None:
            record["step"] = step
        return record

    def _stream(self, name: str) -> tuple[BinaryIO, list[int]]:
        if name not in self._open:
            layout.parted(name)
            file = (self.folder / name).open("ab")
            self._open[name] = (file, [0])
        return self._open[name]


def take(source: Source, runs: Path, *, tags: Iterable[str] = (), project: str = "") -> Taken:
    """Write the run below `runs`, unless it is there already. Raises OSError, Unreadable."""
    run_id, known = _id_of(source, runs)
    if known:
        return Taken(run_id, is_new=False, remarks=[])
    runs.mkdir(parents=True, exist_ok=True)
    draft = Draft(runs / f".importing-{run_id}-{os.getpid()}", run_id)
    try:
        draft.artifacts.mkdir(parents=True)
        source.write(draft)
        draft.close()
        _describe(draft, source, tags, project)
        draft.folder.rename(runs / run_id)
    finally:
        draft.close()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(draft.folder)
    return Taken(run_id, is_new=True, remarks=draft.remarks)


def run_id_of(kind: str, key: str, started: float, turn: int = 0) -> str:
    """The id of a source: the same whenever and wherever it is imported."""
    text = f"{kind}\0{key}\0{turn or ''}".encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(text).hexdigest()
    return f"local-{time.strftime('%Y%m%d-%H%M%S', _utc(started))}-{digest[:6]}"


def _id_of(source: Source, runs: Path) -> tuple[str, bool]:
    """The id, and whether the run is there. Another source's run of the same id makes it try the next one."""
    if source.id:
        return source.id, (runs / source.id).exists()
    for turn in range(MOST):
        run_id = run_id_of(source.kind, source.key, source.started, turn)
        # Whatever its time: a copied file has another one, and is the same source.
        for there in sorted(runs.glob(f"local-*-{run_id[-6:]}")):
            if _is_of(source, there):
                return there.name, True
        if not (runs / run_id).exists():
            return run_id, False
    raise Unreadable(f"no id is left for {source.name or source.key}")


def _is_of(source: Source, folder: Path) -> bool:
    told = (read_json_object(folder / layout.META) or {}).get("source")
    return isinstance(told, dict) and (told.get("kind"), told.get("id")) == (
        source.kind,
        source.key,
    )


def _describe(draft: Draft, source: Source, tags: Iterable[str], project: str) -> None:
    meta = draft.meta
    told = {
        "id": draft.id,
        "name": meta.pop("name", "") or source.name,
        "tags": list(dict.fromkeys([*meta.pop("tags", []), *source.tags, *tags])),
        "project": project or meta.pop("project", "") or source.project,
        "started_at": meta.pop("started_at", None) or stamp(source.started),
        "kind": "direct",
        "source": {"kind": source.kind, "id": source.key, **source.more},
        **meta,
    }
    told["finished_at"] = told.get("finished_at") or told["started_at"]
    if draft.config:
        _write(draft.folder / "config.json", draft.config)
    _write(draft.folder / layout.META, told)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=2, default=str).encode())


def is_time(seconds: float) -> bool:
    """Whether it can be written as a time; NaN cannot."""
    return FIRST <= seconds < LAST


def stamp(seconds: float) -> str:
    """A time as whirr writes it, to the nearest microsecond; 1970 where it is none."""
    micros = round(seconds * 1e6) if is_time(seconds) else 0
    whole, part = divmod(micros, 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', _utc(whole))}.{part:06d}Z"


def _utc(seconds: float) -> time.struct_time:
    return time.gmtime(seconds if is_time(seconds) else 0)  # 0: nonsense in the source's clock
