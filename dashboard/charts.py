"""Which charts runs have, and the figures for some of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import figures, naming, palette
from dashboard.figures import Axis, Curve, Figure
from dashboard.metrics import is_system, prefix, telling
from dashboard.palette import Look
from runs import selectors
from runs.models import Run, Series
from runs.points import Points, thin

WIDTH = 600  # buckets: a chart is rarely wider in pixels, and 1200 points stay exact
KEYS_AT_ONCE = 24
FEW = 8


@dataclass(frozen=True, slots=True)
class Section:
    """The charts under one prefix ("train/"); "" holds those without."""

    name: str
    keys: list[str]
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """An attempt of a run that charts show."""

    run: Run
    attempt: int


def newest(runs: Sequence[Run]) -> list[Shown]:
    return [Shown(run, run.attempt) for run in runs]


def series(shown: Sequence[Shown], *, keys: Sequence[str] | None = None) -> list[Series]:
    """The series of these attempts, by key; one query."""
    wanted = {(each.run.pk, each.attempt) for each in shown}
    found = Series.objects.filter(run__in={pk for pk, _ in wanted}).order_by("key", "run_id")
    if keys is not None:
        found = found.filter(key__in=keys)
    return [each for each in found if (each.run_id, each.attempt) in wanted]


def sections(found: Sequence[Series]) -> list[Section]:
    """Keys by what stands before their first slash; a few keys, or a single one of a kind, need no heading.

    What agents measure comes last, and is closed until somebody asks.
    """
    every = sorted({each.key for each in found}, key=telling)
    keys = [key for key in every if not is_system(key)]
    measured = [key for key in every if is_system(key)]
    sizes = Counter(prefix(key) for key in keys)
    by_prefix: dict[str, list[str]] = {}
    for key in keys:
        alone = len(keys) <= FEW or sizes[prefix(key)] == 1
        by_prefix.setdefault("" if alone else prefix(key), []).append(key)
    named = [Section(name, keys) for name, keys in sorted(by_prefix.items())]
    return [*named, Section("system", measured, is_open=False)] if measured else named


def draw(shown: Sequence[Shown], keys: Sequence[str], *, axis: Axis) -> list[Figure]:
    """A figure for each of these metrics that has points; two queries."""
    found = series(shown, keys=keys)
    points = selectors.points_of(found)
    looks = palette.looks(each.run.key for each in shown)
    labels = naming.labels([each.run for each in shown])
    runs = {each.run.pk: each.run for each in shown}
    by_key: dict[str, list[Curve]] = {}
    for each in found:
        run = runs[each.run_id]
        curve = _curve(run, each, points[each.pk], looks[run.key], labels[run.key])
        by_key.setdefault(each.key, []).append(curve)
    return [figures.metric(key, curves, axis=axis) for key, curves in by_key.items()]


def _curve(run: Run, series: Series, points: Points, look: Look, label: str) -> Curve:
    started = run.started_at.timestamp() if run.started_at else 0.0
    first = float(points.times[0]) if len(points) else started
    return Curve(
        run=run.key,
        label=label,
        attempt=series.attempt,
        colour=look.colour,
        dash=look.dash,
        thinned=thin(points, WIDTH),
        count=len(points),
        origin=min(first, started) if started else first,
    )
