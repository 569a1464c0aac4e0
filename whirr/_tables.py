"""Tables as columns and rows of plain values: from lists, dictionaries, pandas or polars, importing neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from whirr import _values
from whirr.wire import jsontext

MOST_ROWS = 10_000
_MOST_COLUMNS = 1000
_LONGEST_TEXT = 10_000  # characters of a cell


def table(data: Any, columns: Iterable[Any] | None, rows: Iterable[Any] | None) -> dict[str, Any]:
    """`{"columns": [name...], "rows": [[value...]...]}`; raises TypeError or ValueError for what is no table."""
    if data is not None:
        if rows is not None:
            raise ValueError(
                "a table is given as one object, or as columns= and rows=, not as both"
            )
        found, lines = _of(data, columns)
    elif columns is None or rows is None:
        raise ValueError("a table needs an object, or columns= and rows=")
    else:
        found, lines = list(columns), list(rows)
    names = [_values.name_of(name) for name in found]
    if not 0 < len(names) <= _MOST_COLUMNS:
        raise ValueError(f"a table has 1 to {_MOST_COLUMNS} columns, not {len(names)}")
    return {"columns": names, "rows": [_row(line, names) for line in lines]}


def _of(data: Any, columns: Iterable[Any] | None) -> tuple[list[Any], list[Any]]:
    if hasattr(data, "itertuples"):  # pandas
        return list(data.columns), [list(line) for line in data.itertuples(index=False, name=None)]
    if hasattr(data, "iter_rows"):  # polars
        return list(data.columns), [list(line) for line in data.iter_rows()]
    if isinstance(data, Mapping):  # a list of values for each column
        return list(data), [list(line) for line in zip(*data.values())]
    lines = list(data)
    if columns is not None:
        return list(columns), lines
    if not all(isinstance(line, Mapping) for line in lines):
        raise TypeError("rows that are no dictionaries need columns=")
    return list(dict.fromkeys(name for line in lines for name in line)), lines


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
