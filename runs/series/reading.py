"""Points of many series for a chart of some width, from the whole of each or from a range of x.

A read begins on the coarsest level of the pyramid that still has a bucket for each pixel, keeps the buckets that the
range touches, and goes on with a finer level as long as those are too few. So it costs about the same however long a
series is, and it ends with the points themselves where they are few enough. Each step is at most three statements for
all series together.

Where steps went back (a run was resumed, or logs as it likes) and x is the step, all points are read and sorted: of
several with one step the one that was logged last counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from django.db.models import prefetch_related_objects

from runs.models import Series
from runs.points import Numbers, Points, Thinned, as_they_are, thin, thinner
from runs.series import pyramid, stored
from runs.series.axes import STEP, Axis, Span, along
from runs.series.stored import Range

SERIES_AT_ONCE = 100  # so that memory does not grow with the number of series
POINTS_AT_ONCE = 2_000_000  # of series that have to be sorted
FINER = 4  # buckets of the metric that serves as x, for each of the ones that are placed by it

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a series: its buckets, and `x` of the last point of each."""

    series: Series
    thinned: Thinned
    x: Numbers


def read(
    series: Sequence[Series],
    *,
    width: int,
    x: Axis = STEP,
    start: float | None = None,
    end: float | None = None,
) -> list[Reading]:
    """Each series with at most `width` buckets, in the given order; all its points where they are at most 2 x width.

    A range of x is closed, and open where it is None. Buckets at its edges may hold points outside of it; exact points
    do not. x of a metric is the value that was logged last up to a point's step, NaN before the first.
    """
    axis, span = x, Span(start, end)
    if axis.kind == "relative":
        prefetch_related_objects(list(series), "run")
    found: list[Reading] = []
    for some in _parts(series, SERIES_AT_ONCE):
        if axis.kind == "metric":
            found += _along_metric(some, axis.key, width, span)
        else:
            found += _along(axis, some, width, span)
    return found


def exact(series: Sequence[Series], *, after: int = 0) -> dict[int, Points]:
    """All points of each series from index `after` on, in the order they were logged, by primary key."""
    return stored.points_in([Range(each.pk, after, each.count) for each in series])


def _along(axis: Axis, series: Sequence[Series], width: int, span: Span) -> list[Reading]:
    by_step = axis.kind == "step"
    found = dict(
        _by_index(axis, [one for one in series if one.is_ordered or not by_step], width, span)
    )
    found |= _by_sorting(
        axis, [one for one in series if by_step and not one.is_ordered], width, span
    )
    return [Reading(each, *found[each.pk]) for each in series]


Read = tuple[Thinned, Numbers]


def _by_sorting(
    axis: Axis, series: Sequence[Series], width: int, span: Span
) -> Iterator[tuple[int, Read]]:
    for some in _by_size(series):
        points = exact(some)
        for each in some:
            ordered = in_steps(points[each.pk])
            within = ordered.at(span.holds(ordered.steps.astype("<f8")))
            thinned = thin(within, width)
            yield each.pk, (thinned, along(axis, each, thinned))


def in_steps(points: Points) -> Points:
    """By step; of several points with one step the one that was logged last."""
    ordered = points.at(np.argsort(points.steps, kind="stable"))
    return ordered.at(np.append(ordered.steps[1:] != ordered.steps[:-1], True)[: len(ordered)])


@dataclass(slots=True)
class _Search:
    """Where the read of a series stands: points `start` to `end`, from buckets of a level."""

    series: Series
    start: int
    end: int
    level: int

    def ranges(self) -> tuple[Range, Range, Range]:
        """What to read: buckets of the level; smaller ones behind them; and points behind what is merged."""
        pk, merged, size = self.series.pk, self.series.merged, pyramid.size_of(self.level)
        if self.level == 0:
            none = Range(pk, 0, 0)
            return none, none, Range(pk, self.start, self.end)
        covered = merged // size * size
        even = pyramid.size_of(pyramid.EVEN)
        return (
            Range(pk, self.start // size, min(self.end, covered) // size, self.level),
            Range(
                pk, max(self.start, covered) // even, min(self.end, merged) // even, pyramid.EVEN
            ),
            Range(pk, max(self.start, merged), self.end),
        )

    def narrow(self, buckets: Thinned, begin: int, places: slice, width: int) -> bool:
        """Keep the buckets at these places, of which the first of all begins at index `begin`.

        Whether that was the last step; if not, a finer level is next.
        """
        ends = begin + np.cumsum(buckets.counts)[places]
        self.start = int(ends[0] - buckets.counts[places][0]) if len(ends) else 0
        self.end = int(ends[-1]) if len(ends) else 0
        if self.level == 0 or not len(ends):
            return True
        finer = pyramid.coarsest(self.series.merged, self.end - self.start, width)
        if finer >= self.level:
            return True
        self.level = finer
        return False


def _by_index(
    axis: Axis, series: Sequence[Series], width: int, span: Span
) -> Iterator[tuple[int, Read]]:
    searches = [
        _Search(each, 0, each.count, pyramid.coarsest(each.merged, each.count, width))
        for each in series
    ]
    while searches:
        again = []
        for search, buckets, begin in _fetch(searches):
            x = along(axis, search.series, buckets)
            places = span.touched(x, buckets.counts)
            if search.narrow(buckets, begin, places, width):
                thinned = _final(buckets.at(places), x[places], width, span)
                yield search.series.pk, (thinned, along(axis, search.series, thinned))
            else:
                again.append(search)
        searches = again


def _fetch(searches: Sequence[_Search]) -> Iterator[tuple[_Search, Thinned, int]]:
    """The buckets that each search asks for, and the index of their first point."""
    plans = [search.ranges() for search in searches]
    coarse = stored.buckets_in([plan[0] for plan in plans])
    even = stored.buckets_in([plan[1] for plan in plans])
    points = stored.points_in([plan[2] for plan in plans])
    for search, plan in zip(searches, plans, strict=True):
        pk = search.series.pk
        parts = [found[pk] for found in (coarse, even) if pk in found]
        parts.append(as_they_are(points[pk]))
        first = next((each for each in plan if not each.is_empty), plan[2])
        yield search, pyramid.join(parts), first.start * pyramid.size_of(first.level)


def _final(buckets: Thinned, x: Numbers, width: int, span: Span) -> Thinned:
    """Points alone are cut where the range ends; what is still too much is thinned."""
    if bool((buckets.counts == 1).all()):
        return thin(buckets.points.at(span.holds(x)), width)
    return thinner(buckets, width) if len(buckets.points) > width else buckets


def _along_metric(series: Sequence[Series], key: str, width: int, span: Span) -> list[Reading]:
    placing = _of_metric(series, key)
    others = {each.pk: each for each in placing.values()}
    values = {
        each.series.pk: each.thinned.points
        for each in _along(STEP, list(others.values()), FINER * width, Span())
    }
    found = []
    for each in _along(STEP, series, width, Span()):
        other = placing.get(each.series.pk)
        points = values[other.pk] if other else Points.of([], [], [])
        x = _last_before(points, each.thinned.points)
        within = np.flatnonzero(span.holds(x)) if not span.is_everything else slice(None)
        found.append(Reading(each.series, each.thinned.at(within), x[within]))
    return found


def _of_metric(series: Sequence[Series], key: str) -> dict[int, Series]:
    """For each series the one with that key: of the same writer, or else of the main one."""
    runs = {each.run_id for each in series}
    there = {
        (each.run_id, each.attempt, each.writer): each
        for each in Series.objects.filter(run__in=runs, key=key)
    }
    found = {}
    for each in series:
        mine = (each.run_id, each.attempt)
        other = there.get((*mine, each.writer)) or there.get((*mine, ""))
        if other is not None:
            found[each.pk] = other
    return found


def _last_before(values: Points, points: Points) -> Numbers:
    """Of each point the value that was the last one at its step; NaN where none was."""
    places = np.searchsorted(values.steps, points.steps, side="right") - 1
    x = np.full(len(points), np.nan)
    known = places >= 0
    x[known] = values.values[places[known]]
    return x


def _parts(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    for at in range(0, len(things), size):
        yield things[at : at + size]


def _by_size(series: Sequence[Series]) -> Iterator[list[Series]]:
    """In groups of about POINTS_AT_ONCE points."""
    some: list[Series] = []
    for each in series:
        if some and sum(other.count for other in some) + each.count > POINTS_AT_ONCE:
            yield some
            some = []
        some.append(each)
    if some:
        yield some
