"""CSV: a row for each record, a column for each key.

Two readings of the same bytes: the first finds the keys, so that neither needs more memory than the widest row.
Texts that a spreadsheet would take for a formula begin with an apostrophe, after OWASP's page on CSV injection.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from runs import storable, storage
from runs.exporting import source
from runs.models import Run
from runs.parsing import INT64, RESERVED, WORDS

HEAD = ("run", "attempt", "writer", "step", "time")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
PIECE = 64 * 1024


def write(run: Run, *, raw: bool) -> Iterator[bytes]:
    """The table in UTF-8. Numbers stand as they are, NaN and the infinities as words; an empty cell was not logged."""
    files = source.files_of(run, "metrics.jsonl")
    keys = _keys(files)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*HEAD, *(_guarded(key, raw=raw) for key in keys)])
    for file in files:
        for line in source.lines_of(file):
            if line.record is not None:
                writer.writerow(_row(run.key, file, line, keys, raw=raw))
            if buffer.tell() >= PIECE:
                yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return data


def _keys(files: list[source.File]) -> list[str]:
    found: set[str] = set()
    for file in files:
        prefix = _prefix(file)
        for line in source.lines_of(file):
            found.update(_named(key, prefix) for key in line.record or () if key not in RESERVED)
    return sorted(found)


def _prefix(file: source.File) -> str:
    return storage.SYSTEM if file.writer == storage.SYSTEM_WRITER else ""


def _named(key: str, prefix: str) -> str:
    """As the store names the series."""
    return storable.text(key if key.startswith(prefix) else prefix + key)


def _row(
    run: str, file: source.File, line: source.Line, keys: list[str], *, raw: bool
) -> list[str]:
    record = line.record or {}
    step = record.get("step", record.get("_idx", line.number))
    if not isinstance(step, int) or step not in INT64:
        step = line.number
    prefix = _prefix(file)
    values = {_named(key, prefix): value for key, value in record.items() if key not in RESERVED}
    time = _cell(record.get("_timestamp", ""), raw=raw)
    told = [run, str(file.attempt), file.writer, str(int(step)), time]
    return [*told, *(_cell(values.get(key, ""), raw=raw) for key in keys)]


def _cell(value: Any, *, raw: bool) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return str(storable.number(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and value in WORDS:
        return value
    return _guarded(value if isinstance(value, str) else _other(value), raw=raw)


def _other(value: Any) -> str:
    return "" if value is None else str(value)


def _guarded(text: str, *, raw: bool) -> str:
    return f"'{text}" if not raw and text.startswith(DANGEROUS) else text
