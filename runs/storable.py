"""Texts and JSON that every database takes: no NUL, no half of a surrogate pair, and NaN only as a word."""

import math
from typing import Any

DEEPEST = 100  # levels of JSON


def text(value: str) -> str:
    """The text with `\\N{REPLACEMENT CHARACTER}` for what PostgreSQL or UTF-8 cannot hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")


def number(value: float) -> float | str:
    """The number, or the word for one that JSON cannot say."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def json(value: Any, *, levels: int = DEEPEST) -> Any:
    """The same for whatever JSON can hold, keys included; None for what is nested deeper than `levels`."""
    if isinstance(value, dict) and levels:
        return {text(str(key)): json(each, levels=levels - 1) for key, each in value.items()}
    if isinstance(value, list) and levels:
        return [json(each, levels=levels - 1) for each in value]
    if isinstance(value, (dict, list)):
        return None
    if isinstance(value, str):
        return text(value)
    return number(value) if isinstance(value, float) else value
