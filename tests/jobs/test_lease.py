"""A lease is renewed by who works, and taken from who fell silent; then a newer attempt shuts the older one out."""

from datetime import datetime, timedelta

import pytest

from jobs.errors import LeaseLost
from jobs.finishing import Outcome
from jobs.models import Attempt
from jobs.states import AttemptStatus, JobStatus, Reason
from tests.jobs.factories import (
    after,
    claim,
    expire,
    finish,
    fresh,
    kinds,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


def test_a_sync_renews_what_it_names() -> None:
    job, worker = make_job(), make_worker()
    claim(worker)
    sync(worker, running=[(job.pk, 1)], now=after(20), lease_seconds=90)
    stored = fresh(job)
    assert (stored.lease_expires_at, stored.lease_seconds) == (after(110), 90)


def test_a_sync_does_not_renew_what_it_does_not_name() -> None:
    job, worker = make_job(), make_worker()
    claim(worker)
    sync(worker, now=after(20))
    assert fresh(job).lease_expires_at == after(60)


def test_a_worker_does_not_renew_for_another() -> None:
    job = make_job()
    claim(make_worker())
    sync(make_worker("node2"), running=[(job.pk, 1)], now=after(20))
    assert fresh(job).lease_expires_at == after(60)


@pytest.mark.parametrize(("seconds", "rescued"), [(59.9, 0), (60, 0), (60.1, 1)])
def test_a_lease_ends_when_it_said_it_would(seconds: float, rescued: int) -> None:
    make_job()
    claim(make_worker())
    assert expire(now=after(seconds)) == rescued


def test_an_expired_lease_sends_the_job_back_for_another_attempt() -> None:
    job = make_job()
    first = claim(make_worker())
    assert expire(now=after(61)) == 1
    assert expire(now=after(61)) == 0
    waiting = fresh(job)
    assert (waiting.status, waiting.worker, waiting.lease_expires_at) == ("queued", None, None)
    assert waiting.finished_at is None
    first.refresh_from_db()
    assert (first.status, first.reason) == (AttemptStatus.LOST, Reason.WORKER_LOST)
    assert "node1 was not heard of for 60 s" in first.error_message
    second = claim(make_worker("node2"), now=after(62))
    assert (second.job_id, second.number) == (job.pk, 2)
    assert kinds(job) == ["submitted", "claimed", "requeued", "claimed"]


class TestComingBack:
    def test_a_worker_that_returns_before_anybody_else_goes_on(self) -> None:
        job, worker = make_job(), make_worker()
        attempt = claim(worker)
        expire(now=after(61))
        orders = sync(worker, running=[(job.pk, 1)], gpus=[], now=after(70))
        assert orders.lost == []
        stored = fresh(job)
        assert (stored.status, stored.attempt) == ("running", 1)
        assert stored.lease_expires_at == after(130)
        attempt.refresh_from_db()
        assert (attempt.status, attempt.reason, attempt.finished_at) == ("running", "", None)
        assert kinds(job)[-1] == "reinstated"

    def test_its_gpu_is_not_given_away_in_the_same_breath(self) -> None:
        job, worker = make_job(), make_worker()
        make_job()
        claim(worker)
        expire(now=after(61))
        assert sync(worker, running=[(job.pk, 1)], gpus=[0], now=after(62)).jobs == []

    def test_what_the_agent_itself_called_lost_does_not_come_back(self) -> None:
        """A restarted agent sweeps what its predecessor left, and says so while a held sync still names it."""
        job, worker = make_job(), make_worker()
        attempt = claim(worker)
        finish(attempt, Outcome.LOST)
        assert fresh(job).status == "queued"
        again = sync(worker, running=[(job.pk, 1)], gpus=[], now=after(1))
        assert again.lost == [(job.pk, 1)]
        assert fresh(job).status == "queued"


class TestALateFinish:
    def test_it_counts_while_nobody_else_has_the_job(self) -> None:
        job = make_job()
        attempt = claim(make_worker())
        expire(now=after(61))
        assert finish(attempt, now=after(3600)).status == JobStatus.COMPLETED
        assert fresh(job).finished_at == after(3600)
        assert kinds(job)[-2:] == ["reinstated", "completed"]

    def test_it_is_refused_after_a_newer_claim(self) -> None:
        job = make_job()
        first = claim(make_worker())
        expire(now=after(61))
        second = claim(make_worker("node2"), now=after(62))
        with pytest.raises(LeaseLost, match="superseded by attempt 2"):
            finish(first, now=after(63))
        assert fresh(job).status == "running"
        assert fresh(job).attempt == second.number
        assert kinds(job) == ["submitted", "claimed", "requeued", "claimed"]

    def test_it_is_refused_after_the_newer_attempt_ended_too(self) -> None:
        job = make_job()
        first = claim(make_worker())
        expire(now=after(61))
        finish(claim(make_worker("node2"), now=after(62)), exit_code=1, now=after(63))
        with pytest.raises(LeaseLost):
            finish(first, now=after(64))
        assert fresh(job).status == "failed"

    def test_it_is_refused_from_a_worker_that_never_had_the_attempt(self) -> None:
        attempt = claim_of_a_new_job()
        with pytest.raises(LeaseLost, match="belongs to worker node1"):
            finish(attempt, worker_id="node2")
        assert fresh(attempt.job).status == "running"

    def test_it_is_refused_once_the_job_was_given_up(self) -> None:
        job, worker = make_job(), make_worker()
        for number in range(3):
            attempt = claim(worker, now=after(100 * number), claim_id=str(number))
            expire(now=after(100 * number + 61))
        assert fresh(job).status == "failed"
        with pytest.raises(LeaseLost, match="the job is failed"):
            finish(attempt, now=after(400))


def claim_of_a_new_job() -> Attempt:
    make_job()
    return claim(make_worker())


def test_a_run_of_three_attempts_keeps_its_first_start(now: datetime) -> None:
    job, worker = make_job(), make_worker()
    claim(worker)
    expire(now=after(61))
    claim(worker, now=after(62), claim_id="b")
    stored = fresh(job)
    assert stored.started_at == now
    assert stored.run.started_at == now
    assert stored.run.attempt == 2
    assert stored.queued_at == now + timedelta(seconds=61)
