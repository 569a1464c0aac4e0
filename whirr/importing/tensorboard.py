"""Runs from TensorBoard's event files, whoever wrote them: TensorFlow 1 and 2, torch, tensorboardX.

Each folder with event files is a run. What is read is described by tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto and tensorboard/plugins/hparams/plugin_data.proto; records come in the order in
which they were written, and every one of them counts (TensorBoard itself shows a sample).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from whirr.importing import summaries
from whirr.importing.folders import Draft, Source, Tell, Unreadable, stamp
from whirr.importing.protobuf import Malformed, content, double, fields, signed
from whirr.importing.records import Damaged, records

MARK = "tfevents"


class Event(NamedTuple):
    """One record: when, at which step, and the summary in it."""

    at: float  # seconds since the epoch
    step: int
    summary: bytes
    other: str  # what else it holds, in a word


def runs(root: Path, tell: Tell) -> Iterator[Source]:
    """The runs below a folder. Raises Unreadable where there is none; what cannot be read is told."""
    if not root.is_dir():
        raise Unreadable(f"{root} is no folder", "name the folder that `tensorboard --logdir` gets")
    found = False
    for folder, files in _folders(root):
        found = True
        source = _source(root, folder, files)
        if source is None:
            tell(f"{folder}: no event file in it can be read")
        else:
            yield source
    if not found:
        raise Unreadable(
            f"there are no event files below {root}", "their names hold the word tfevents"
        )


def _folders(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    for folder, inner, names in os.walk(root):
        inner.sort()
        files = [Path(folder) / name for name in sorted(names) if MARK in name]
        if files:
            yield Path(folder), [file for file in files if file.is_file()]


def _source(root: Path, folder: Path, files: list[Path]) -> Source | None:
    """None where not even a first record can be read."""
    for file in files:
        first = next(_events(file, Draft(folder, "")), None)
        if first is not None:
            inner = folder.relative_to(root).as_posix()
            return Source(
                kind="tensorboard",
                key=f"{file.name}@{first.at!r}",
                started=first.at,
                name=root.resolve().name if inner == "." else inner,
                more={"path": inner, "files": [file.name for file in files]},
                write=partial(_write, files=files),
            )
    return None


def _write(draft: Draft, files: list[Path]) -> None:
    reader = summaries.Reader(draft)
    last = 0.0
    for file in files:
        for event in _events(file, draft):
            last = max(last, event.at)
            if event.other:
                draft.remark(f"{event.other} were left out")
            if event.summary:
                _read(reader, event, file.name)
    draft.meta["finished_at"] = stamp(last)


def _read(reader: summaries.Reader, event: Event, file: str) -> None:
    try:
        reader.read(event.summary, at=event.at, step=event.step)
    except Malformed as problem:
        reader.draft.remark(f"{file}: a summary at step {event.step} cannot be read: {problem}")


def _events(file: Path, draft: Draft) -> Iterator[Event]:
    """What can be read of a file; the rest is a remark."""
    try:
        for record in records(file, lambda text: draft.remark(f"{file.name}: {text}")):
            yield _event(record)
    except (Damaged, Malformed, OSError) as problem:
        draft.remark(f"{file.name}: what follows was left out: {problem}")


OTHERS = {4: "graphs", 9: "graphs", 8: "traces", 6: "log messages"}


def _event(record: bytes) -> Event:
    at, step, summary, other = 0.0, 0, b"", ""
    for number, value in fields(record):
        if number == 1:
            at = double(value)
        elif number == 2:
            step = signed(value)
        elif number == 5:
            summary = content(value)
        else:
            other = OTHERS.get(number, other)
    return Event(at, step, summary, other)
