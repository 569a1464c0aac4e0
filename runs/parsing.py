"""Lines of metrics.jsonl as points. Plain Python, no Django."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from runs import storable

RESERVED = frozenset({"_idx", "_timestamp", "step"})
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
INT64 = range(-(2**63), 2**63)


@dataclass(slots=True)
class Column:
    """Points of one key in the order of their lines."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Parsed:
    """What a stretch of lines holds: a column per key, and how many lines there were, undecodable ones included."""

    columns: dict[str, Column] = field(default_factory=dict)
    lines: int = 0
    bad_lines: int = 0


def parse(lines: Iterable[bytes], *, first_index: int, prefix: str = "") -> Parsed:
    """Points of complete lines; a line without a step takes its `_idx`, or its number from `first_index` on.

    Every key begins with `prefix`, or is made to.
    """
    parsed = Parsed()
    for line in lines:
        index = first_index + parsed.lines
        parsed.lines += 1
        record = decode(line)
        if record is None:
            parsed.bad_lines += 1
            continue
        _add(record, parsed.columns, index, prefix)
    return parsed


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


def _add(record: dict[str, Any], columns: dict[str, Column], index: int, prefix: str) -> None:
    step = record.get("step", record.get("_idx", index))
    if not isinstance(step, int) or step not in INT64:
        step = index
    at = seconds(record.get("_timestamp"))
    for key, raw in record.items():
        named = key if key.startswith(prefix) else prefix + key
        if key in RESERVED or len(named) > 255:
            continue
        value = _number(raw)
        if value is None:
            continue
        column = columns.setdefault(storable.text(named), Column())
        column.steps.append(step)
        column.values.append(value)
        column.times.append(at)


def _number(raw: object) -> float | None:
    if isinstance(raw, (int, float)):
        try:
            return float(raw)
        except OverflowError:
            return math.inf if raw > 0 else -math.inf
    return WORDS.get(raw) if isinstance(raw, str) else None


def seconds(stamp: object) -> float:
    """Seconds since the epoch; 0 where the stamp cannot be read."""
    if not isinstance(stamp, str):
        return 0.0
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
