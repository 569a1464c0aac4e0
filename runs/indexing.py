"""From the lines of a file into the series store: each complete line exactly once.

How far a file is indexed stands in the same transaction as the points, so a crash anywhere repeats nothing and skips
nothing; and because the file is the truth, the index can be thrown away and made again.
"""

from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.db.models import Model

from runs import rows, storage
from runs.models import Chunk, Run, Series, Stream
from runs.parsing import Column, parse
from runs.points import Points

STRETCH = 4 * 1024 * 1024  # bytes indexed in one transaction
# What an agent measures never mixes with what a script logs.
PREFIXES = {"system.jsonl": storage.SYSTEM}
FULL = 512  # points after which a chunk is left alone and the next one is opened


def index(run: Run, attempt: int, name: str, *, size: int) -> bool:
    """Bring the index of the first `size` bytes of a metrics file up to date; true where it grew.

    A torn last line waits for its end.
    """
    grew = False
    while _index_stretch(run, attempt, name, size=size):
        grew = True
    return grew


@transaction.atomic
def _index_stretch(run: Run, attempt: int, name: str, *, size: int) -> bool:
    """Index up to STRETCH bytes; false where there was nothing to index."""
    Stream.objects.get_or_create(run=run, attempt=attempt, name=name)
    stream = Stream.objects.select_for_update().get(run=run, attempt=attempt, name=name)
    wanted = min(size - stream.indexed, STRETCH)
    if wanted <= 0:
        return False
    with storage.reading(storage.stream_path(run, attempt, name)) as file:
        file.seek(stream.indexed)
        data = file.read(wanted)
    end = data.rfind(b"\n") + 1
    if end == 0:
        if len(data) < STRETCH:  # torn, or the file shrank on a shared disk
            return False
        end = len(data)  # a line longer than any record: passed over in parts, counted as bad
    lines = data[:end].removesuffix(b"\n").split(b"\n")
    parsed = parse(lines, first_index=stream.lines, prefix=PREFIXES.get(name, ""))
    _store(run, attempt, storage.parted(name)[1], parsed.columns)
    stream.indexed += end
    stream.lines += parsed.lines
    stream.bad_lines += parsed.bad_lines
    stream.save(update_fields=["indexed", "lines", "bad_lines"])
    return True


def _store(run: Run, attempt: int, writer: str, columns: dict[str, Column]) -> None:
    if not columns:
        return
    Series.objects.bulk_create(
        [Series(run=run, attempt=attempt, writer=writer, key=key) for key in columns],
        ignore_conflicts=True,
    )
    series = list(Series.objects.filter(run=run, attempt=attempt, writer=writer, key__in=columns))
    open_chunks = {
        chunk.series_id: chunk
        for chunk in Chunk.objects.filter(series__in=series, tier=0, count__lt=FULL)
    }
    made, grown = [], []
    for each in series:
        column = columns[each.key]
        points = Points.of(column.steps, column.values, column.times)
        chunk = open_chunks.get(each.pk)
        if chunk is None:
            made.append(_chunk(each, points))
        else:
            _grow(chunk, points)
            grown.append(chunk)
        _summarise(each, points)
    Chunk.objects.bulk_create(made)
    _save(Chunk, grown, COLUMNS)
    _save(Series, series, SUMMARY)


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
]


def _chunk(series: Series, points: Points) -> Chunk:
    steps, values, times = points.pack()
    return Chunk(
        series=series,
        start=series.count,
        count=len(points),
        steps=steps,
        values=values,
        times=times,
    )


def _grow(chunk: Chunk, points: Points) -> None:
    steps, values, times = points.pack()
    chunk.count += len(points)
    chunk.steps = bytes(chunk.steps) + steps
    chunk.values = bytes(chunk.values) + values
    chunk.times = bytes(chunk.times) + times


def _summarise(series: Series, points: Points) -> None:
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
