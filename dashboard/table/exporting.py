"""The table as a file: CSV, LaTeX or Parquet, with all rows of the filter, whatever the page shows."""

import csv
import importlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dashboard.table import bulk, cells, choosing, grouping
from dashboard.table.build import Asked, asked
from dashboard.table.bulk import Target
from dashboard.table.columns import dressed
from dashboard.table.expressions import ordered
from dashboard.table.latex import latex
from dashboard.table.shown import Cell, Column
from dashboard.table.specs import Spec, sorting
from runs import selectors, storable
from runs.batches import parts
from runs.errors import Invalid
from runs.exporting.columns import check_installed
from runs.exporting.table import DANGEROUS
from runs.models import Run
from runs.query.limits import bounded
from runs.query.scope import Scope

AT_ONCE = 500
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and lines of cells; of groups, the columns of the levels and `runs` come first."""

    columns: list[Column]
    lines: Iterable[list[Cell]]
    is_grouped: bool


def export(target: Target, name: str, scope: Scope) -> Iterator[bytes]:
    """The file in pieces. Raises Invalid, QueryError, NotFound before the first one."""
    if name not in FORMATS:
        raise Invalid(f"format={name[:30]!r} is none of {', '.join(FORMATS)}")
    if name == "parquet":
        check_installed()
    told = sheet(target, scope)
    if name == "csv":
        return _csv(told)
    if name == "tex":
        return iter([latex(told.columns, told.lines).encode("utf-8", "replace")])
    return iter([_parquet(told)])


def sheet(target: Target, scope: Scope) -> Sheet:
    """All of the table. Raises Invalid, QueryError, NotFound."""
    wish = target.wish
    if wish is None:
        raise Invalid("an export needs the address of a table")
    chosen = bool(target.runs or target.selection)
    with bounded(wish.text):
        we = asked(replace(wish, text="", within=()) if chosen else wish, scope)
        if chosen:
            keys = bulk.keys_of(replace(target, wish=None), scope)
            we.found = selectors.runs().filter(key__in=keys)
        specs = _specs(we)
        return _groups(we, specs) if we.grouped_by else _runs(we, specs)


def _specs(we: Asked) -> list[Spec]:
    if we.wish.cols:
        return choosing.asked_for(we.wish.cols)[0]
    newest = list(we.found.order_by("-id")[:AT_ONCE])
    return choosing.default_specs(newest, we.wish.sort, choosing.metric_counts(newest))


def _runs(we: Asked, specs: list[Spec]) -> Sheet:
    if "id" not in {each.key for each in specs}:
        specs = [Spec("fixed", "id"), *specs]
    columns = dressed(we.wish, specs)
    names = [(each.kind, each.name) for each in specs]
    keys = list(ordered(we.found, we.wish.sort, now=we.scope.now).values_list("pk", flat=True))

    def lines() -> Iterator[list[Cell]]:
        for some in parts(keys, AT_ONCE):
            by_pk = Run.objects.in_bulk(some)
            for row in cells.rows([by_pk[key] for key in some if key in by_pk], columns, names):
                yield row.cells

    return Sheet(columns, lines(), is_grouped=False)


def _groups(we: Asked, specs: list[Spec]) -> Sheet:
    levels = we.levels[we.level :]
    metrics = [each for each in specs if each.kind == "metric"]
    wanted = {(each.name, each.which) for each in metrics}
    wanted |= {
        (found[0].name, found[0].which)
        for word in we.wish.sort
        if (found := sorting(word)) and found[0].kind == "metric"
    }
    every = grouping.bunches(we.found, levels, sorted(wanted))
    every = grouping.in_order(every, levels[-1], we.wish.sort)
    heads, columns = dressed(we.wish, levels), dressed(we.wish, metrics)
    count = Column("runs", "runs", "fixed", numeric=True)
    lines = [
        [
            *(
                grouping.label(text, level, head)
                for text, level, head in zip(bunch.texts, levels, heads, strict=True)
            ),
            Cell(count, "number", bunch.count),
            *grouping.cells(bunch, columns, metrics),
        ]
        for bunch in every
    ]
    return Sheet([*heads, count, *columns], lines, is_grouped=True)


def _heads(told: Sheet) -> list[str]:
    """Of groups each metric has three: the mean, its deviation, and of how many."""
    heads = []
    for column in told.columns:
        heads.append(column.key)
        if told.is_grouped and column.kind == "metric":
            heads += [f"{column.key} std", f"{column.key} n"]
    return heads


def _plain(told: Sheet, line: Sequence[Cell]) -> list[Any]:
    values: list[Any] = []
    for cell in line:
        values.append(plain(cell))
        if told.is_grouped and cell.column.kind == "metric":
            values += [cell.spread, cell.count or None]
    return values


def plain(cell: Cell) -> Any:
    """A value without its looks: seconds for a length of time, NaN for what is no number."""
    value = cell.value
    if cell.kind == "nan":
        return float("nan")
    if cell.kind == "elapsed":
        begin, end = value
        return ((end or datetime.now(UTC)) - begin).total_seconds()
    if cell.kind == "alerts":
        return sum(value.values())
    if cell.kind == "tags":
        return ", ".join(map(str, value))
    if cell.kind == "json":
        return str(value)
    return value


def _csv(told: Sheet) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_guarded(head) for head in _heads(told)])
    for number, line in enumerate(told.lines, 1):
        writer.writerow([_csv_cell(value) for value in _plain(told, line)])
        if number % AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return data


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(storable.number(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, int) else _guarded(str(value))


def _guarded(text: str) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _parquet(told: Sheet) -> bytes:
    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    lines = [_plain(told, line) for line in told.lines]
    heads = _heads(told)
    arrays = [_array(arrow, [line[at] for line in lines]) for at in range(len(heads))]
    sink = io.BytesIO()
    parquet.write_table(arrow.table(arrays, names=heads), sink, compression="zstd")
    return sink.getvalue()


def _array(arrow: Any, values: list[Any]) -> Any:
    """Numbers, flags and times as themselves where all of a column are; else texts."""
    kinds = {type(each) for each in values if each is not None}
    if kinds and kinds <= {int, float}:
        return arrow.array([None if v is None else float(v) for v in values], type=arrow.float64())
    if kinds == {bool}:
        return arrow.array(values, type=arrow.bool_())
    if kinds == {datetime}:
        return arrow.array(values, type=arrow.timestamp("us", tz="UTC"))
    return arrow.array([None if v is None else str(v) for v in values], type=arrow.string())
