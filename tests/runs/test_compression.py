"""How PostgreSQL keeps points: its own compression would cost more than all else that it does with them."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

COLUMNS = """
SELECT attcompression FROM pg_attribute
WHERE (attrelid, attname) IN (
    ('runs_chunk'::regclass, 'steps'), ('runs_chunk'::regclass, 'values'),
    ('runs_chunk'::regclass, 'times'), ('runs_overview'::regclass, 'data'))
"""
migration = import_module("runs.migrations.0011_compression")


@pytest.mark.django_db
def test_points_are_compressed_quickly_or_as_the_server_can(
    django_assert_num_queries: Any,
) -> None:
    if connection.vendor != "postgresql":
        with django_assert_num_queries(0):
            migration.compress(apps, connection.schema_editor())
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
        has_lz4 = "lz4" in cursor.fetchone()[0]
        cursor.execute(COLUMNS)
        assert {row[0] for row in cursor.fetchall()} == ({"l"} if has_lz4 else {""})
