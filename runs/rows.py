"""Writing many rows of one table with one statement each row, values of their own, and a guard.

Django's `bulk_update` builds one huge CASE statement and cannot say WHERE; `executemany` is prepared once.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def update(
    model: type[Model], columns: Sequence[str], guard: Sequence[str], rows: list[list[Any]]
) -> int:
    """Set `columns` where `guard` holds; each row has the values of both, in that order. Returns rows changed.

    Names are those of model fields, and never come from outside. A guard's value must not be None.
    """
    if not rows:
        return 0
    fields = [model._meta.get_field(name) for name in (*columns, *guard)]
    quoted = [connection.ops.quote_name(str(field.column)) for field in fields]  # type: ignore[union-attr]
    sets = ", ".join(f"{name} = %s" for name in quoted[: len(columns)])
    where = " AND ".join(f"{name} = %s" for name in quoted[len(columns) :])
    values = [
        [
            field.get_db_prep_save(  # type: ignore[union-attr]
                value.pk if isinstance(value, Model) else value, connection
            )
            for field, value in zip(fields, row, strict=True)
        ]
        for row in rows
    ]
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE {where}", values)  # noqa: S608
        return int(cursor.rowcount)
