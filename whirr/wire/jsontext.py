"""JSON by the parts in C that `json` itself is built on: without `re`, it is a megabyte and a half smaller.

Where they are missing, or differ from what they have been since Python 2, `json` does the work.
"""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_BLANKS = " \t\n\r"


class _Dialect:
    """How to read: as `json` does when it is told nothing."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float  # NaN, Infinity and -Infinity are what float() calls them, too
    memo: dict[str, str] = {}


def _refuse(value: object) -> object:
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def _parts() -> tuple[Callable[..., tuple[Any, int]], Callable[..., Any]]:
    """The reader and the writer, both in C."""
    from _json import encode_basestring_ascii, make_encoder, make_scanner  # noqa: PLC0415

    sort, skip, allow_nan = False, False, True
    dialect: Any = _Dialect
    writer = make_encoder(
        None, _refuse, encode_basestring_ascii, None, ":", ",", sort, skip, allow_nan
    )
    reader = make_scanner(dialect)
    if "".join(writer({"a": [1.5, None]}, 0)) != '{"a":[1.5,null]}' or reader("[1]", 0) != ([1], 3):
        raise TypeError("the parts of json are not what they were")
    return reader, writer


def _whole() -> tuple[Callable[..., tuple[Any, int]], Callable[..., Any]]:
    """The same two, as `json` puts them together."""
    import json  # noqa: PLC0415  (not where the parts are found)

    encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False)
    decoder: Any = json.JSONDecoder()
    return decoder.scan_once, encoder.iterencode


try:
    _reader, _writer = _parts()
except (ImportError, TypeError, ValueError, AttributeError):
    _reader, _writer = _whole()


def loads(data: bytes) -> Any:
    """The value that UTF-8 text spells; ValueError when it spells none."""
    text = data.decode("utf-8", "surrogatepass")
    start = len(text) - len(text.lstrip(_BLANKS))
    try:
        value, end = _reader(text, start)
    except (StopIteration, SystemError):  # the latter: up to 3.11 the part wants json's own error
        raise ValueError("no JSON value") from None
    if text[end:].strip(_BLANKS):
        raise ValueError("something follows the JSON value")
    return value


def dumps(value: Any) -> bytes:
    """On one line, without blanks, in ASCII."""
    return _text(value).encode()


def pretty(value: Any, margin: str = "") -> str:
    """For a person's eyes: two blanks deeper for each level."""
    deeper = margin + "  "
    if isinstance(value, dict) and value:
        lines = [f"{_text(str(key))}: {pretty(each, deeper)}" for key, each in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and value:
        lines = [pretty(each, deeper) for each in value]
        brackets = "[]"
    else:
        return _text(value)
    inside = f",\n{deeper}".join(lines)
    return f"{brackets[0]}\n{deeper}{inside}\n{margin}{brackets[1]}"


def _text(value: Any) -> str:
    return "".join(_writer(value, 0))
