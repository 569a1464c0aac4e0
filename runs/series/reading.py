"""Points of many series for a chart of some width, from the whole of each or from a range of x.

A read begins on the coarsest level of the pyramid that still has a bucket for each pixel, keeps the buckets that the
range touches, and goes on with a finer level as long as those are too few. So it costs about the same however long a
series is, and it ends with the points themselves where they are few enough. Each step is at most two statements for all
series together.

Where steps went back and x is the step, of several points with one step the one that was logged last counts. A series
of a few ordered stretches, as of a run that was resumed, is read like that stretch by stretch; where buckets are left
in the end, a newer stretch replaces the older ones from its first to its last step. One without any order is read as
a whole and sorted: its points, or its buckets where those are too many.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from django.db.models import prefetch_related_objects

from runs.models import Series
from runs.points import Numbers, Points, Thinned, thin, thinner
from runs.series import stored, stretches
from runs.series.axes import STEP, Axis, Span, along
from runs.series.searching import Search, fetch, join
from runs.series.stored import Range
from runs.series.stretches import Stretch

SERIES_AT_ONCE = 100  # so that memory does not grow with the number of series
STRETCHES_AT_ONCE = 256  # each may have some thousand points at its edges
POINTS_AT_ONCE = 2_000_000  # of series that have to be sorted
SORTED_AT_MOST = 5_000_000  # points of a series: about half a second, and 400 MB
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
    neighbours: bool = False,
) -> list[Reading]:
    """Each series with at most `width` buckets, in the given order; all its points where they are at most 2 x width.

    A range of x is closed, and open where it is None. Buckets at its edges may hold points outside of it; exact points
    do not; with `neighbours` the nearest ones on both sides come too, for lines that cross the edges. x of a metric is
    the value that was logged last up to a point's step, NaN before the first.
    """
    axis, span = x, Span(start, end, neighbours)
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
    ways: dict[_Way, list[Series]] = {_by_index: [], _by_sorting: [], _by_buckets: []}
    for each in series:
        ways[_way(axis, each)].append(each)
    found: dict[int, Read] = {}
    for way, some in ways.items():
        found.update(way(axis, some, width, span))
    return [Reading(each, *found[each.pk]) for each in series]


Read = tuple[Thinned, Numbers]
_Way = Callable[[Axis, Sequence[Series], int, Span], Iterator[tuple[int, Read]]]


def _way(axis: Axis, series: Series) -> _Way:
    if axis.kind != "step" or series.breaks is not None:
        return _by_index
    return _by_sorting if series.count <= SORTED_AT_MOST else _by_buckets


def _by_sorting(
    axis: Axis, series: Sequence[Series], width: int, span: Span
) -> Iterator[tuple[int, Read]]:
    for some in _by_size(series, lambda each: each.count, POINTS_AT_ONCE):
        points = exact(some)
        for each in some:
            thinned = _sorted(points[each.pk], width, span)
            yield each.pk, (thinned, along(axis, each, thinned))


def _sorted(points: Points, width: int, span: Span) -> Thinned:
    ordered = in_steps(points)
    return thin(ordered.at(span.holds(ordered.steps.astype("<f8"))), width)


def in_steps(points: Points) -> Points:
    """By step; of several points with one step the one that was logged last."""
    ordered = points.at(np.argsort(points.steps, kind="stable"))
    return ordered.at(np.append(ordered.steps[1:] != ordered.steps[:-1], True)[: len(ordered)])


def _by_buckets(
    axis: Axis, series: Sequence[Series], width: int, span: Span
) -> Iterator[tuple[int, Read]]:
    """Too much to sort, and in no order: the buckets of the whole series, each placed by its last point."""
    searches = [Search.begin(each, stretches.whole(each), width=width) for each in series]
    for search, parts in fetch(searches):
        x = along(axis, search.series, parts[0])
        order = np.argsort(x, kind="stable")
        thinned = _at_most(parts[0].at(order[span.holds(x[order])]), width)
        yield search.series.pk, (thinned, along(axis, search.series, thinned))


def _by_index(
    axis: Axis, series: Sequence[Series], width: int, span: Span
) -> Iterator[tuple[int, Read]]:
    by_step = axis.kind == "step"
    parts = {each.pk: (by_step and stretches.of(each)) or stretches.whole(each) for each in series}
    for some in _by_size(series, lambda each: len(parts[each.pk]), STRETCHES_AT_ONCE):
        searches = [Search.begin(each, parts[each.pk], width=width) for each in some]
        while searches:
            again = []
            for search, found in fetch(searches):
                xs = [along(axis, search.series, buckets) for buckets in found]
                counts = [buckets.counts for buckets in found]
                kept = search.keep(found, list(map(span.touched, xs, counts)))
                if search.refine(width):
                    again.append(search)
                else:
                    thinned = _final(axis, search, kept, width, span)
                    yield search.series.pk, (thinned, along(axis, search.series, thinned))
            searches = again


def _final(axis: Axis, search: Search, kept: Sequence[Thinned], width: int, span: Span) -> Thinned:
    """Points alone are cut where the range ends; what is still too much is thinned."""
    only_points = all(bool((each.counts == 1).all()) for each in kept)
    if axis.kind == "step" and not search.series.is_ordered:
        if only_points:
            return _sorted(Points.join([each.points for each in kept]), width, span)
        return _at_most(_newest(search.parts, kept), width)
    found = join(list(kept))
    if only_points:
        return thin(found.points.at(span.holds(along(axis, search.series, found))), width)
    return _at_most(found, width)


def _newest(parts: Sequence[Stretch], found: Sequence[Thinned]) -> Thinned:
    """By step, without the buckets that a newer stretch replaces."""
    left = []
    for at, buckets in enumerate(found):
        steps = buckets.points.steps
        hidden = np.zeros(len(steps), dtype=bool)
        for newer in parts[at + 1 :]:
            hidden |= newer.hides(steps)
        left.append(buckets.at(~hidden))
    every = join(left)
    return every.at(np.argsort(every.points.steps, kind="stable"))


def _at_most(buckets: Thinned, width: int) -> Thinned:
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


def _by_size(
    series: Sequence[Series], size: Callable[[Series], int], most: int
) -> Iterator[list[Series]]:
    """In groups that are together not much larger than `most`."""
    some: list[Series] = []
    for each in series:
        if some and sum(map(size, some)) + size(each) > most:
            yield some
            some = []
        some.append(each)
    if some:
        yield some
