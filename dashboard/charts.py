"""Which charts runs have, and the figures for some of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import naming, palette, writers
from dashboard import old_figures as figures
from dashboard.old_figures import Axis, Curve, Figure
from dashboard.metrics import is_system, prefix, telling
from dashboard.palette import Look
from runs.models import Run, Series
from runs.series import axes, reading
from runs.series.reading import Reading

READ = {"step": axes.STEP, "time": axes.Axis("relative")}
WIDTH = 600  # buckets: a chart is rarely wider in pixels, and 1200 points stay exact
NARROWEST = 50
BUDGET = 60_000  # buckets of all curves of an answer: a few MB
KEYS_AT_ONCE = 24
FEW = 8
WRITERS_DRAWN = 32  # in one chart, of all its runs together; each shows at least one


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
    """The series of these attempts, by key and run, the main writer's first; one query."""
    wanted = {(each.run.pk, each.attempt): each.run for each in shown}
    found = Series.objects.filter(run__in={pk for pk, _ in wanted})
    if keys is not None:
        found = found.filter(key__in=keys)
    mine = [each for each in found if (each.run_id, each.attempt) in wanted]
    for each in mine:
        each.run = wanted[each.run_id, each.attempt]
    return sorted(mine, key=lambda each: (each.key, each.run_id, writers.order(each.writer)))


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
    """A figure for each of these metrics that has points, with a curve for each writer; a few queries."""
    found = series(shown, keys=keys)
    drawn, left_out = _first_writers(found, most=max(1, WRITERS_DRAWN // max(1, len(shown))))
    width = max(NARROWEST, min(WIDTH, BUDGET // max(1, len(drawn))))
    looks = palette.looks(each.run.key for each in shown)
    labels = naming.labels([each.run for each in shown])
    place: Counter[tuple[str, int]] = Counter()
    by_key: dict[str, list[Curve]] = {}
    for each in reading.read(drawn, width=width, x=READ[axis]):
        key, run = each.series.key, each.series.run
        look = _look(looks[run.key], place[key, run.pk], alone=len(shown) == 1)
        place[key, run.pk] += 1
        by_key.setdefault(key, []).append(_curve(each, look, labels[run.key]))
    return [
        figures.metric(key, curves, axis=axis, left_out=left_out[key])
        for key, curves in by_key.items()
    ]


def _first_writers(found: Sequence[Series], *, most: int) -> tuple[list[Series], Counter[str]]:
    """Of each run the first `most` writers' series, and how many of each key are left out."""
    seen: Counter[tuple[str, int]] = Counter()
    left_out: Counter[str] = Counter()
    drawn = []
    for each in found:
        seen[each.key, each.run_id] += 1
        if seen[each.key, each.run_id] <= most:
            drawn.append(each)
        else:
            left_out[each.key] += 1
    return drawn, left_out


def _look(look: Look, place: int, *, alone: bool) -> Look:
    """Of a run's several writers: colours of their own where there is no other run, or else dashes."""
    if alone:
        colours = palette.COLOURS
        return Look((look.colour + place) % colours, look.dash + place // colours)
    return Look(look.colour, look.dash + place)


def _curve(found: Reading, look: Look, label: str) -> Curve:
    series = found.series
    writer = "" if is_system(series.key) else series.writer
    return Curve(
        run=series.run.key,
        label=f"{label} · {writer}" if writer else label,
        attempt=series.attempt,
        colour=look.colour,
        dash=look.dash,
        thinned=found.thinned,
        count=series.count,
        origin=axes.origin(series),
        writer=writer,
        first_nan=series.first_nan_step if series.is_ordered else None,
        nans=series.nan_count,
    )
