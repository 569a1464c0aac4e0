"""What a metric's value may be, and how it is written. Knows numpy and torch without importing them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

RESERVED = frozenset({"_idx", "_timestamp"})
_DEEPEST = 16

_encode_line = json.JSONEncoder(separators=(",", ":")).encode


class NotANumber(TypeError):
    """A value that cannot be drawn as a point."""


def line(record: Mapping[str, Any]) -> bytes:
    """One line of metrics.jsonl. NaN and the infinities are written as such."""
    return _encode_line(record).encode("ascii") + b"\n"


def flatten(
    values: Mapping[Any, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Nested dictionaries as `a/b` keys."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from flatten(value, f"{name}/", depth + 1)
        else:
            yield name, value


def number(value: Any) -> int | float:
    """A plain number for a point. Raises NotANumber for what is none."""
    kind = type(value)
    if kind is float or kind is int:
        return value  # type: ignore[no-any-return]
    if isinstance(value, (str, bytes, bytearray)) or value is None:
        raise NotANumber(f"{kind.__name__} is not a number")
    try:
        plain = value.item() if hasattr(value, "item") else value
        if isinstance(plain, (bool, int)):
            return int(plain)
        return float(plain)
    except Exception as error:  # what somebody's class does in here is not for us to know
        raise NotANumber(f"{kind.__name__} is not a number") from error


def plain(value: Any, depth: int = 0) -> Any:
    """Anything as JSON: for configs and summaries, where a text is better than nothing."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value if type(value) in _BASIC else _basic(value)
    if depth >= _DEEPEST:
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each, depth + 1) for each in value]
    try:
        return number(value)
    except NotANumber:
        return _described(value, depth)


_BASIC = frozenset({type(None), bool, int, float, str})


def _basic(value: Any) -> Any:
    """A subclass (an enum, numpy.float64) as the type that JSON knows."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None


def _described(value: Any, depth: int) -> Any:
    if hasattr(value, "tolist"):
        return plain(value.tolist(), depth + 1)
    if hasattr(value, "__dict__") and not callable(value):  # argparse.Namespace, dataclasses
        return plain(vars(value), depth + 1)
    return str(value)


def is_finite(value: float) -> bool:
    return math.isfinite(value)
