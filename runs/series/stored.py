"""What the database holds of many series at once: each kind of row with one statement, whatever their number.

A statement sees the table as it is at one moment. So it makes no difference whether merging is at work: a point stands
in one chunk, of whichever tier.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from runs.models import STRETCH, Chunk, Overview
from runs.points import Points, Thinned
from runs.series import pyramid

AT_ONCE = 1000  # ranges in a statement


class Range(NamedTuple):
    """Points, or buckets of a level, `start` to `end` of a series."""

    series: int
    start: int
    end: int
    level: int = 0

    @property
    def is_empty(self) -> bool:
        return self.start >= self.end


# CROSS JOIN is what keeps SQLite from scanning the large table for each range.
CHUNKS = """
WITH wanted(place, series, first, past) AS (VALUES {places})
SELECT w.place, c.start, c.steps, c.{values}, c.times
FROM wanted w CROSS JOIN {chunk} c
WHERE c.series_id = w.series AND c.tier = 1
    AND c.start > w.first - {stretch} AND c.start < w.past
UNION ALL
SELECT w.place, c.start, c.steps, c.{values}, c.times
FROM wanted w CROSS JOIN {chunk} c
WHERE c.series_id = w.series AND c.tier = 0
    AND c.start < w.past AND c.start + c.count > w.first
"""
BUCKETS = """
WITH wanted(place, series, first, past, level) AS (VALUES {places})
SELECT w.place, o.level, o.start, o.data
FROM wanted w CROSS JOIN {overview} o
WHERE o.series_id = w.series AND o.level = w.level
    AND o.start > w.first - {row} AND o.start < w.past
"""


def points_in(ranges: Sequence[Range]) -> dict[int, Points]:
    """Points of one range of each series, as they were logged, by the series' primary key. Level is 0."""
    return {each.series: part for each, part in zip(ranges, points_of(ranges), strict=True)}


def points_of(ranges: Sequence[Range]) -> list[Points]:
    """Points of each range, as they were logged. Level is 0."""
    found: list[list[tuple[int, Points]]] = [[] for _ in ranges]
    wanted = [(at, *each[:3]) for at, each in enumerate(ranges) if not each.is_empty]
    names = {"chunk": _table(Chunk), "values": _quoted("values"), "stretch": STRETCH}
    for at, start, *columns in _rows(CHUNKS, names, wanted):
        span, points = ranges[at], Points.unpack(*columns)
        part = points.at(slice(max(0, span.start - start), max(0, span.end - start)))
        found[at].append((start, part))
    return [Points.join(_in_order(parts)) for parts in found]


def buckets_of(ranges: Sequence[Range]) -> list[Thinned | None]:
    """Buckets of each range of a level; None where there are none."""
    found: list[list[tuple[int, Thinned]]] = [[] for _ in ranges]
    wanted = [(at, *each) for at, each in enumerate(ranges) if not each.is_empty]
    names = {"overview": _table(Overview), "row": pyramid.ROW}
    for at, level, start, data in _rows(BUCKETS, names, wanted):
        span, buckets = ranges[at], pyramid.unpack(data, level=level)
        part = buckets.at(slice(max(0, span.start - start), max(0, span.end - start)))
        found[at].append((start, part))
    return [pyramid.join(_in_order(parts)) if parts else None for parts in found]


def _rows(
    statement: str, names: dict[str, Any], ranges: Sequence[tuple[int, ...]]
) -> Iterator[Any]:
    for at in range(0, len(ranges), AT_ONCE):
        some = ranges[at : at + AT_ONCE]
        place = f"({', '.join(['CAST(%s AS BIGINT)'] * len(some[0]))})"
        text = statement.format(places=", ".join([place] * len(some)), **names)
        with connection.cursor() as cursor:
            cursor.execute(text, [number for each in some for number in each])
            while rows := cursor.fetchmany(AT_ONCE):
                yield from rows


def _in_order(parts: "list[tuple[int, Any]]") -> list[Any]:
    return [part for _, part in sorted(parts, key=lambda each: each[0])]


def _table(model: type[Chunk | Overview]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
