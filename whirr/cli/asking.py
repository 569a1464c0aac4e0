"""Questions to the server whose answers have the expected shape, or count as no usable answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whirr.wire import Client, Unreachable

Query = dict[str, Any]
PAGE = 500


def thing(client: Client, path: str) -> dict[str, Any]:
    """One object."""
    found = client.get(path).json()
    if not isinstance(found, dict):
        raise Unreachable("the answer does not come from whirr")
    return found


def listing(
    client: Client, path: str, key: str, query: Query | None = None
) -> list[dict[str, Any]]:
    """The objects that the answer lists under `key`."""
    found = client.get(path, query).json()
    items = found.get(key) if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise Unreachable("the answer does not come from whirr")
    return items


def every(client: Client, path: str, key: str, query: Query) -> Iterator[dict[str, Any]]:
    """All objects of a list that comes in pages."""
    cursor: str | None = None
    while True:
        found = client.get(path, {"limit": PAGE, **query, "cursor": cursor}).json()
        items = found.get(key) if isinstance(found, dict) else None
        if not isinstance(items, list):
            raise Unreachable("the answer does not come from whirr")
        yield from items
        cursor = found.get("next_cursor")
        if not cursor:
            return
