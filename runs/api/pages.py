"""Lists in pages: where a list goes on is the place of its last item, as text that clients hand back unread."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from rest_framework import serializers

Row = TypeVar("Row")
Place = int | str

LARGEST = 2**63 - 1
LONGEST = 128  # characters of a place that is a text


class CursorField(serializers.CharField):
    """The `next_cursor` of an earlier answer of the same list; null and nothing mean its beginning."""

    default_error_messages = {
        "cursor": "is no cursor of this list: send the next_cursor of an answer, or none to begin anew"
    }

    def __init__(self, listing: str, kind: type[Place] = int, **options: Any) -> None:
        self.listing = listing
        self.kind = kind
        told = {"required": False, "default": None, "allow_blank": True, "max_length": 1000}
        super().__init__(**(told | options))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The place after which to go on; None for the beginning."""
        text = super().run_validation(data)
        if not text:
            return None
        place = _read(text, self.listing)
        if not _is_place(place, self.kind):
            self.fail("cursor")
        return place


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursor of those that come next: None at the end."""

    rows: list[Row]
    next_cursor: str | None


def page_of(
    found: QuerySet[Any, Row], listing: str, *, order: str, after: Place | None, limit: int | None
) -> Page[Row]:
    """At most `limit` rows (None: all; dictionaries of `values()` too) after a place.

    `order` is a unique column, with a minus to go down.
    """
    column, downwards = order.removeprefix("-"), order.startswith("-")
    if after is not None:
        found = found.filter(**{f"{column}__{'lt' if downwards else 'gt'}": after})
    found = found.order_by(order)
    if limit is None:
        return Page(list(found), None)
    rows = list(found[: limit + 1])  # one more tells whether there is more
    if len(rows) <= limit:
        return Page(rows, None)
    last: Any = rows[limit - 1]
    place = last[column] if isinstance(last, dict) else getattr(last, column)
    return Page(rows[:limit], write(listing, place))


def write(listing: str, place: Place) -> str:
    """The cursor of a place in a list."""
    text = json.dumps([listing, place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, listing: str) -> Any:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return told[1] if isinstance(told, list) and len(told) == 2 and told[0] == listing else None


def _is_place(place: Any, kind: type[Place]) -> bool:
    if type(place) is not kind:
        return False
    if isinstance(place, int):
        return 0 <= place <= LARGEST
    return len(place) <= LONGEST and place.isprintable()
