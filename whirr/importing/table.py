"""A run from a CSV file: a line of metrics for each row, a series for each column of numbers."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from whirr.importing.folders import Draft, Source, Unreadable, is_time

RESERVED = {"_idx", "_timestamp", "step"}


def runs(path: Path, *, step: str, time: str = "") -> Iterator[Source]:
    """The one run of a file. `step` and `time` name columns. Raises Unreadable, OSError."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    columns = next(_rows(path), [])
    twice = [name for name, count in Counter(columns).items() if count > 1 and name]
    if twice:
        raise Unreadable(
            f"{path} has several columns {twice[0]!r}", "each needs a name of its own: rename them"
        )
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
    no_step, no_time = _Odd(), _Odd()
    for number, row in enumerate(rows, 2):
        cells = dict(zip(columns, row))
        at = _whole(cells.pop(step, ""))
        told = cells.pop(time, "") if time else ""
        when = _seconds(told)
        if at is None:
            no_step.note(number)
        if told and when is None:
            no_time.note(number)
        draft.metrics(when, at, _values(draft, cells))
    if no_step.count:
        draft.remark(f"{no_step} no whole number as {step}, and count from the line before")
    if no_time.count:
        draft.remark(f"{no_time} no time as {time}, and are taken without one")


class _Odd:
    """Rows that lack something."""

    def __init__(self) -> None:
        self.count, self.first = 0, 0

    def note(self, number: int) -> None:
        self.first = self.first or number
        self.count += 1

    def __str__(self) -> str:
        if self.count == 1:
            return f"row {self.first} has"
        return f"{self.count} rows, the first of them row {self.first}, have"


def _values(draft: Draft, cells: dict[str, str]) -> dict[str, int | float]:
    values = {}
    for key, text in cells.items():
        value = _number(text)
        if value is not None and key:
            values[f"csv/{key}" if key in RESERVED else key] = value
        elif text:
            draft.remark(f"column {key!r} holds texts, which were left out")
    return values


def _number(text: str) -> int | float | None:
    """Also NaN and the infinities."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _whole(text: str) -> int | None:
    """A step; None for what is none, or does not fit 64 bits."""
    value = _number(text)
    if value is None or not -(2**63) <= value < 2**63:
        return None
    return int(value) if int(value) == value else None


def _seconds(text: str) -> float | None:
    """Seconds since the epoch, or an ISO time; UTC where it names no zone."""
    number = _number(text)
    if number is not None:
        return float(number) if is_time(number) else None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
        seconds = (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if is_time(seconds) else None
