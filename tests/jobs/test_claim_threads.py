"""Many agents claim at the same moment: no job is handed out twice, none is left behind."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from jobs import in_flight, legacy
from jobs.claiming import Order
from jobs.models import Attempt, Job, Worker
from jobs.states import JobStatus
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    expire,
    fresh,
    kinds,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every call in a thread and a database connection of its own, all from the same moment on."""
    start = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(one, call) for call in calls]]


def given_to(worker: Worker) -> list[Order]:
    return sync(worker).jobs


def test_eight_agents_share_forty_jobs_without_a_quarrel() -> None:
    for number in range(40):
        make_job(gpus=None if number % 2 else 1, priority=number % 3)
    nodes = [make_worker(f"node{number}", gpus=1) for number in range(THREADS)]

    def drain(worker: Worker) -> list[tuple[int, int]]:
        mine, misses = [], 0
        while misses < 3:
            Attempt.objects.filter(worker=worker).update(gpus=[])  # the GPU is free at once
            orders = sync(worker).jobs
            misses += not orders
            mine += [(order.job.pk, order.attempt.number) for order in orders]
        return mine

    given = [
        pair for mine in at_once([partial(drain, worker) for worker in nodes]) for pair in mine
    ]
    assert Counter(given).most_common(1)[0][1] == 1
    assert sorted(given) == [
        (job_id, 1) for job_id in sorted(Job.objects.values_list("pk", flat=True))
    ]
    assert Job.objects.filter(status=JobStatus.RUNNING).count() == 40


def test_one_job_and_eight_agents_make_one_owner() -> None:
    for _ in range(5):
        job = make_job()
        nodes = [make_worker(f"node{number}") for number in range(THREADS)]
        orders = at_once([partial(given_to, worker) for worker in nodes])
        assert sum(len(each) for each in orders) == 1
        assert fresh(job).attempt == 1
        Attempt.objects.all().delete()
        job.events.all().delete()
        Job.objects.all().delete()


def test_one_agent_that_asks_many_times_at_once_gets_its_gpu_once() -> None:
    """Retries that overtake each other, in both dialects."""
    for _ in range(THREADS):
        make_job()
    worker = make_worker(gpus=1)
    half = THREADS // 2
    calls: list[Callable[[], Any]] = [lambda: sync(worker, claim_id="a").jobs] * half
    calls += [lambda: legacy.claim("node1-gpu0", None, lease_seconds=60, now=NOON)] * half
    at_once(calls)
    assert Attempt.objects.count() == 1


def test_looks_of_one_held_request_that_overlap_give_its_gpu_once() -> None:
    for _ in range(THREADS):
        make_job()
    worker = make_worker(gpus=1)
    serial = sync(worker, gpus=[]).serial
    at_once([partial(sync, worker, serial=serial)] * THREADS)
    assert Attempt.objects.count() == 1


def test_cancel_and_claim_at_once_never_leave_a_cancelled_job_running() -> None:
    for _ in range(6):
        job = make_job()
        worker = make_worker()
        _, orders = at_once([partial(cancel, job), partial(given_to, worker)])
        stored = fresh(job)
        assert stored.cancel_requested
        assert stored.status == (JobStatus.RUNNING if orders else JobStatus.CANCELLED)
        assert not sync(make_worker("other")).jobs
        Attempt.objects.all().delete()
        job.events.all().delete()
        Job.objects.all().delete()


def test_two_sweepers_at_once_rescue_each_job_once() -> None:
    jobs = [make_job() for _ in range(6)]
    sync(make_worker(gpus=6))
    rescued = at_once([lambda: expire(now=after(61))] * 3)
    assert sum(rescued) == 6
    assert [kinds(job) for job in jobs] == [["submitted", "claimed", "requeued"]] * 6


def test_what_another_transaction_is_about_to_take_is_passed_over_at_once() -> None:
    """Or two full transactions of one process would choose the same jobs, and one of them all of them in vain."""
    first, second = make_job(), make_job()
    chosen, over = threading.Event(), threading.Event()

    def choose() -> None:
        with in_flight.choosing():
            in_flight.choose([first.pk])
            chosen.set()
            over.wait(10)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(choose)
        assert chosen.wait(10)
        assert [order.job.pk for order in given_to(make_worker("node1"))] == [second.pk]
        over.set()
        other.result()
    assert [order.job.pk for order in given_to(make_worker("node2"))] == [first.pk]
