"""What a value may be, and how it is written. Knows numpy and torch without importing them."""

from __future__ import annotations

from collections.abc import Mapping

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

STEPS = 2**63  # a step is below this, and not below its negative
_DEEPEST = 16


class NotANumber(TypeError):
    """A value that cannot be drawn as a point."""


def flatten(values: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Nested dictionaries as `a/b` keys."""
    for key, value in values.items():
        name = prefix + name_of(key)
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from flatten(value, f"{name}/", depth + 1)
        else:
            yield name, value


def name_of(key: Any) -> str:
    """A key as text; an enum that is a text by its value, on every Python."""
    return str.__str__(key) if isinstance(key, str) else str(key)


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


def word(value: int | float) -> str:
    """A number as JSON; NaN and the infinities as Python's `json` writes and reads them.

    Raises ValueError for an integer that is larger than any float.
    """
    if isinstance(value, int):
        try:
            float(value)
        except OverflowError:
            raise ValueError("it is larger than any floating-point number") from None
        return repr(value)
    if value - value == 0:
        return repr(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def step(value: Any) -> int:
    """Raises NotANumber or ValueError for what cannot be a step."""
    plain = number(value)
    if plain - plain != 0:
        raise ValueError(f"{plain} is no step")
    if not -STEPS <= plain < STEPS:
        raise ValueError(f"{str(plain)[:40]} does not fit into 64 bits")
    return int(plain)


def plain(value: Any, depth: int = 0) -> Any:
    """Anything as JSON: for configs and summaries, where a text is better than nothing."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value if type(value) in _BASIC else _basic(value)
    if depth >= _DEEPEST:
        return str(value)
    if isinstance(value, Mapping):
        return {name_of(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each, depth + 1) for each in value]
    try:
        return number(value)
    except NotANumber:
        return _described(value, depth)


_BASIC = frozenset({type(None), bool, int, float, str})


def _basic(value: Any) -> Any:
    """A subclass (an enum, numpy.float64) as the type that JSON knows."""
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    return name_of(value)


def _described(value: Any, depth: int) -> Any:
    if hasattr(value, "tolist"):
        return plain(value.tolist(), depth + 1)
    if hasattr(value, "__dict__") and not callable(value):  # argparse.Namespace, dataclasses
        public = {name: each for name, each in vars(value).items() if not name.startswith("_")}
        if public:
            return plain(public, depth + 1)
    return str(value)  # times, enums, paths
