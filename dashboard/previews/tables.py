"""Tables that a run kept: CSV, TSV, and JSON that is a list of objects."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dashboard import words
from dashboard.previews.texts import beginning
from runs import storable
from runs.contents import Content

ROWS_FIRST, ROWS_MOST = 200, 5_000
COLUMNS_MOST = 100
CELLS_MOST = 50_000
CELL_LONGEST = 500
READ = 8 * 1024 * 1024  # bytes of a file whose rows are shown
COUNTED = 256 * 1024 * 1024  # bytes in which line ends are counted
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows. `count` rows in all, or at least that many where the file is too large to be counted.

    `columns_hidden`: how many more the widest of these rows has.
    """

    columns: list[str]
    rows: list[list[str]]
    count: int
    is_exact: bool = True
    columns_hidden: int = 0

    @property
    def more(self) -> int:
        """How many rows to ask for next; 0 where there are no more, or no more are shown."""
        most = min(self.count, ROWS_MOST, CELLS_MOST // max(len(self.columns), 1))
        return most if len(self.rows) < most else 0


def of_csv(content: Content, name: str, *, rows: int = ROWS_FIRST) -> Table | None:
    """A table of which the first line is the heading; None where it is none."""
    data = beginning(content, READ)
    said = storable.text(data.decode("utf-8-sig", errors="replace"))
    mark = "\t" if name.lower().endswith(".tsv") else _mark(said)
    lines = filter(None, csv.reader(io.StringIO(said, newline=""), delimiter=mark))
    try:
        heading = next(lines, None)
        shown, widest = _first(lines, min(max(rows, 1), ROWS_MOST))
    except csv.Error:
        return None
    if heading is None:
        return None
    whole = len(data) == content.size
    count = len(shown) + _left(lines) if whole else _line_ends(content) - 1
    widest = max(widest, len(heading))
    return _cut(heading, shown, max(count, len(shown)), exact=whole, widest=widest)


def _first(lines: Iterable[list[str]], most: int) -> tuple[list[list[str]], int]:
    """So many rows, no wider than they are shown, and how wide the widest is."""
    shown, widest = [], 0
    for line in islice(lines, most):
        widest = max(widest, len(line))
        shown.append(line[:COLUMNS_MOST])
    return shown, widest


def _mark(said: str) -> str:
    first = said.partition("\n")[0]
    return max(",;\t", key=first.count)


def _left(lines: Iterator[list[str]]) -> int:
    count = 0
    try:
        for _ in lines:
            count += 1
    except csv.Error:
        return count
    return count


def _line_ends(content: Content) -> int:
    left, count = min(content.size, COUNTED), 0
    with content.opened(0, left) as file:
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            count += piece.count(b"\n")
    return count


def of_records(value: Any, *, rows: int = ROWS_FIRST) -> Table | None:
    """The table that a list of objects is; None where the value is something else."""
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(each, dict) for each in value):
        return None
    keys = dict.fromkeys(key for each in value for key in each)
    columns = list(islice(keys, COLUMNS_MOST))
    most = min(max(rows, 1), ROWS_MOST, CELLS_MOST // max(len(columns), 1))
    cells = [[storable.text(words.cell(each.get(key))) for key in columns] for each in value[:most]]
    heading = [storable.text(key) for key in columns]
    return _cut(heading, cells, len(value), exact=True, widest=len(keys))


def parsed(data: bytes, *, by_line: bool) -> Any:
    """The JSON in a file: a value, or with `by_line` the list of those in its lines. Raises ValueError."""
    try:
        if by_line:
            return [json.loads(line) for line in data.splitlines() if line.strip()]
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _cut(
    heading: list[str], rows: list[list[str]], count: int, *, exact: bool, widest: int
) -> Table:
    wide = min(widest, COLUMNS_MOST)
    most = max(1, CELLS_MOST // max(wide, 1))
    cells = [_filled(row, wide) for row in rows[:most]]
    return Table(_filled(heading, wide), cells, count, exact, widest - wide)


def _filled(row: list[str], wide: int) -> list[str]:
    shown = [
        cell if len(cell) <= CELL_LONGEST else f"{cell[:CELL_LONGEST]}…" for cell in row[:wide]
    ]
    return [*shown, *([""] * (wide - len(shown)))]
