"""A request's fields, read as protobuf's JSON allows them: snake or camel case, 64-bit numbers also as text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow_api.refusals import Refusal, invalid

INT64 = range(-(2**63), 2**63)
WHOLE = re.compile(r"-?[0-9]{1,19}\Z")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
SHOWN = 80  # characters of somebody's value in a message


class Body:
    """Reads one field a call; whatever does not fit is refused with the field's name."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def raw(self, name: str) -> Any:
        """The field as it came; None where it is missing, or null."""
        value = self.data.get(name)
        return self.data.get(_camel(name)) if value is None else value

    def text(self, name: str, *, most: int, default: str | None = None) -> str:
        """A text of at most `most` characters; required, unless there is a default."""
        value = self.raw(name)
        if value is None:
            if default is None:
                raise invalid(f"Missing value for required parameter '{name}'.")
            return default
        return _text(value, name, most)

    def cut(self, name: str, *, most: int) -> str:
        """A text that loses what is too long, as in MLflow; nothing at all is an empty one."""
        value = self.raw(name)
        return _text("" if value is None else value, name, None)[:most]

    def named(self, name: str, *, most: int) -> str:
        """A key: a text with something in it, and no control characters."""
        key = self.text(name, most=most)
        if not key.strip() or not key.isprintable():
            raise invalid(f"'{name}' cannot be {key[:SHOWN]!r}: it needs a printable name.")
        return key

    def whole(self, name: str, *, default: int | None = None) -> int:
        """A whole number of 64 bits."""
        value = self.raw(name)
        if value is None and default is not None:
            return default
        number = _whole(value)
        if number is None:
            raise _wrong(name, value, "a whole number of 64 bits")
        return number

    def limit(self, name: str, *, default: int, most: int, cap: int) -> int:
        """How much is wanted: 1 to `most`; never more than `cap` is given, and a page token leads to the rest."""
        number = self.whole(name, default=default)
        if not 1 <= number <= most:
            raise invalid(
                f"Invalid value {number} for parameter '{name}': at least 1, at most {most}."
            )
        return min(number, cap)

    def number(self, name: str) -> float:
        """A number; NaN and the infinities come as words."""
        value = self.raw(name)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise _wrong(name, value, "a number")
        try:
            return float(value)
        except ValueError:
            raise _wrong(name, value, "a number") from None
        except OverflowError:
            return math.inf if isinstance(value, int) and value > 0 else -math.inf

    def among(self, name: str, words: Sequence[str], *, default: str = "") -> str:
        """One of the words of an enumeration, or its number: the first word is number 1."""
        value = self.raw(name)
        if value is None:
            return default
        number = _whole(value)
        if number is not None and 1 <= number <= len(words):
            return words[number - 1]
        if value not in words:
            raise _wrong(name, value, f"one of {', '.join(words)}")
        return str(value)

    def items(self, name: str, *, most: int) -> list[Body]:
        """A list of objects."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise _wrong(name, value, "a list of objects")
        if len(value) > most:
            raise invalid(f"'{name}' may have at most {most} entries, not {len(value)}.")
        return [Body(each) for each in value]

    def texts(self, name: str, *, most: int, longest: int) -> list[str]:
        """A list of texts; one alone is a list, too, as in a query."""
        value = self.raw(name)
        if value is None:
            return []
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list):
            raise _wrong(name, value, "a list of texts")
        if len(given) > most:
            raise invalid(f"'{name}' may have at most {most} entries, not {len(given)}.")
        return [_text(each, name, longest) for each in given]


def body_of(data: Any) -> Body:
    """The body of a request. Raises Refusal where it is no JSON object."""
    if isinstance(data, Mapping):
        return Body(data)
    raise Refusal("BAD_REQUEST", "The body has to be a JSON object.")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _text(value: Any, name: str, most: int | None) -> str:
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")
    if UNSTORABLE.search(value):
        raise invalid(f"'{name}' has a character that no database keeps (NUL, or half of a pair).")
    if most is not None and len(value) > most:
        raise invalid(f"'{name}' may have at most {most} characters, not {len(value)}.")
    return value


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and WHOLE.match(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and value in INT64 else None


def _wrong(name: str, value: Any, wanted: str) -> Refusal:
    if value is None:
        return invalid(f"Missing value for required parameter '{name}'.")
    shown = repr(value)
    shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
    return invalid(f"Invalid value {shown} for parameter '{name}': it has to be {wanted}.")
