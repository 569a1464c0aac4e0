"""How long a search may keep the database busy."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DataError, OperationalError, connection, transaction

from runs.errors import QueryError

PATIENCE_MS = 10_000


@contextmanager
def bounded(text: str) -> Iterator[None]:
    """What reads the runs of a filter, in a transaction on PostgreSQL. Raises QueryError where it takes far too long.

    SQLite needs none: its only part that somebody else wrote is RE2, whose time grows with the text alone.
    """
    if connection.vendor != "postgresql" or not text:
        yield
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":
            raise
        raise QueryError(
            f"the search took longer than {PATIENCE_MS // 1000} s",
            at=0,
            length=len(text),
            hint="make its patterns simpler, or narrow it by state, project or created",
        ) from error
    except DataError as error:
        raise QueryError(
            "the database cannot compare that",
            at=0,
            length=len(text),
            hint=str(error).split("\n")[0],
        ) from error
