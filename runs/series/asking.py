"""Which series a chart asks for: many runs and keys in one call, within limits that a server can hold to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.db.models import F

from runs import selectors
from runs.errors import Invalid
from runs.models import Run, Series
from runs.series import reading
from runs.series.axes import STEP, Axis
from runs.series.reading import Reading

RUNS_AT_ONCE = 500
KEYS_AT_ONCE = 500
SERIES_AT_ONCE = 2000
BUCKETS_AT_ONCE = 2_000_000  # of all series of an answer: series x width
FORM = 1  # of the answers; another one makes what browsers have kept stale


@dataclass(frozen=True, slots=True)
class Wish:
    """`keys` and `attempt` are None for all keys and for each run's newest attempt."""

    runs: tuple[str, ...]
    keys: tuple[str, ...] | None = None
    writer: str | None = None
    attempt: int | None = None
    axis: Axis = STEP
    start: float | None = None
    end: float | None = None
    width: int = 800
    neighbours: bool = False

    @classmethod
    def of(cls, runs: Sequence[str], keys: Sequence[str], *, x: str, **rest: object) -> Self:
        """Each run and each key once. Raises Invalid."""
        each_run = tuple(dict.fromkeys(runs))
        wish = cls(each_run, tuple(dict.fromkeys(keys)) or None, axis=Axis.of(x), **rest)  # type: ignore[arg-type]
        if not each_run:
            raise Invalid("say which runs: runs=job-1,job-2")
        if len(each_run) > RUNS_AT_ONCE:
            raise Invalid(f"one call reads at most {RUNS_AT_ONCE} runs, and not {len(each_run)}")
        if len(wish.keys or ()) > KEYS_AT_ONCE:
            raise Invalid(
                f"one call reads at most {KEYS_AT_ONCE} keys, and not {len(wish.keys or ())}"
            )
        if wish.start is not None and wish.end is not None and wish.start > wish.end:
            raise Invalid(f"from ({wish.start:g}) is behind to ({wish.end:g})")
        return wish


@dataclass(frozen=True, slots=True)
class Found:
    """Series that are there, in the order of the runs that were asked for, then by key; and ids of no run."""

    wish: Wish
    runs: list[Run]
    series: list[Series]
    missing: list[str]

    @property
    def version(self) -> str:
        """Another text as soon as the answer would say something else."""
        points = [(each.pk, each.count) for each in self.series] + self._placing()
        began = [(run.key, run.started_at) for run in self.runs]
        told = repr((FORM, self.wish, self.missing, began, points))
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def _placing(self) -> list[tuple[int, int]]:
        """Number and count of the series that serve as x, where a metric does."""
        if self.wish.axis.kind != "metric":
            return []
        found = Series.objects.filter(run__in=self.runs, key=self.wish.axis.key).order_by("pk")
        return list(found.values_list("pk", "count"))

    def read(self) -> list[Reading]:
        """Their points, as they were asked for."""
        wish = self.wish
        return reading.read(
            self.series,
            width=wish.width,
            x=wish.axis,
            start=wish.start,
            end=wish.end,
            neighbours=wish.neighbours,
        )


def find(wish: Wish) -> Found:
    """The series; no points yet. Raises Invalid where they would be too many."""
    there = {run.key: run for run in selectors.known(wish.runs)}
    runs = [there[key] for key in wish.runs if key in there]
    series = _series(wish, runs)
    if len(series) > SERIES_AT_ONCE:
        raise Invalid(
            f"these runs have more than {SERIES_AT_ONCE} such series, which is the most that one call reads;"
            " name keys, or fewer runs"
        )
    if len(series) * wish.width > BUCKETS_AT_ONCE:
        raise Invalid(
            f"{len(series)} series of width {wish.width} are more than {BUCKETS_AT_ONCE} buckets;"
            " ask for a smaller width, or for fewer series"
        )
    return Found(wish, runs, series, [key for key in wish.runs if key not in there])


def _series(wish: Wish, runs: Sequence[Run]) -> list[Series]:
    place = {run.pk: at for at, run in enumerate(runs)}
    found = Series.objects.filter(run__in=runs, attempt=wish.attempt or F("run__attempt"))
    if wish.keys is not None:
        found = found.filter(key__in=wish.keys)
    if wish.writer is not None:
        found = found.filter(writer=wish.writer)
    series = list(found[: SERIES_AT_ONCE + 1])
    for each in series:
        each.run = runs[place[each.run_id]]
    return sorted(series, key=lambda each: (place[each.run_id], each.key, each.writer))
