"""A run from a CSV file: a line of metrics for each row, a series for each column of numbers."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from whirr.importing.folders import Draft, Source, Unreadable

RESERVED = {"_idx", "_timestamp", "step"}


def runs(path: Path, *, step: str, time: str = "") -> Iterator[Source]:
    """The one run of a file. `step` and `time` name columns. Raises Unreadable, OSError."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    columns = next(_rows(path), [])
    for name in (step, time):
        if name and name not in columns:
            raise Unreadable(
                f"{path} has no column {name!r}", f"its columns are {', '.join(columns[:20])}"
            )
    started = path.stat().st_mtime
    if time:
        place = columns.index(time)
        told = (_seconds(row[place]) for row in _rows(path) if len(row) > place)
        started = next((at for at in told if at is not None), started)
    yield Source(
        kind="csv",
        key=digest.hexdigest(),
        started=started,
        name=path.stem,
        more={"file": path.name},
        write=partial(_write, path=path, step=step, time=time),
    )


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        try:
            yield from csv.reader(file)
        except csv.Error as problem:
            raise Unreadable(f"{path} is no CSV: {problem}") from problem


def _write(draft: Draft, *, path: Path, step: str, time: str) -> None:
    rows = _rows(path)
    columns = next(rows)
    for number, row in enumerate(rows, 2):
        cells = dict(zip(columns, row))
        at = _whole(cells.pop(step, ""))
        when = _seconds(cells.pop(time, "")) if time else None
        values = {}
        for key, text in cells.items():
            value = _number(text)
            if value is not None and key:
                values[f"csv/{key}" if key in RESERVED else key] = value
            elif text:
                draft.remark(f"column {key!r} holds texts, which were left out")
        if at is None:
            draft.remark(
                f"rows whose {step} is no whole number count from the line before: row {number}"
            )
        draft.metrics(when, at, values)


def _number(text: str) -> int | float | None:
    """Also NaN and the infinities."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _whole(text: str) -> int | None:
    value = _number(text)
    return int(value) if value is not None and float(value).is_integer() else None


def _seconds(text: str) -> float | None:
    """Seconds since the epoch, or an ISO time; UTC where it names no zone."""
    number = _number(text)
    if number is not None:
        return float(number)
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
