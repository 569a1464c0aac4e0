"""Which job comes first: priority, then age; and who is given none at all."""

from datetime import datetime

import pytest

from jobs import workers
from jobs.claiming import Order
from jobs.models import Job
from jobs.states import JobStatus
from tests.jobs.factories import (
    after,
    cancel,
    claim,
    expire,
    finish,
    fresh,
    gpu,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


def numbers(orders: list[Order]) -> list[int]:
    return [order.job.pk for order in orders]


def test_priority_comes_before_age() -> None:
    old, urgent, older_urgent = make_job(), make_job(priority=5), make_job(priority=5)
    late = make_job(priority=-1)
    expected = [urgent.pk, older_urgent.pk, old.pk, late.pk]
    assert numbers(sync(make_worker(gpus=4)).jobs) == expected


def test_the_order_holds_across_different_needs() -> None:
    """The queue is looked at once per kind of need: the best of all heads must win, not the first kind's."""
    any_gpu, big = make_job(), make_job(min_memory_mb=30_000, priority=1)
    tagged, oldest_kind = make_job(require_tags=["fast"], priority=2), make_job()
    worker = make_worker(gpus=1, tags=["fast"])
    given = []
    for _ in range(4):
        attempt = claim(worker)
        given.append(attempt.job_id)
        finish(attempt)
    assert given == [tagged.pk, big.pk, any_gpu.pk, oldest_kind.pk]


def test_a_job_that_does_not_fit_stops_nobody_behind_it() -> None:
    make_job(gpus=8, priority=9)
    small = make_job()
    assert claim(make_worker(gpus=2)).job_id == small.pk


def test_a_requeued_job_keeps_its_place_by_age(now: datetime) -> None:
    first, second = make_job(), make_job()
    worker = make_worker()
    attempt = claim(worker)
    assert attempt.job_id == first.pk
    expire(now=after(61))
    assert claim(worker, now=after(62), running=[]).job_id == first.pk
    assert fresh(second).status == JobStatus.QUEUED


def test_a_job_waits_for_its_back_off() -> None:
    job = make_job()
    Job.objects.update(not_before=after(10))
    worker = make_worker()
    assert sync(worker, now=after(9.9)).jobs == []
    assert claim(worker, now=after(10)).job_id == job.pk
    assert fresh(job).not_before is None


def test_a_cancelled_job_is_not_given_away() -> None:
    cancel(make_job())
    assert sync(make_worker()).jobs == []


def test_a_worker_that_drains_is_disabled_or_stops_is_given_nothing() -> None:
    make_job()
    worker = make_worker()
    assert sync(worker, accepting=False).jobs == []
    workers.set_draining("node1", True, actor="ada", now=after(0))
    orders = sync(worker)
    assert (orders.jobs, orders.flags) == ([], (True, False))
    workers.set_draining("node1", False, actor="ada", now=after(0))
    workers.set_disabled("node1", True, actor="ada", now=after(0))
    orders = sync(worker)
    assert (orders.jobs, orders.flags) == ([], (False, True))
    workers.set_disabled("node1", False, actor="ada", now=after(0))
    assert len(sync(worker).jobs) == 1


def test_a_claim_says_all_that_the_agent_needs() -> None:
    job = make_job(
        command_argv=["echo", "ä"], env={"K": "V"}, config={"lr": 0.1}, timeout_seconds=7, gpus=2
    )
    worker = make_worker(gpus=[gpu(0), gpu(3)])
    (order,) = sync(worker).as_json()["jobs"]
    token = order.pop("run_token")
    assert token.startswith("wr_")
    assert order == {
        "job_id": job.pk,
        "attempt": 1,
        "run_id": f"job-{job.pk}",
        "name": "",
        "command_argv": ["echo", "ä"],
        "workdir": "/work",
        "env": {"K": "V"},
        "config": {"lr": 0.1},
        "gpus": [0, 3],
        "gpu_uuids": ["GPU-0", "GPU-3"],
        "timeout_seconds": 7,
        "grace_seconds": 30,
        "stop_signal": "SIGTERM",
        "exclusive": False,
    }


def test_a_claim_writes_down_lease_attempt_and_run(now: datetime) -> None:
    job = make_job()
    attempt = claim(make_worker(), claim_id="abc", lease_seconds=90)
    stored = fresh(job)
    assert stored.lease_expires_at == after(90)
    assert (stored.attempt, stored.started_at, stored.lease_seconds) == (1, now, 90)
    assert (attempt.worker_name, attempt.claim_id, attempt.gpus) == ("node1", "abc", [0])
    run = stored.run
    assert (run.attempt, run.hostname, run.started_at) == (1, "node1.example", now)
