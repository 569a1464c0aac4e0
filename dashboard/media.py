"""What a run logged that is no number, as its page shows it: a card for each key, and one item of it at a time.

Whatever stands in an event came from a program, and may be anything: each reader here takes what it understands.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet
from django.utils.http import urlencode

from dashboard import pictures, words
from dashboard.alerts import moment_of
from runs import artifacts, logged
from runs.errors import DomainError, NotFound
from runs.events import LOGGED
from runs.models import Event, EventKind, Run

CARDS_SHOWN = 200
ROWS_FIRST, ROWS_MOST = 10, 2000
COLUMNS_MOST = 100
TEXT_FIRST, TEXT_MOST = 4_000, 400_000  # characters
CELL_LONGEST = 2_000
TABLE_LARGEST = 16 * 1024 * 1024  # bytes of a table's file that are read for a page


@dataclass(frozen=True, slots=True)
class Card:
    """A key of one kind, logged `count` times."""

    kind: str
    key: str
    count: int

    @property
    def last(self) -> int:
        return self.count - 1

    @property
    def query(self) -> str:
        return urlencode({"kind": self.kind, "key": self.key})


@dataclass(frozen=True, slots=True)
class Media:
    cards: list[Card]
    more: int  # keys beyond those shown
    events: int  # lines that they are made of, at least

    @property
    def total(self) -> int:
        return len(self.cards) + self.more


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows of a table; `rows` are texts, as many as `columns` in each."""

    columns: list[str]
    rows: list[list[str]]
    count: int  # rows in all

    @property
    def hidden(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a card. What could not be read says so in `trouble`; `is_awaited`: its file is on its way."""

    card: Card
    position: int
    event: Event
    text: str = ""
    hidden: int = 0  # characters of the text
    table: Table | None = None
    picture: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""
    is_awaited: bool = False

    @property
    def at(self) -> datetime | None:
        """When it was logged; None where nobody knows."""
        return moment_of(self.event.at)


def media(run: Run, attempt: int) -> Media:
    """The cards of an attempt, by kind and key; two queries."""
    lines = logged.lines_of(run, attempt=attempt)  # first: what comes between is seen later
    order = {str(kind): place for place, kind in enumerate(ORDER)}
    counted = logged.events_of(run, attempt=attempt).filter(kind__in=LOGGED).order_by()
    found = [Card(*row) for row in counted.values_list("kind", "key").annotate(n=Count("id"))]
    found.sort(key=lambda card: (order[card.kind], card.key))
    return Media(found[:CARDS_SHOWN], max(0, len(found) - CARDS_SHOWN), lines)


ORDER = (EventKind.IMAGE, EventKind.HISTOGRAM, EventKind.TABLE, EventKind.TEXT)


def of_key(run: Run, attempt: int, kind: str, key: str) -> QuerySet[Event]:
    """The events of a card in the order of their steps; those without one come first."""
    found = logged.events_of(run, attempt=attempt, kind=kind, key=key)
    return found.order_by(F("step").asc(nulls_first=True), "writer", "index")


def item(
    run: Run, attempt: int, kind: str, key: str, *, position: int | None = None, whole: bool = False
) -> Item:
    """The event at that place of its card (the last one where none is named). Raises NotFound.

    `whole` shows as much of a text or a table as a page can, instead of its beginning.
    """
    found = of_key(run, attempt, kind, key)
    count = found.count()
    place = count - 1 if position is None else min(position, count - 1)
    if place < 0 or kind not in LOGGED:
        raise NotFound(f"{run.key} has logged no {kind} {key!r}")
    event = found[place]
    event.run = run
    return of_event(event, Card(kind, key, count), position=place, whole=whole)


def of_event(event: Event, card: Card, *, position: int, whole: bool = False) -> Item:
    """An event, whose run is at hand, as an item of its card."""
    return Item(card, position, event, **_content(event, whole=whole))


def _content(event: Event, *, whole: bool) -> dict[str, Any]:
    if "left_out" in event.body:
        return {"trouble": f"too large to be kept here: {event.body['left_out']}"}
    readers = {EventKind.TEXT: _text, EventKind.TABLE: _table, EventKind.IMAGE: _picture}
    reader = readers.get(EventKind(event.kind))
    try:
        return reader(event, whole=whole) if reader else {}
    except NotFound:
        return _missing(event.run)
    except (DomainError, OSError, ValueError, RecursionError):
        return {"trouble": "what was logged cannot be read"}


def _missing(run: Run) -> dict[str, Any]:
    if run.is_final:
        return {"trouble": "its file did not arrive"}
    return {"trouble": "its file is on the way", "is_awaited": True}


def _text(event: Event, *, whole: bool) -> dict[str, Any]:
    said = event.body.get("text", "")
    text = said if isinstance(said, str) else words.value(said)
    shown = text[: TEXT_MOST if whole else TEXT_FIRST]
    return {"text": shown, "hidden": len(text) - len(shown)}


def _picture(event: Event, *, whole: bool) -> dict[str, Any]:
    path, caption = event.body.get("file"), event.body.get("caption")
    if not isinstance(path, str):
        raise ValueError("an image has a file")
    kind = pictures.kind_of(pictures.find(event.run, event.attempt, path))
    if kind is None:
        return {"trouble": "the file is no PNG, JPEG, GIF or WebP image; it is among the artifacts"}
    sides = {side: event.body.get(side) for side in ("width", "height")}
    known = {side: size for side, size in sides.items() if type(size) is int and 0 < size < 100_000}
    told = {"path": path, "caption": caption if isinstance(caption, str) else ""}
    return {"picture": told | known}


def _table(event: Event, *, whole: bool) -> dict[str, Any]:
    body = event.body if "rows" in event.body else _table_in_file(event)
    return {"table": table_of(body, most=ROWS_MOST if whole else ROWS_FIRST)}


def _table_in_file(event: Event) -> dict[str, Any]:
    path = event.body.get("file")
    if not isinstance(path, str):
        raise ValueError("a table has rows or a file")
    content = artifacts.content(pictures.find(event.run, event.attempt, path))
    if content.size > TABLE_LARGEST:
        raise ValueError("too large for a page")
    body = json.loads(content.read())
    if not isinstance(body, dict):
        raise ValueError("no table")
    return body


def table_of(body: dict[str, Any], *, most: int) -> Table:
    """At most `most` rows as texts. Raises ValueError where it is no table."""
    columns, rows = body.get("columns") or [], body.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise ValueError("a table has columns and rows")
    shown = [row if isinstance(row, list) else [row] for row in rows[:most]]
    width = min(max([len(columns), *map(len, shown)]), COLUMNS_MOST)
    return Table(_line(columns, width), [_line(row, width) for row in shown], len(rows))


def _line(cells: Sequence[Any], width: int) -> list[str]:
    texts = [words.cell(each)[:CELL_LONGEST] for each in cells[:width]]
    return texts + [""] * (width - len(texts))
