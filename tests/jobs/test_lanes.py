"""The head of the queue is read through its own index, whatever statistics the database has or lacks."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import lanes
from tests.jobs.factories import NOON, make_job

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_sqlite_neither_sorts_the_queue_nor_reads_it_by_status() -> None:
    for size in range(3):
        make_job(gpus=size)
    with CaptureQueriesContext(connection) as captured:
        lanes.heads(lanes.open_lanes(), most=5, now=NOON)

    asked = [each["sql"] for each in captured if "jobs_job" in each["sql"]]
    assert len(asked) == 2
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[3] for row in cursor.fetchall()]
        assert any("job_queue" in step for step in plan)
        assert not [step for step in plan if "TEMP B-TREE" in step or "job_by_status" in step]
