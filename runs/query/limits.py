"""How long a search may keep the database busy."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DataError, OperationalError, connection, transaction

from runs.errors import QueryError

PATIENCE_MS = 10_000
STEPS = 100_000  # of SQLite's machine between two looks at the clock
clock = time.monotonic

# https://www.postgresql.org/docs/current/errcodes-appendix.html
CANCELLED = "57014"
INVALID_PATTERN = "2201B"
TOO_COMPLEX = "54001"


class TookTooLong(Exception):
    """The search as a whole, between two of its statements."""


@contextmanager
def bounded(text: str) -> Iterator[None]:
    """What reads the runs of a filter, all of its statements together. Raises QueryError where it takes far too long.

    On PostgreSQL it is in a transaction. No statement begins after the deadline, and one that runs is broken off.
    """
    if not text:
        yield
        return
    ends = clock() + PATIENCE_MS / 1000

    def in_time(execute: Callable[..., Any], *statement: Any) -> Any:
        if clock() >= ends:
            raise TookTooLong
        return execute(*statement)

    broken_off = _in_postgres if connection.vendor == "postgresql" else _in_sqlite
    try:
        with broken_off(ends), connection.execute_wrapper(in_time):
            yield
    except (TookTooLong, OperationalError, DataError) as error:
        told = _told(error, len(text))
        if told is None:
            raise
        raise told from error


@contextmanager
def _in_postgres(_ends: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


@contextmanager
def _in_sqlite(ends: float) -> Iterator[None]:
    connection.ensure_connection()
    database = connection.connection
    database.set_progress_handler(lambda: clock() >= ends, STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, STEPS)


def _told(error: Exception, length: int) -> QueryError | None:
    """What went wrong, if the filter is to blame; other trouble of a database is none of its."""
    state = getattr(error.__cause__, "sqlstate", "") or ""
    if isinstance(error, TookTooLong) or state == CANCELLED or str(error) == "interrupted":
        told = f"the search took longer than {PATIENCE_MS // 1000} s"
        hint = "make its patterns simpler, or narrow it by state, project or created"
    elif state == INVALID_PATTERN:
        told = "the database cannot read that regular expression"
        hint = str(error).split("\n", maxsplit=1)[0]
    elif state == TOO_COMPLEX:
        told, hint = "the filter is too complex for the database", "leave some of it out"
    else:
        return None
    return QueryError(told, at=0, length=length, hint=hint)
