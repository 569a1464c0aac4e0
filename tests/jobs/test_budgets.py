"""What a request may cost in queries, whatever the number of rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import legacy
from jobs.models import Job, Worker
from tests.jobs.factories import NOON, gpu, make_job, make_worker, sync
from tests.site.asking import owner

pytestmark = pytest.mark.django_db


def cost(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        call()
    return len(queries)


def crowd(rows: int) -> Worker:
    """`rows` nodes with a running job each, as many that wait, and one node more."""
    for number in range(rows):
        make_job(tags=["t"], config={"n": number})
        sync(make_worker(f"busy{rows}-{number}"))
        make_job(gpus=2, priority=-1)
    return make_worker("idle", gpus=1)


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("/api/v1/jobs?limit=500", 1),
        ("/api/v1/jobs?tag=t&status=running&limit=500", 1),
        ("/api/v1/runs?limit=500", 1),
        ("/api/v1/jobs?array=A1&user=ada&worker=busy1-0", 1),
        ("/api/v1/jobs/{newest}", 3),
        ("/api/v1/jobs/{newest}/events", 2),
        ("/api/v1/workers", 2),
        ("/api/v1/workers/idle", 2),
        ("/api/v1/status", 3),
    ],
)
def test_a_list_costs_the_same_for_one_row_and_for_thirty(path: str, budget: int) -> None:
    client = owner()
    for rows in (1, 29):
        crowd(rows)
        address = path.format(newest=Job.objects.latest("pk").pk)
        answers: list[Any] = []
        assert cost(lambda: answers.append(client.get(address))) <= budget  # noqa: B023
        assert answers[0].status_code == 200


def test_a_claim_costs_the_same_for_one_waiting_job_and_for_thirty() -> None:
    costs = []
    for rows in (1, 30):
        for _ in range(rows):
            make_job()
        worker = make_worker(f"node{rows}")
        costs.append(cost(lambda: sync(worker)))  # noqa: B023
    assert (
        costs[1] <= costs[0] <= 16
    )  # the first one also learns the need, which is then remembered


def test_a_sync_without_news_costs_the_same_with_one_running_job_and_with_thirty() -> None:
    costs = []
    for rows in (1, 30):
        for _ in range(rows):
            make_job()
        worker = make_worker(f"node{rows}", gpus=[gpu(index) for index in range(rows)])
        held = [(order.job.pk, 1) for order in sync(worker).jobs]
        assert len(held) == rows
        costs.append(cost(lambda: sync(worker, running=held, gpus=[])))  # noqa: B023
    assert costs[0] == costs[1]
    assert costs[0] <= 8  # two of them begin and end the transaction


def test_an_old_worker_that_finds_nothing_costs_little() -> None:
    make_worker()
    assert cost(lambda: legacy.claim("node1", None, lease_seconds=60, now=NOON)) <= 8
