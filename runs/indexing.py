"""From the lines of a file into the series store: each complete line exactly once.

How far a file is indexed stands in the same transaction as the points, so a crash anywhere repeats nothing and skips
nothing; and because the file is the truth, the index can be thrown away and made again.

Only the last chunk of a series is open, and no chunk crosses a multiple of STRETCH points: so a whole stretch is a few
closed chunks, which merging (`runs.series.merging`) may replace by one while more lines come in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from django.db.models import F, Model

from runs import lines, rows, storage
from runs.models import FULL, STRETCH, Chunk, Run, Series
from runs.parsing import parse
from runs.points import Points
from runs.series import stretches

# What an agent measures never mixes with what a script logs.
PREFIXES = {"system.jsonl": storage.SYSTEM}
SERIES_OF_WRITER = 20_000  # in an attempt; what comes first is kept


def index(run: Run, attempt: int, name: str, *, size: int) -> bool:
    """Bring the index of the first `size` bytes of a metrics file up to date; true where it grew.

    A torn last line waits for its end.
    """
    keep = partial(_keep, run, attempt, name)
    return lines.take(run, attempt, name, size=size, keep=keep)


def _keep(run: Run, attempt: int, name: str, found: list[bytes], first: int) -> lines.Kept:
    parsed = parse(found, first_index=first, prefix=PREFIXES.get(name, ""), bounded=True)
    refused = store(run, attempt, storage.parted(name)[1], parsed.columns)
    return lines.Kept(parsed.lines, parsed.bad_lines + parsed.lacking(refused))


def store(run: Run, attempt: int, writer: str, columns: dict[str, Points]) -> set[str]:
    """Add points, none of them empty, to the series with these keys; within the caller's transaction.

    Returns the keys whose points are not kept: a writer has at most SERIES_OF_WRITER series.
    """
    if not columns:
        return set()
    series = _series(run, attempt, writer, columns)
    open_chunks = {
        chunk.series_id: chunk
        for chunk in Chunk.objects.filter(
            series__in=series, tier=0, start__gt=F("series__count") - FULL
        )
        if chunk.is_open
    }
    change = _Change()
    for each in series:
        points = columns[each.key]
        change.add(each, open_chunks.get(each.pk), points)
        _summarise(each, points)
    rows.insert(Chunk, change.made)
    _save(Chunk, change.grown, COLUMNS)
    _save(Series, series, SUMMARY)
    return columns.keys() - {each.key for each in series}


def _series(run: Run, attempt: int, writer: str, keys: dict[str, Points]) -> list[Series]:
    """The series with these keys, those that are new among them as long as there is room; locked, so that no merger
    is at work on them.
    """
    mine = Series.objects.select_for_update().filter(run=run, attempt=attempt, writer=writer)
    found = list(mine.filter(key__in=keys).order_by("pk"))
    if len(found) == len(keys):
        return found
    known = {each.key for each in found}
    room = max(0, SERIES_OF_WRITER - mine.count())
    new = [key for key in keys if key not in known][:room]
    if not new:
        return found
    Series.objects.bulk_create(
        [Series(run=run, attempt=attempt, writer=writer, key=key) for key in new],
        ignore_conflicts=True,
    )
    return list(mine.filter(key__in=keys).order_by("pk"))


def _save(model: type[Model], found: Sequence[Model], columns: list[str]) -> None:
    told = [[*(getattr(each, name) for name in columns), each.pk] for each in found]
    rows.update(model, columns, ("id",), told)


COLUMNS = ["count", "steps", "values", "times"]
SUMMARY = [
    "count",
    "last",
    "last_step",
    "last_time",
    "minimum",
    "maximum",
    "nan_count",
    "first_nan_step",
    "first_step",
    "first_time",
    "is_ordered",
]


@dataclass(slots=True)
class _Change:
    """Chunks that are to be written."""

    made: list[dict[str, Any]] = field(default_factory=list)
    grown: list[Chunk] = field(default_factory=list)

    def add(self, series: Series, last: Chunk | None, points: Points) -> None:
        """Points behind those that the series has; `last` is its open chunk."""
        start, every = series.count, points
        if last is not None:
            start = last.start
            every = Points.join([Points.unpack(last.steps, last.values, last.times), points])
        for at, part in _cut(start, every):
            if last is not None and at == last.start:
                last.count = len(part)
                last.steps, last.values, last.times = part.pack()
                self.grown.append(last)
            else:
                self.made.append(_chunk(series, at, part))


def _cut(start: int, points: Points) -> Iterator[tuple[int, Points]]:
    """Points from index `start` on, in parts that cross no multiple of STRETCH; and where each begins."""
    at = 0
    while at < len(points):
        end = min(len(points), at + STRETCH - (start + at) % STRETCH)
        yield start + at, points.at(slice(at, end))
        at = end


def _chunk(series: Series, start: int, points: Points) -> dict[str, Any]:
    steps, values, times = points.pack()
    place = {"series": series.pk, "tier": 0, "start": start, "count": len(points)}
    return place | {"steps": steps, "values": values, "times": times}


def _summarise(series: Series, points: Points) -> None:
    _order(series, points)
    nan = np.isnan(points.values)
    numbers = points.values[~nan]
    if nan.any() and series.first_nan_step is None:
        series.first_nan_step = int(points.steps[nan][0])
    series.count += len(points)
    series.nan_count += int(nan.sum())
    series.last = None if nan[-1] else float(points.values[-1])
    series.last_step = int(points.steps[-1])
    series.last_time = float(points.times[-1])
    if len(numbers):
        low, high = float(numbers.min()), float(numbers.max())
        series.minimum = low if series.minimum is None else min(low, series.minimum)
        series.maximum = high if series.maximum is None else max(high, series.maximum)


def _order(series: Series, points: Points) -> None:
    """Where the series begins, and where a step was smaller than the one before it."""
    first = int(points.steps[0])
    if series.count == 0:
        series.first_step, series.first_time = first, float(points.times[0])
    goes_on = series.count == 0 or first >= series.last_step
    if goes_on and bool((points.steps[1:] >= points.steps[:-1]).all()):
        return
    series.is_ordered = False
    if series.breaks is not None:
        series.breaks = stretches.grown(
            series.breaks, count=series.count, last_step=series.last_step, points=points
        )
        series.save(update_fields=["breaks"])
