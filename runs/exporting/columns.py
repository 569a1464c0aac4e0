"""Parquet in the long form: a row for each point. Needs pyarrow, which whirr[parquet] brings."""

import importlib
import importlib.util
import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

from runs import storage
from runs.errors import Invalid
from runs.exporting import source
from runs.models import Run
from runs.parsing import parse
from runs.points import Points

BATCH = 16_384  # lines that are held at a time


def check_installed() -> None:
    """Raises Invalid where pyarrow is missing."""
    if importlib.util.find_spec("pyarrow") is None:
        raise Invalid(
            "parquet needs pyarrow, which this server does not have: "
            "pip install 'whirr[parquet]' there, or ask for csv or jsonl"
        )


def write(run: Run) -> Iterator[bytes]:
    """Columns run, attempt, writer, key, step (int64), time (microseconds, UTC), value (float64, NaN included)."""
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    word = arrow.dictionary(arrow.int32(), arrow.string())
    schema = arrow.schema(
        [
            ("run", word),
            ("attempt", arrow.int32()),
            ("writer", word),
            ("key", word),
            ("step", arrow.int64()),
            ("time", arrow.timestamp("us", tz="UTC")),
            ("value", arrow.float64()),
        ]
    )
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for file, columns in _batches(run):
            for key, points in columns.items():
                told = _arrays(run.key, file, key, points)
                arrays = [
                    arrow.array(each, type=field.type)
                    for each, field in zip(told, schema, strict=True)
                ]
                writer.write_batch(arrow.record_batch(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _batches(run: Run) -> Iterator[tuple[source.File, dict[str, Points]]]:
    for file in source.files_of(run, "metrics.jsonl"):
        prefix = storage.SYSTEM if file.writer == storage.SYSTEM_WRITER else ""
        lines = source.lines_of(file)
        first = 0
        while held := [line.data for line in islice(lines, BATCH)]:
            yield file, parse(held, first_index=first, prefix=prefix).columns
            first += len(held)


def _arrays(run: str, file: source.File, key: str, points: Points) -> list[Any]:
    times = [round(at * 1e6) if at else None for at in points.times.tolist()]
    same = [run], [file.attempt], [file.writer], [key]
    return [*(each * len(points) for each in same), points.steps, times, points.values]


class _Sink(io.RawIOBase):
    """What was written since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(self._held[-1])

    def taken(self) -> bytes:
        """All of it, once."""
        data, self._held = b"".join(self._held), []
        return data
