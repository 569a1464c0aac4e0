"""Whole numbers in a query string or a form."""

import re

from django.http import QueryDict

from runs.errors import Invalid, NotFound

HIGHEST = 1_000_000  # of a priority, and its opposite the lowest


def whole(query: QueryDict, name: str) -> int | None:
    """The number, or None where it is not given. Raises NotFound for what is no number: no page is there."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(f"{name}={text[:40]!r} is not a number")
    return int(text)


def signed(form: QueryDict, name: str) -> int:
    """A number that may be below zero. Raises Invalid."""
    text = form.get(name, "").strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,7}", text) or abs(int(text)) > HIGHEST:
        raise Invalid(f"{name} must be a whole number from {-HIGHEST} to {HIGHEST}")
    return int(text)
