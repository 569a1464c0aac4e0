"""What a run's points and events amount to, by the database or by its files: equal where both say the same.

Of each series the steps (int64), values and times (float64, little-endian) are hashed in the order in which they were
logged, each column for itself, so it makes no difference where chunks end or whether they were merged.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from runs import events, indexing, storage
from runs.lines import STRETCH
from runs.models import Event, Run, Series
from runs.parsing import parse
from runs.points import Points
from runs.series.stored import Range, points_in

SPAN = 128 * 1024  # points read at once
RANGES = 500  # and from so many series
Key = tuple[int, str, str]  # attempt, writer, name of the series


class Column:
    """Points of one series, as they are read."""

    def __init__(self) -> None:
        self.count = 0
        self._hashes = [hashlib.sha256() for _ in range(3)]

    def add(self, points: Points) -> None:
        """The next points."""
        self.count += len(points)
        for each, packed in zip(self._hashes, points.pack(), strict=True):
            each.update(packed)

    def __str__(self) -> str:
        return f"{self.count} {' '.join(each.hexdigest() for each in self._hashes)}"


@dataclass(slots=True)
class Sums:
    """`series`: a text for each series; `events`: how many each writer of each attempt wrote, and their hash."""

    series: dict[Key, str] = field(default_factory=dict)
    events: dict[tuple[int, str], str] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """One sha256 for all of it."""
        told = [*sorted(self.series.items()), *sorted(self.events.items())]
        return hashlib.sha256(repr(told).encode()).hexdigest()


def of_database(run: Run) -> Sums:
    """Of what is stored: a few points at a time, whatever their number."""
    found = Series.objects.filter(run=run, count__gt=0).only("attempt", "writer", "key", "count")
    series = {each.pk: each for each in found}
    columns = {pk: Column() for pk in series}
    for ranges in _groups(_spans(series.values())):
        for pk, points in points_in(ranges).items():
            columns[pk].add(points)
    sums = {(each.attempt, each.writer, each.key): columns[pk] for pk, each in series.items()}
    return Sums({key: str(column) for key, column in sums.items()}, _stored_events(run))


def _spans(series: Iterable[Series]) -> Iterator[Range]:
    for each in series:
        for start in range(0, each.count, SPAN):
            yield Range(each.pk, start, min(start + SPAN, each.count))


def _groups(spans: Iterator[Range]) -> Iterator[list[Range]]:
    """Ranges for one statement each: of different series, and about SPAN points together."""
    group: list[Range] = []
    size = 0
    for span in spans:
        new = span.end - span.start
        if group and (size + new > SPAN or len(group) == RANGES or group[-1].series == span.series):
            yield group
            group, size = [], 0
        group.append(span)
        size += new
    if group:
        yield group


def _stored_events(run: Run) -> dict[tuple[int, str], str]:
    sums: dict[tuple[int, str], _Lines] = {}
    columns = ("attempt", "writer", "index", "kind", "level", "key", "step", "at")
    rows = Event.objects.filter(run=run).order_by("attempt", "writer", "index")
    for attempt, writer, *told in rows.values_list(*columns).iterator(chunk_size=2000):
        sums.setdefault((attempt, writer), _Lines()).add(*told)
    return {key: str(lines) for key, lines in sums.items()}


class _Lines:
    def __init__(self) -> None:
        self._count = 0
        self._hash = hashlib.sha256()

    def add(self, *told: object) -> None:
        self._count += 1
        self._hash.update(repr([str(each) for each in told]).encode())

    def __str__(self) -> str:
        return f"{self._count} {self._hash.hexdigest()}"


def of_files(run: Run, attempts: Iterable[int]) -> Sums:
    """Of what the files say, as indexing would store it. Raises OSError, Invalid."""
    columns: dict[Key, Column] = {}
    lines: dict[tuple[int, str], _Lines] = {}
    for attempt in attempts:
        for path in streams_of(storage.attempt_folder(run, attempt)):
            kind, writer = storage.parted(path.name)
            if kind == "events.jsonl":
                _hash_events(path, lines.setdefault((attempt, writer), _Lines()))
            elif kind != "output.log":
                for key, points in _points(path):
                    columns.setdefault((attempt, writer, key), Column()).add(points)
    told = {key: str(each) for key, each in lines.items() if not str(each).startswith("0 ")}
    return Sums({key: str(column) for key, column in columns.items()}, told)


def streams_of(folder: Path) -> list[Path]:
    """The streams of an attempt's folder, links left out."""
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if storage.is_stream(path.name) and path.is_file() and not path.is_symlink()
    ]


def _points(path: Path) -> Iterator[tuple[str, Points]]:
    prefix, number = indexing.PREFIXES.get(path.name, ""), 0
    kept: set[str] = set()
    with storage.reading(path) as file:
        for lines in _stretches(file):
            while lines:
                parsed = parse(lines, first_index=number, prefix=prefix, bounded=True)
                for key, points in parsed.columns.items():
                    if key in kept or len(kept) < indexing.SERIES_OF_WRITER:
                        kept.add(key)
                        yield key, points
                number += parsed.lines
                lines = lines[parsed.lines :]


def _hash_events(path: Path, into: _Lines) -> None:
    number = 0
    with storage.reading(path) as file:
        for lines in _stretches(file):
            for line in lines:
                event = events.event_of(line, number)
                number += 1
                if event is not None:
                    into.add(event.index, event.kind, event.level, event.key, event.step, event.at)


def _stretches(file: BinaryIO) -> Iterator[list[bytes]]:
    """Complete lines, in the parts in which indexing reads them: a torn last line is left out."""
    at = 0
    while data := file.read(STRETCH):
        end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) < STRETCH:
                return
            end = len(data)
        yield data[:end].removesuffix(b"\n").split(b"\n")
        at += end
        file.seek(at)
