"""Texts and JSON that every database takes: no NUL, no half of a surrogate pair, and NaN only as a word."""

import math
from typing import Any


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


def json(value: Any) -> Any:
    """The same for whatever JSON can hold, keys included."""
    if isinstance(value, dict):
        return {text(str(key)): json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [json(each) for each in value]
    if isinstance(value, str):
        return text(value)
    return number(value) if isinstance(value, float) else value
