"""Metrics of runs that MLflow clients made: appended to the run's metrics.jsonl, and indexed in the same request."""

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mlflow_api.refusals import invalid
from mlflow_api.states import moment
from runs import indexing, selectors, storable, storage, streams
from runs.models import Run, Stream
from runs.parsing import RESERVED
from runs.points import Points
from runs.series import stored
from runs.series.stored import Range

FILE = "metrics.jsonl"
TAKEN = "metrics."  # before the names that a line of the file has for itself
# Points back from the newest that are looked at for repetitions; the largest batch is smaller.
LOOKED_AT = 3000


@dataclass(frozen=True, slots=True)
class Metric:
    """A point: `at` is in milliseconds since 1970."""

    key: str
    value: float
    at: int
    step: int

    @property
    def time(self) -> datetime:
        return moment(self.at)


def stored_name(key: str) -> str:
    """The series of a metric. Raises Refusal for the few names that stand for something else here."""
    if key.removeprefix(TAKEN) in RESERVED and key.startswith(TAKEN):
        raise invalid(f"'{key}' is what metric '{key.removeprefix(TAKEN)}' is called in the store.")
    return TAKEN + key if key in RESERVED else key


def told_name(series: str) -> str:
    """The metric of a series."""
    bare = series.removeprefix(TAKEN)
    return bare if bare in RESERVED else series


def log(run: Run, metrics: list[Metric]) -> None:
    """Append the points that are new: a client that got no answer repeats its batch."""
    _catch_up(run)
    fresh = _without_repetitions(run, metrics)
    if fresh:
        streams.add(run, run.attempt, FILE, _lines(fresh))


def _catch_up(run: Run) -> None:
    """Index what a request wrote that then failed: its client repeats it, and the index is what knows repetitions."""
    size = storage.size_of(storage.stream_path(run, run.attempt, FILE))
    stream = Stream.objects.filter(run=run, attempt=run.attempt, name=FILE).first()
    if size > (stream.indexed if stream else 0):
        indexing.index(run, run.attempt, FILE, size=size)


def _lines(metrics: list[Metric]) -> bytes:
    """One line for neighbours of the same step and time."""
    records: list[dict[str, object]] = []
    last: tuple[int, int] | None = None
    for each in metrics:
        name = stored_name(each.key)
        if last != (each.step, each.at) or name in records[-1]:
            last = (each.step, each.at)
            records.append({"_timestamp": each.time.isoformat(), "step": each.step})
        records[-1][name] = storable.number(each.value)
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


Point = tuple[
    str, int, float, str
]  # series, step, seconds, and the value as text: NaN equals nothing


def _point(metric: Metric) -> Point:
    seconds = metric.time.timestamp()
    return stored_name(metric.key), metric.step, seconds, repr(metric.value)


def _without_repetitions(run: Run, metrics: list[Metric]) -> list[Metric]:
    fresh = {_point(each): each for each in metrics}
    times = np.array([seconds for _, _, seconds, _ in fresh])
    for key, points in _latest_points(run, {name for name, *_ in fresh}).items():
        same = np.isin(points.times, times)
        columns = (points.steps, points.times, points.values)
        for step, seconds, value in zip(*(each[same].tolist() for each in columns), strict=True):
            fresh.pop((key, step, seconds, repr(value)), None)
    return list(fresh.values())


def _latest_points(run: Run, keys: set[str]) -> dict[str, Points]:
    series = [each for each in selectors.series_of(run, keys=sorted(keys)) if not each.writer]
    ranges = [Range(each.pk, max(0, each.count - LOOKED_AT), each.count) for each in series]
    points = stored.points_in(ranges)
    return {each.key: points[each.pk] for each in series}


def history(run: Run, key: str, *, begin: int, limit: int) -> tuple[list[Metric], bool]:
    """At most `limit` points from index `begin` on, as they were logged; and whether more follow."""
    name = TAKEN + key if key in RESERVED else key
    series = selectors.series_of(run, keys=[name]).first()
    if series is None:
        return [], False
    end = begin + limit
    points = stored.points_in([Range(series.pk, begin, min(end, series.count))])[series.pk]
    columns = zip(points.values.tolist(), points.times.tolist(), points.steps.tolist(), strict=True)
    found = [Metric(key, value, round(at * 1000), step) for value, at, step in columns]
    return found, end < series.count
