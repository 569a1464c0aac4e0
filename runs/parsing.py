"""Lines of metrics.jsonl as points. numpy and no Django.

Neighbouring lines mostly have the same keys, so a block of lines is read key by key and not line by line: a few array
operations for each set of keys that occurs in the block. What is no plain number takes the slow way, value by value.
"""

import contextlib
import json
import math
from collections.abc import Iterable, Sequence
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
KEYS_OF_LINE = 3000  # where lines are bounded: the first ones count
KEYS_AT_ONCE = 1000  # of several lines together
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
Shapes = dict[tuple[str, ...], Lines]


@dataclass(slots=True)
class Parsed:
    """What a stretch of lines holds: points by key, in the order of their lines; and how many lines were read,
    undecodable and empty ones included. An empty one says nothing and is not bad: the library begins a line anew after
    whatever became of the one before, and a signal handler may log in the middle of a log.

    Keys are in the order of their first points. `places` are the numbers of the lines of their points; `cut` of those
    with more keys than a line may have.
    """

    columns: dict[str, Points] = field(default_factory=dict)
    lines: int = 0
    bad_lines: int = 0
    places: dict[str, list[Lines]] = field(default_factory=dict)
    cut: list[Lines] = field(default_factory=list)

    def lacking(self, refused: Iterable[str]) -> int:
        """How many readable lines are not kept whole, where these keys are not kept."""
        lacking = [*self.cut, *(places for key in refused for places in self.places[key])]
        return len(np.unique(np.concatenate(lacking))) if lacking else 0


def parse(
    lines: Sequence[bytes], *, first_index: int, prefix: str = "", bounded: bool = False
) -> Parsed:
    """Points of complete lines; a line without a step takes its `_idx`, or its number from `first_index` on.

    Every key begins with `prefix`, or is made to. Where it is `bounded`, it ends before a line, but never the first,
    with which there would be more than KEYS_AT_ONCE keys, and takes the first KEYS_OF_LINE of each line.
    """
    parsed = Parsed()
    parts: dict[str, list[Part]] = {}
    names: set[str] = set()
    for start in range(0, len(lines), BLOCK):
        block = lines[start : start + BLOCK]
        records = _records(block)
        shapes, fit = _shapes(records), None
        if bounded:
            shapes, fit = _fitting(shapes, names)
        records = records[:fit]
        parsed.lines += len(records)
        if None in records:
            parsed.bad_lines += records.count(None) - block[:fit].count(b"")
        for keys, places in shapes.items():
            numbers = places + (first_index + start)
            if bounded and len(keys) > KEYS_OF_LINE:
                parsed.cut.append(numbers)
                keys = _first_of(keys)
            found = records if len(places) == len(records) else [records[at] for at in places]
            for key, part in _read(keys, numbers, found, prefix):
                parts.setdefault(key, []).append(part)
        if fit is not None:
            break
    in_order = dict(sorted(parts.items(), key=_first_line))
    parsed.columns = {key: _joined(some) for key, some in in_order.items()}
    parsed.places = {key: [places for places, _ in some] for key, some in in_order.items()}
    return parsed


def _fitting(shapes: Shapes, names: set[str]) -> tuple[Shapes, int | None]:
    """The records before one with which there would be too many keys, and its number; None where there is none.

    `names` are the keys so far, and gather those of these records.
    """
    fitting: Shapes = {}
    for keys, places in shapes.items():
        fresh = set(keys).difference(names)
        if names and fresh and len(names) + len(fresh) > KEYS_AT_ONCE:
            end = int(places[0])
            return {each: found[found < end] for each, found in fitting.items()}, end
        names |= fresh
        fitting[keys] = places
    return shapes, None


def _first_of(keys: tuple[str, ...]) -> tuple[str, ...]:
    """As many keys as a line may have, and where they stand behind, its step and time."""
    return tuple(key for at, key in enumerate(keys) if at < KEYS_OF_LINE or key in RESERVED)


def _first_line(found: tuple[str, list[Part]]) -> int:
    return min(int(places[0]) for places, _ in found[1])


def _records(lines: Sequence[bytes]) -> Records:
    """Each line as an object; None for one that is none."""
    try:
        records = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        return list(map(decode, lines))
    if set(map(type, records)) != {dict}:
        return [each if isinstance(each, dict) else None for each in records]
    return records


def _shapes(records: Records) -> Shapes:
    """Each set of keys that occurs, in their order, and the numbers of the records that have them."""
    if None not in records and len(set(map(tuple, records))) == 1:  # type: ignore[arg-type]
        return {tuple(records[0] or ()): np.arange(len(records))}
    shapes: dict[tuple[str, ...], list[int]] = {}
    for at, record in enumerate(records):
        if record is not None:
            shapes.setdefault(tuple(record), []).append(at)
    return {keys: np.array(places, dtype="<i8") for keys, places in shapes.items()}


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
