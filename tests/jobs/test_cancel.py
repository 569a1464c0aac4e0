"""Cancel wins every race: against a claim, an expiry, a finish, a retry."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import cancelling
from jobs.errors import IllegalMove, LeaseLost, NotFound
from jobs.finishing import Outcome
from jobs.models import Job
from jobs.states import AttemptStatus, JobStatus, Reason
from tests.jobs.factories import (
    after,
    cancel,
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


def test_a_queued_job_ends_at_once(now: datetime) -> None:
    job = make_job()
    assert cancel(job, actor="grace") == "queued"
    stored = fresh(job)
    assert (stored.status, stored.reason) == (JobStatus.CANCELLED, Reason.CANCELLED_BY)
    assert stored.error_message == "cancelled by grace"
    assert (stored.finished_at, stored.run.finished_at) == (now, now)
    assert sync(make_worker()).jobs == []


def test_a_running_job_gets_a_wish_and_keeps_its_lease() -> None:
    job = make_job()
    claim(make_worker())
    assert cancel(job) == "running"
    stored = fresh(job)
    assert stored.status == JobStatus.RUNNING
    assert stored.cancel_requested
    assert stored.lease_expires_at == after(60)
    assert kinds(job)[-1] == "cancel_requested"


def test_asking_twice_is_asking_once() -> None:
    job = make_job()
    claim(make_worker())
    cancel(job, actor="ada")
    assert cancel(job, actor="grace", now=after(5)) == "running"
    assert fresh(job).cancel_requested_by == "ada"
    assert kinds(job).count("cancel_requested") == 1


def test_a_job_that_ended_cannot_be_cancelled() -> None:
    job = make_job()
    finish(claim(make_worker()))
    with pytest.raises(IllegalMove, match="is completed"):
        cancel(job)
    assert not fresh(job).cancel_requested


def test_a_job_that_is_not_there_cannot_be_cancelled(now: datetime) -> None:
    with pytest.raises(NotFound):
        cancelling.cancel(404, actor="ada", now=now)


class TestRaces:
    def test_cancel_then_expiry_ends_the_job(self) -> None:
        job = make_job()
        attempt = claim(make_worker())
        cancel(job, actor="ada")
        expire(now=after(61))
        stored = fresh(job)
        assert (stored.status, stored.reason) == (JobStatus.CANCELLED, Reason.CANCELLED_BY)
        attempt.refresh_from_db()
        assert attempt.status == AttemptStatus.CANCELLED
        assert sync(make_worker("node2"), now=after(62)).jobs == []

    @pytest.mark.parametrize("outcome", list(Outcome))
    def test_cancel_then_any_end_is_cancelled(self, outcome: Outcome) -> None:
        job = make_job(retries=5)
        attempt = claim(make_worker())
        cancel(job)
        assert finish(attempt, outcome).status == JobStatus.CANCELLED
        assert fresh(job).status == JobStatus.CANCELLED

    def test_the_exit_code_is_kept(self) -> None:
        job = make_job()
        attempt = claim(make_worker())
        cancel(job)
        finish(attempt, exit_code=0)
        assert (fresh(job).status, fresh(job).exit_code) == ("cancelled", 0)

    def test_expiry_then_cancel_then_the_agent_returns(self) -> None:
        job, worker = make_job(), make_worker()
        attempt = claim(worker)
        expire(now=after(61))
        cancel(job, now=after(62))
        assert sync(worker, running=[(job.pk, 1)], now=after(63)).lost == [(job.pk, 1)]
        with pytest.raises(LeaseLost, match="the job is cancelled"):
            finish(attempt, now=after(64))
        assert fresh(job).status == JobStatus.CANCELLED

    def test_a_retry_is_not_started_once_cancelled(self) -> None:
        job, worker = make_job(retries=3), make_worker()
        finish(claim(worker), exit_code=1)
        cancel(job)
        assert sync(worker, now=after(10_000)).jobs == []

    def test_a_finish_after_the_sweep_cancelled_it_is_answered_and_changes_nothing(self) -> None:
        job = make_job()
        attempt = claim(make_worker())
        cancel(job)
        expire(now=after(61))
        assert finish(attempt, now=after(70)).status == JobStatus.CANCELLED
        assert fresh(job).finished_at == after(61)


def test_everything_that_waits_is_cancelled_at_once_and_nothing_that_runs() -> None:
    running = make_job(priority=1)
    claim(make_worker())
    waiting = [make_job(), make_job()]
    ids = cancelling.cancel_queued(actor="ada", now=after(1))
    assert ids == [job.pk for job in waiting]
    assert {fresh(job).status for job in waiting} == {"cancelled"}
    assert (fresh(running).status, fresh(running).cancel_requested) == ("running", False)


@pytest.mark.parametrize("count", [2, 40])
def test_any_number_of_running_jobs_is_asked_in_the_same_few_statements(count: int) -> None:
    jobs = [make_job() for _ in range(count)]
    workers = [make_worker(f"node{number}") for number in range(count)]
    for worker in workers:
        claim(worker)
    cancel(jobs[0], actor="grace")
    with CaptureQueriesContext(connection) as queries:
        ended, asked = cancelling.cancel_all(Job.objects.all(), actor="ada", now=after(1))
    assert (ended, asked) == ([], [job.pk for job in jobs])
    assert [fresh(job).cancel_requested_by for job in jobs] == ["grace"] + ["ada"] * (count - 1)
    assert all(kinds(job).count("cancel_requested") == 1 for job in jobs)
    assert all(sync(worker, now=after(2)).cancel for worker in workers)
    assert len(queries) <= 12, [each["sql"] for each in queries]
