"""The numbers of jobs, which are never given twice: a run's folder has its job's number for a name."""

from django.db import connection, transaction

from jobs.models import Job


@transaction.atomic
def begin_after(number: int) -> None:
    """No job gets this number or a smaller one any more. Never takes numbers back."""
    table, column = Job._meta.db_table, Job._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
            sequence = cursor.fetchone()[0]
            cursor.execute(f"SELECT last_value FROM {sequence}")  # noqa: S608  (PostgreSQL's own name for it)
            if cursor.fetchone()[0] < number:
                cursor.execute("SELECT setval(%s, %s)", [sequence, number])
            return
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number]
            )
        elif found[0] < number:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [number, table])
