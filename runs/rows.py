"""Statements for many rows, where Django's own would cost more to compile than to run.

Names are those of models and their fields and never come from outside; values are always parameters.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

from django.db import connection
from django.db.models import Field, Model

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
    fields: list[AnyField] = [model._meta.get_field(name) for name in (*columns, *guard)]  # type: ignore[misc]
    values = [
        [_prepared(field, value) for field, value in zip(fields, row, strict=True)] for row in rows
    ]
    if connection.vendor == "postgresql":
        return _update_at_once(model, fields, len(columns), values)
    quoted = [_quoted(field) for field in fields]
    sets = ", ".join(f"{name} = %s" for name in quoted[: len(columns)])
    where = " AND ".join(f"{name} = %s" for name in quoted[len(columns) :])
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {_table(model)} SET {sets} WHERE {where}", values)  # noqa: S608
        return int(cursor.rowcount)


def _update_at_once(
    model: type[Model], fields: "list[AnyField]", setting: int, values: list[list[Any]]
) -> int:
    """PostgreSQL: one statement, planned once. The first row's casts give the columns their types."""
    names = [_quoted(field) for field in fields]
    casts = [f"%s::{field.db_type(connection)}" for field in fields]
    table = _table(model)
    sets = ", ".join(f"{name} = told.c{at}" for at, name in enumerate(names[:setting]))
    where = " AND ".join(
        f"{table}.{name} = told.c{at}" for at, name in enumerate(names) if at >= setting
    )
    first = f"({', '.join(casts)})"
    others = f", ({', '.join(['%s'] * len(names))})" * (len(values) - 1)
    heads = ", ".join(f"c{at}" for at in range(len(names)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {sets} FROM (VALUES {first}{others}) AS told({heads}) WHERE {where}",  # noqa: S608
            [value for row in values for value in row],
        )
        return int(cursor.rowcount)


def select(
    model: type[Row],
    where: str,
    values: Sequence[Any],
    *,
    lock: str = "",
    columns: Sequence[str] = (),
) -> list[Row]:
    """Rows in the order of their keys; `where` holds %s for each value, and `among` in its IN-lists.

    `lock` is what PostgreSQL calls the lock: FOR UPDATE SKIP LOCKED. SQLite has one writer and needs none.
    Where `columns` are named, the key has to be one; the others are read when they are asked for.
    """
    lock = lock if connection.features.has_select_for_update else ""
    key = _quoted(model._meta.pk)
    wanted = ", ".join(map(connection.ops.quote_name, columns)) or "*"
    statement = f"SELECT {wanted} FROM {_table(model)} WHERE {where} ORDER BY {key} {lock}"  # noqa: S608
    return list(model._default_manager.raw(statement, list(values)))


def insert(model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Add rows that all name the same fields; without their keys, which nobody needs to know."""
    if not rows:
        return
    names = list(rows[0])
    fields: list[AnyField] = [model._meta.get_field(name) for name in names]  # type: ignore[misc]
    columns = ", ".join(map(_quoted, fields))
    for at in range(0, len(rows), MOST_IN_ONE):
        some = rows[at : at + MOST_IN_ONE]
        places = ", ".join([f"({among(names)})"] * len(some))
        values = [
            _prepared(field, row[name])
            for row in some
            for name, field in zip(names, fields, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {_table(model)} ({columns}) VALUES {places}", values)  # noqa: S608


def among(values: Sequence[Any]) -> str:
    """The inside of an IN-list for that many values; an empty list matches nothing."""
    return ", ".join(["%s"] * len(values)) or "NULL"


def _prepared(field: "AnyField", value: Any) -> Any:
    return field.get_db_prep_save(value.pk if isinstance(value, Model) else value, connection)


def _quoted(field: "AnyField") -> str:
    return connection.ops.quote_name(str(field.column))


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
