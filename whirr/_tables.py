"""Tables as columns and rows of plain values: from lists, dictionaries, pandas or polars, importing neither."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from whirr import _values
from whirr.wire import jsontext

MOST_ROWS = 10_000
_MOST_COLUMNS = 1000
_LONGEST_TEXT = 10_000  # characters of a cell


class Table(NamedTuple):
    """`over`: what is said of rows that were too many; empty where all were taken."""

    columns: list[str]
    rows: list[list[Any]]
    over: str


def table(data: Any, columns: Iterable[Any] | None, rows: Iterable[Any] | None) -> Table:
    """Its first `MOST_ROWS` rows, however many there are; raises TypeError or ValueError for what is no table."""
    if data is not None:
        if rows is not None:
            raise ValueError(
                "a table is given as one object, or as columns= and rows=, not as both"
            )
        found, lines = _of(data, columns)
    elif columns is None or rows is None:
        raise ValueError("a table needs an object, or columns= and rows=")
    else:
        data, found, lines = rows, list(columns), _first(rows)
    names = [_values.name_of(name) for name in found]
    if not 0 < len(names) <= _MOST_COLUMNS:
        raise ValueError(f"a table has 1 to {_MOST_COLUMNS} columns, not {len(names)}")
    return Table(names, [_row(line, names) for line in lines[:MOST_ROWS]], _over(data, len(lines)))


def _of(data: Any, columns: Iterable[Any] | None) -> tuple[list[Any], list[Any]]:
    if hasattr(data, "itertuples"):  # pandas
        return list(data.columns), _first(data.itertuples(index=False, name=None))
    if hasattr(data, "iter_rows"):  # polars
        return list(data.columns), _first(data.iter_rows())
    if isinstance(data, Mapping):  # a list of values for each column
        return list(data), _first(zip(*data.values()))
    lines = _first(data)
    if columns is not None:
        return list(columns), lines
    if not all(isinstance(line, Mapping) for line in lines):
        raise TypeError("rows that are no dictionaries need columns=")
    return list(dict.fromkeys(name for line in lines for name in line)), lines


def _first(rows: Iterable[Any]) -> list[Any]:
    """One more than are kept, where there are more: training waits for no million of rows."""
    return list(itertools.islice(rows, MOST_ROWS + 1))


def _over(data: Any, found: int) -> str:
    if found <= MOST_ROWS:
        return ""
    try:
        columns = data.values() if isinstance(data, Mapping) else (data,)
        return f"its last {min(map(len, columns)) - MOST_ROWS} rows are over the limit"
    except TypeError:  # a generator
        return f"the rows after its first {MOST_ROWS} are over the limit"


def _row(line: Any, names: list[str]) -> list[Any]:
    if isinstance(line, Mapping):
        named = {_values.name_of(name): value for name, value in line.items()}
        return [_cell(named.get(name)) for name in names]
    cells = [_cell(value) for value in line]
    if len(cells) != len(names):
        raise ValueError(f"a row has {len(cells)} values where the table has {len(names)} columns")
    return cells


def _cell(value: Any) -> Any:
    plain = _values.plain(value)
    if isinstance(plain, (list, dict)):
        plain = jsontext.dumps(plain).decode()
    return plain[:_LONGEST_TEXT] if isinstance(plain, str) else plain
