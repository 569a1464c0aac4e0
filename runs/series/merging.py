"""Long series, made quick to read: small chunks become large ones, and overviews grow above them.

A stretch of STRETCH points that is complete never changes: ingestion only adds behind it. So it is merged once: its
chunks of tier 0 become one of tier 1, and its buckets are added to each level of the pyramid; `Series.merged` says how
far that went, in the same transaction. Reading needs none of it, and is right at any moment.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from runs import rows
from runs.models import STRETCH, Chunk, Overview, Series
from runs.points import Points, Thinned
from runs.series import pyramid

log = logging.getLogger(__name__)

AT_ONCE = 16  # stretches in one transaction: SQLite has one writer, and ingestion waits for it
WIDTH = 8  # bytes of a number


def merge_all(*, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
    """Merge what is due for about so many seconds; how many stretches that were."""
    end, merged = clock() + seconds, 0
    left: set[int] = set()  # another merger is at work on them, or they cannot be merged
    while waiting := [pk for pk in due() if pk not in left]:
        for pk in waiting:
            if clock() >= end:
                return merged
            done = _merged_or_left(pk)
            merged += done
            if not done:
                left.add(pk)
    return merged


def due() -> list[int]:
    """Series that have a whole stretch to merge, by primary key."""
    # As the partial index says it, number for number: SQLite does not see that a parameter means the same.
    return [each.pk for each in rows.select(Series, DUE, [], columns=("id",))]


DUE = f'"count" >= ("merged" + {STRETCH})'


def _merged_or_left(pk: int) -> int:
    try:
        return merge(pk)
    except Exception:
        log.exception("series %s was left as it is: its points are read more slowly", pk)
        return 0


class Incomplete(Exception):
    """The chunks of a series do not hold all the points that it counts."""


@transaction.atomic
def merge(pk: int) -> int:
    """Merge some whole stretches of a series; how many. None where there are none, or another merger is at work.

    Raises Incomplete where points are missing, and changes nothing.
    """
    found = Series.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk)
    series = found.first()
    if series is None or series.count - series.merged < STRETCH:
        return 0
    stretches = min((series.count - series.merged) // STRETCH, AT_ONCE)
    end = series.merged + stretches * STRETCH
    points = _fold(series, end)
    _grow(series, points)
    series.merged = end
    series.save(update_fields=["merged"])
    return stretches


def _fold(series: Series, end: int) -> Points:
    """Large chunks instead of small ones, from what is merged up to index `end`; the points there."""
    small = _small_chunks(series, end)
    points = Points.join([Points.unpack(each.steps, each.values, each.times) for each in small])
    whole = {each.start: each.pk for each in small if each.is_whole}
    kept = set(whole.values())
    Chunk.objects.filter(pk__in=kept).update(tier=1)
    Chunk.objects.filter(pk__in=[each.pk for each in small if each.pk not in kept]).delete()
    made = [
        _chunk(series, series.merged + at, points.at(slice(at, at + STRETCH)))
        for at in range(0, end - series.merged, STRETCH)
        if series.merged + at not in whole
    ]
    rest = points.after(end - series.merged)  # of a chunk that an older version let cross the end
    if len(rest):
        made.append(_chunk(series, end, rest, tier=0))
    Chunk.objects.bulk_create(made)
    return points.at(slice(0, end - series.merged))


def _small_chunks(series: Series, end: int) -> list[Chunk]:
    """Those between what is merged and index `end`. Raises Incomplete."""
    found = list(Chunk.objects.filter(series=series, tier=0, start__lt=end).order_by("start"))
    at = series.merged
    for each in found:
        if each.start != at or len(each.steps) != each.count * WIDTH:
            break
        at = each.end
    if at < end:
        raise Incomplete(f"series {series.pk} ({series}) has no point {at} of {series.count}")
    return found


def _chunk(series: Series, start: int, points: Points, *, tier: int = 1) -> Chunk:
    steps, values, times = points.pack()
    return Chunk(
        series=series,
        tier=tier,
        start=start,
        count=len(points),
        steps=steps,
        values=values,
        times=times,
    )


@dataclass(slots=True)
class _Rows:
    """Rows of the overview that are to be written."""

    made: list[Overview]
    grown: list[Overview]


def _grow(series: Series, points: Points) -> None:
    """Add the buckets of these points, which follow on what is merged, to every level that they fill."""
    last = {
        each.level: each for each in Overview.objects.filter(series=series, count__lt=pyramid.ROW)
    }
    change = _Rows([], [])
    level, fresh = 1, pyramid.of_points(points)
    while len(fresh.points):
        known = series.merged // pyramid.size_of(level)
        row = last.get(level)
        if row is not None:
            fresh = pyramid.join([pyramid.unpack(row.data, level=level), fresh])
            known = row.start
        _write(series, level, known, fresh, row, change)
        level += 1
        begun = series.merged // pyramid.size_of(level) * pyramid.FACTOR  # in buckets of below
        fresh = pyramid.coarser(fresh.at(slice(begun - known, None)))
    Overview.objects.bulk_create(change.made)
    rows.update(
        Overview,
        ("count", "data"),
        ("id",),
        [[each.count, each.data, each.pk] for each in change.grown],
    )


def _write(
    series: Series, level: int, start: int, buckets: Thinned, row: Overview | None, change: _Rows
) -> None:
    """Cut the buckets of a level from number `start` on into rows; `row` is the one that begins there."""
    for at in range(0, len(buckets.points), pyramid.ROW):
        part = buckets.at(slice(at, at + pyramid.ROW))
        count, data = len(part.points), pyramid.pack(part)
        if at == 0 and row is not None:
            row.count, row.data = count, data
            change.grown.append(row)
        else:
            change.made.append(
                Overview(series=series, level=level, start=start + at, count=count, data=data)
            )
