"""Statements for many rows, where Django's own would cost more to compile than to run.

Names are those of models and their fields and never come from outside; values are always parameters.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model
from django.db.models.base import ModelState

AnyField: TypeAlias = "Field[Any, Any]"
Row = TypeVar("Row", bound=Model)

MOST_IN_ONE = 1000  # rows of one INSERT: SQLite takes 32,766 values


def update(
    model: type[Model], columns: Sequence[str], guard: Sequence[str], rows: list[list[Any]]
) -> int:
    """Set `columns` where `guard` holds; each row has the values of both, in that order. Returns rows changed.

    Django's `bulk_update` builds one huge CASE and cannot say WHERE. A guard's value must not be None, and no two rows
    may have the same guard.
    """
    if not rows:
        return 0
    fields = _fields(model, (*columns, *guard))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = _update_at_once(model, tuple(fields), len(columns))
            cursor.execute(statement, _arrays(fields, rows))
        else:
            values = [
                [_prepared(field, value) for field, value in zip(fields, row, strict=True)]
                for row in rows
            ]
            cursor.executemany(_update_each(model, fields, len(columns)), values)
        return int(cursor.rowcount)


def _update_each(model: type[Model], fields: Sequence[AnyField], setting: int) -> str:
    quoted = [_quoted(field) for field in fields]
    sets = ", ".join(f"{name} = %s" for name in quoted[:setting])
    where = " AND ".join(f"{name} = %s" for name in quoted[setting:])
    return f"UPDATE {_table(model)} SET {sets} WHERE {where}"  # noqa: S608


@cache
def _update_at_once(model: type[Model], fields: tuple[AnyField, ...], setting: int) -> str:
    """PostgreSQL: one statement whatever the number of rows, with an array for each column."""
    names, told = [_quoted(field) for field in fields], _told(fields)
    table = _table(model)
    sets = ", ".join(
        f"{name} = {value}"
        for name, value in zip(names[:setting], told.values[:setting], strict=True)
    )
    where = " AND ".join(
        f"{table}.{name} = {value}"
        for name, value in zip(names[setting:], told.values[setting:], strict=True)
    )
    return f"UPDATE {table} SET {sets} FROM {told.source} WHERE {where}"  # noqa: S608


class _Told(NamedTuple):
    """Rows as PostgreSQL reads them from arrays: what stands after FROM, and what to call each column's value."""

    source: str
    values: list[str]


def _told(fields: Sequence[AnyField]) -> _Told:
    names = [f"c{at}" for at in range(len(fields))]
    arrays = ", ".join(f"%s::{'text' if _is_json(field) else _type(field)}[]" for field in fields)
    values = [
        f"told.{name}::jsonb" if _is_json(field) else f"told.{name}"
        for name, field in zip(names, fields, strict=True)
    ]
    return _Told(f"unnest({arrays}) AS told({', '.join(names)})", values)


def _type(field: AnyField) -> str:
    """Without the length of a text: a cast would cut what is longer, and the column refuses it."""
    return str(field.db_type(connection)).partition("(")[0]


def _is_json(field: AnyField) -> bool:
    return isinstance(field, JSONField)


def _arrays(fields: Sequence[AnyField], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Each column as the text of an array; psycopg would write it in Python too, ten times as slowly."""
    return [
        "{" + ",".join([_element(field, value) for value in column]) + "}"
        for field, column in zip(fields, zip(*rows, strict=True), strict=True)
    ]


def _element(field: AnyField, value: Any) -> str:
    """See "Array Input and Output Syntax" in PostgreSQL's manual."""
    if isinstance(field, JSONField):
        value = json.dumps(value)
    elif isinstance(value, Model):
        value = value.pk
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'"{value.isoformat()}"' if isinstance(value, datetime) else str(value)


def select(
    model: type[Row],
    where: str,
    values: Sequence[Any],
    *,
    lock: str = "",
    columns: tuple[str, ...] = (),
) -> list[Row]:
    """Rows in the order of their keys; `where` holds %s for each value, and `among` in its IN-lists.

    `lock` is what PostgreSQL calls the lock: FOR UPDATE SKIP LOCKED. SQLite has one writer and needs none.
    Where fields are named in `columns`, the key has to be one; the others are read when they are asked for.
    """
    lock = lock if connection.features.has_select_for_update else ""
    wanted, names, converters = _shape(model, columns, connection.vendor)
    key = _quoted(model._meta.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {wanted} FROM {_table(model)} WHERE {where} ORDER BY {key} {lock}",  # noqa: S608
            values,
        )
        found = cursor.fetchall()
    return [_made(model, names, _converted(row, converters)) for row in found]


def _made(model: type[Row], names: list[str], values: list[Any]) -> Row:
    """As `Model.from_db`, without its two signals and its loop over all fields: they cost more than the query.

    What is not among `names` is read when it is asked for, as there.
    """
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, connection.alias
    row.__dict__.update(zip(names, values, strict=True))
    return row


Converters: TypeAlias = list[tuple[int, list[Any], Any]]


@cache
def _shape(
    model: type[Model], columns: tuple[str, ...], vendor: str
) -> tuple[str, list[str], Converters]:
    """Columns to select, their attributes, and what turns a database's values into Python's: as Django would do it."""
    fields = [  # in the model's own order, as `from_db` wants them
        field for field in model._meta.concrete_fields if not columns or field.attname in columns
    ]
    expressions = [field.get_col(model._meta.db_table) for field in fields]
    found = [
        (at, connection.ops.get_db_converters(each) + each.get_db_converters(connection), each)
        for at, each in enumerate(expressions)
    ]
    names = [str(field.attname) for field in fields]
    return ", ".join(map(_quoted, fields)), names, [each for each in found if each[1]]


def _converted(row: tuple[Any, ...], converters: Converters) -> list[Any]:
    values = list(row)
    for at, convert, expression in converters:
        for each in convert:
            values[at] = each(values[at], expression, connection)
    return values


def insert(model: type[Model], rows: list[dict[str, Any]]) -> list[int]:
    """Add rows that all name the same fields; their keys, in the same order."""
    if not rows:
        return []
    fields = _fields(model, tuple(rows[0]))
    values = [list(row.values()) for row in rows]
    columns = ", ".join(map(_quoted, fields))
    head = f"INSERT INTO {_table(model)} ({columns})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            told = _told(fields)
            source = f"SELECT {', '.join(told.values)} FROM {told.source}"  # noqa: S608
            cursor.execute(f"{head} {source} RETURNING id", _arrays(fields, values))
            return sorted(row[0] for row in cursor.fetchall())
        keys = []
        for at in range(0, len(values), MOST_IN_ONE):
            some = values[at : at + MOST_IN_ONE]
            places = ", ".join([f"({among(fields)})"] * len(some))
            flat = [
                _prepared(field, value)
                for row in some
                for field, value in zip(fields, row, strict=True)
            ]
            cursor.execute(f"{head} VALUES {places} RETURNING id", flat)
            keys += sorted(row[0] for row in cursor.fetchall())
        return keys


def among(values: Sequence[Any]) -> str:
    """The inside of an IN-list for that many values; an empty list matches nothing."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def when(value: Any) -> datetime:
    """A time as the database's own driver gives it: SQLite keeps text, in UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _prepared(field: AnyField, value: Any) -> Any:
    """What the driver takes; the plain cases without the detours that Django makes for expressions."""
    if isinstance(field, JSONField):
        return field.get_db_prep_save(value, connection)
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return str(value) if isinstance(value, str) else value  # of an enum, its text


@cache
def _fields(model: type[Model], names: tuple[str, ...]) -> list[AnyField]:
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _quoted(field: AnyField) -> str:
    return connection.ops.quote_name(str(field.column))


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
