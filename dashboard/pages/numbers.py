"""Whole numbers in a query string."""

from django.http import QueryDict

from runs.errors import NotFound


def whole(query: QueryDict, name: str) -> int | None:
    """The number, or None where it is not given. Raises NotFound for what is no number: no page is there."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(f"{name}={text[:40]!r} is not a number")
    return int(text)
