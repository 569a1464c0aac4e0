"""The clock that leases run by: the database's own, so that several servers with clocks of their own agree."""

from datetime import datetime
from typing import cast

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The time, aware. SQLite has no clock of its own: its file and its one server share this machine's."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        # Not now(): that is when the transaction began, and a claim may have waited for a lock since.
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
