"""Lines of metrics.jsonl as points. numpy and no Django.

Neighbouring lines mostly have the same keys, so a block of lines is read key by key and not line by line: a few array
operations for each set of keys that occurs in the block. What is no plain number takes the slow way, value by value.
"""

import contextlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from runs import storable
from runs.points import Numbers, Points, Steps

RESERVED = frozenset({"_idx", "_timestamp", "step"})
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
INT64 = range(-(2**63), 2**63)
LONGEST_KEY = 255
BLOCK = 2048  # lines read at once: what they hold stays in the processor's cache
WHOLE = {int, bool}
PLAIN = {int, bool, float}
STAMP = "0000-00-00T00:00:00.000000Z"  # as the library writes times
DIGITS = [at for at, each in enumerate(STAMP) if each == "0"]
MARKS = [at for at, each in enumerate(STAMP) if each != "0"]
ZERO = np.uint8(ord("0"))
MARKED = np.array([ord(STAMP[at]) for at in MARKS], dtype=np.uint8)


Lines = NDArray[np.int64]  # numbers of lines
Part = tuple[Lines, Points]
Records = list[dict[str, Any] | None]


@dataclass(slots=True)
class Parsed:
    """What a stretch of lines holds: points by key, in the order of their lines; and how many lines there were,
    undecodable and empty ones included. An empty one says nothing and is not bad: the library begins a line anew after
    whatever became of the one before, and a signal handler may log in the middle of a log.
    """

    columns: dict[str, Points] = field(default_factory=dict)
    lines: int = 0
    bad_lines: int = 0


def parse(lines: Sequence[bytes], *, first_index: int, prefix: str = "") -> Parsed:
    """Points of complete lines; a line without a step takes its `_idx`, or its number from `first_index` on.

    Every key begins with `prefix`, or is made to.
    """
    parsed = Parsed(lines=len(lines))
    parts: dict[str, list[Part]] = {}
    for start in range(0, len(lines), BLOCK):
        block = lines[start : start + BLOCK]
        records = _records(block)
        if None in records:
            parsed.bad_lines += records.count(None) - block.count(b"")
        for keys, places in _shapes(records):
            found = records if len(places) == len(records) else [records[at] for at in places]
            for key, part in _read(keys, places + (first_index + start), found, prefix):
                parts.setdefault(key, []).append(part)
    parsed.columns = {key: _joined(found) for key, found in parts.items()}
    return parsed


def _records(lines: Sequence[bytes]) -> Records:
    """Each line as an object; None for one that is none."""
    try:
        records = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        return list(map(decode, lines))
    if set(map(type, records)) != {dict}:
        return [each if isinstance(each, dict) else None for each in records]
    return records


def _shapes(records: Records) -> Iterator[tuple[tuple[str, ...], Lines]]:
    """Each set of keys that occurs, in their order, and the numbers of the records that have them."""
    if None not in records and len(set(map(tuple, records))) == 1:  # type: ignore[arg-type]
        yield tuple(records[0] or ()), np.arange(len(records))
        return
    shapes: dict[tuple[str, ...], list[int]] = {}
    for at, record in enumerate(records):
        if record is not None:
            shapes.setdefault(tuple(record), []).append(at)
    for keys, places in shapes.items():
        yield keys, np.array(places, dtype="<i8")


def decode(line: bytes) -> dict[str, Any] | None:
    """One line as an object; None where it is none. NaN and the infinities are understood."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            record = json.loads(line)  # orjson is strict, and knows no NaN
        except (ValueError, RecursionError):
            return None
    return record if isinstance(record, dict) else None


def _read(
    keys: tuple[str, ...], places: Lines, records: Sequence[Any], prefix: str
) -> list[tuple[str, Part]]:
    """Points of lines that all have these keys, key by key."""
    columns = {key: [record[key] for record in records] for key in keys}
    steps = _steps(columns.get("step", columns.get("_idx")), places)
    times = _times(columns.get("_timestamp"), len(places))
    found = []
    for key, column in columns.items():
        named = key if key.startswith(prefix) else prefix + key
        if key in RESERVED or len(named) > LONGEST_KEY:
            continue
        values, there = _values(column)
        if there is None:
            part = (places, Points(steps, values, times))
        else:
            part = (places[there], Points(steps[there], values, times[there]))
        if len(values):
            found.append((storable.text(named), part))
    return found


def _joined(parts: list[Part]) -> Points:
    """All points of a key in the order of their lines, though they came shape by shape."""
    points = Points.join([part for _, part in parts])
    lines = np.concatenate([places for places, _ in parts])
    if len(parts) == 1 or bool((lines[1:] >= lines[:-1]).all()):
        return points
    return points.at(np.argsort(lines, kind="stable"))


def _steps(column: Sequence[Any] | None, places: Lines) -> Steps:
    if column is None:
        return places
    if set(map(type, column)) <= WHOLE:
        with contextlib.suppress(OverflowError):
            return np.array(column, dtype="<i8")
    return np.array(
        [
            step if isinstance(step, int) and step in INT64 else place
            for step, place in zip(column, places.tolist(), strict=True)
        ],
        dtype="<i8",
    )


def _values(column: Sequence[Any]) -> tuple[Numbers, NDArray[np.bool_] | None]:
    """The numbers, and where they are; None where all are."""
    if set(map(type, column)) <= PLAIN:
        with contextlib.suppress(OverflowError):
            return np.array(column, dtype="<f8"), None
    numbers = [_number(each) for each in column]
    there = np.array([each is not None for each in numbers], dtype=bool)
    return np.array([each for each in numbers if each is not None], dtype="<f8"), there


def _number(raw: object) -> float | None:
    if isinstance(raw, (int, float)):
        try:
            return float(raw)
        except OverflowError:
            return math.inf if raw > 0 else -math.inf
    return WORDS.get(raw) if isinstance(raw, str) else None


def _times(column: Sequence[Any] | None, count: int) -> Numbers:
    if column is None:
        return np.zeros(count)
    try:
        return _written_by_us(column)
    except (TypeError, ValueError):
        return np.array([seconds(each) for each in column], dtype="<f8")


def _written_by_us(column: Sequence[str]) -> Numbers:
    """Times that all look as the library's own. Raises ValueError or TypeError for others."""
    if set(map(len, column)) != {len(STAMP)}:
        raise ValueError("another way to write times")
    letters = np.frombuffer("".join(column).encode(), np.uint8).reshape(len(column), len(STAMP))
    digits = letters[:, DIGITS] - ZERO
    if (digits > 9).any() or (letters[:, MARKS] != MARKED).any() or not digits[:, :4].any(1).all():
        raise ValueError("another way to write times, or the year 0")
    text = letters.view(f"S{len(STAMP)}")[:, 0].astype(f"S{len(STAMP) - 1}")  # without the Z
    return np.asarray(text.astype("M8[us]").astype(np.int64) / 1e6, dtype="<f8")


def seconds(stamp: object) -> float:
    """Seconds since the epoch; 0 where the stamp cannot be read."""
    if not isinstance(stamp, str):
        return 0.0
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
