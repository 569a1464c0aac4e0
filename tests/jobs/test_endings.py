"""How often a job is tried again, how long it waits in between, and what it says when it is given up."""

import pytest

from jobs.finishing import Outcome
from jobs.models import Attempt, Job
from jobs.states import LOST_CAP, NEVER_STARTED_CAP, JobStatus, Reason
from tests.jobs.factories import after, claim, expire, finish, fresh, make_job, make_worker, sync

pytestmark = pytest.mark.django_db

LONG = 10_000  # seconds: later than any back-off


def wait_of(job: Job, since: float) -> float | None:
    """Seconds until the next attempt may begin."""
    not_before = fresh(job).not_before
    return None if not_before is None else (not_before - after(since)).total_seconds()


def test_a_job_that_loses_three_workers_is_given_up_and_says_so() -> None:
    job, worker = make_job(retries=7), make_worker()
    for number in range(1, LOST_CAP + 1):
        assert fresh(job).status == JobStatus.QUEUED
        assert claim(worker, now=after(number * 100)).number == number
        expire(now=after(number * 100 + 61))
    stored = fresh(job)
    assert (stored.status, stored.reason) == (JobStatus.FAILED, Reason.WORKER_LOST)
    assert "gave up: 3 workers were lost" in stored.error_message
    assert sync(worker, now=after(LONG)).jobs == []


def test_a_lost_worker_means_no_waiting() -> None:
    job = make_job()
    claim(make_worker())
    expire(now=after(61))
    assert wait_of(job, 61) is None


def test_a_command_that_never_starts_is_tried_five_times_with_growing_pauses() -> None:
    job, worker = make_job(), make_worker()
    waits = []
    for number in range(NEVER_STARTED_CAP):
        at = number * LONG
        finish(
            claim(worker, now=after(at)), Outcome.NEVER_STARTED, message="no python", now=after(at)
        )
        waits.append(wait_of(job, at))
    assert waits == [2, 4, 8, 16, None]
    stored = fresh(job)
    assert (stored.status, stored.reason) == (JobStatus.FAILED, Reason.NEVER_STARTED)
    assert stored.error_message == "gave up after 5 attempts; last: no python"


def test_a_failure_ends_a_job_without_retries() -> None:
    job = make_job()
    finish(claim(make_worker()), exit_code=3)
    stored = fresh(job)
    assert (stored.status, stored.reason, stored.exit_code) == ("failed", "exit_nonzero", 3)
    assert stored.error_message == "exit code 3"


def test_retries_are_as_many_as_were_asked_for() -> None:
    job, worker = make_job(retries=2), make_worker()
    for number, outcome in enumerate([Outcome.EXITED, Outcome.TIMED_OUT]):
        at = number * LONG
        finish(claim(worker, now=after(at)), outcome, exit_code=1, now=after(at))
        assert wait_of(job, at) == 2 * 2**number
        assert sync(worker, now=after(at + 1)).jobs == []
    finish(claim(worker, now=after(3 * LONG)), exit_code=9, now=after(3 * LONG))
    stored = fresh(job)
    assert stored.status == JobStatus.FAILED
    assert stored.error_message == "gave up after 3 attempts; last: exit code 9"


def test_a_retry_can_succeed() -> None:
    job, worker = make_job(retries=1), make_worker()
    finish(claim(worker), exit_code=1)
    finish(claim(worker, now=after(LONG)), now=after(LONG))
    stored = fresh(job)
    assert (stored.status, stored.reason, stored.exit_code) == ("completed", "ok", 0)
    assert stored.error_message == ""


def test_one_kind_of_end_does_not_use_up_the_patience_of_another() -> None:
    job, worker = make_job(retries=1), make_worker()
    ends = [Outcome.NEVER_STARTED, Outcome.LOST, Outcome.WORKER_SHUTDOWN, Outcome.LOST]
    for number, outcome in enumerate([*ends, Outcome.NEVER_STARTED]):
        finish(claim(worker, now=after(number * LONG)), outcome, now=after(number * LONG))
        assert fresh(job).status == JobStatus.QUEUED
    finish(claim(worker, now=after(9 * LONG)), exit_code=1, now=after(9 * LONG))
    assert fresh(job).status == JobStatus.QUEUED


def test_a_worker_that_shuts_down_hands_back_as_often_as_it_likes() -> None:
    job, worker = make_job(), make_worker()
    for number in range(8):
        finish(claim(worker, now=after(number)), Outcome.WORKER_SHUTDOWN, now=after(number))
        assert wait_of(job, number) is None
    assert fresh(job).status == JobStatus.QUEUED


def test_the_pause_never_grows_beyond_ten_minutes() -> None:
    """A hundred failures must not make a number that no clock can hold."""
    job, worker = make_job(retries=1000), make_worker()
    past = [
        Attempt(
            job=job,
            number=number,
            worker_name="node1",
            status="failed",
            reason="exit_nonzero",
            started_at=after(0),
            finished_at=after(0),
        )
        for number in range(1, 101)
    ]
    Attempt.objects.bulk_create(past)
    Job.objects.update(attempt=100)
    attempt = claim(worker)
    finish(attempt, exit_code=1)
    assert attempt.number == 101
    assert wait_of(job, 0) == 600


@pytest.mark.parametrize(
    ("outcome", "told", "status", "reason", "message"),
    [
        (Outcome.EXITED, {"exit_code": 0}, "completed", "ok", ""),
        (Outcome.EXITED, {"exit_code": 1}, "failed", "exit_nonzero", "exit code 1"),
        (Outcome.EXITED, {"signal": 9}, "failed", "signal", "killed by signal 9"),
        (Outcome.EXITED, {"exit_code": 1, "message": "CUDA"}, "failed", "exit_nonzero", "CUDA"),
        (Outcome.TIMED_OUT, {"signal": 15}, "failed", "time_limit", "killed by signal 15"),
        (Outcome.CANCELLED, {"signal": 15}, "cancelled", "cancelled_by", "killed by signal 15"),
    ],
)
def test_what_the_agent_saw_becomes_a_reason(
    outcome: Outcome, told: dict[str, object], status: str, reason: str, message: str
) -> None:
    job = make_job()
    finish(claim(make_worker()), outcome, **told)  # type: ignore[arg-type]
    stored = fresh(job)
    assert (stored.status, stored.reason, stored.error_message) == (status, reason, message)


class TestFinishIsIdempotent:
    def test_repeating_it_changes_nothing(self) -> None:
        job = make_job()
        attempt = claim(make_worker())
        finish(attempt, now=after(5))
        assert finish(attempt, exit_code=1, now=after(9)).status == JobStatus.COMPLETED
        stored = fresh(job)
        assert (stored.finished_at, stored.exit_code) == (after(5), 0)
        assert [event.kind for event in job.events.all()] == ["submitted", "claimed", "completed"]

    @pytest.mark.parametrize(
        "outcome", [Outcome.LOST, Outcome.WORKER_SHUTDOWN, Outcome.NEVER_STARTED]
    )
    def test_also_where_the_job_goes_back_into_the_queue(self, outcome: Outcome) -> None:
        job = make_job()
        attempt = claim(make_worker())
        finish(attempt, outcome)
        assert finish(attempt, outcome, now=after(5)).status == JobStatus.QUEUED
        assert [event.kind for event in job.events.all()] == ["submitted", "claimed", "requeued"]

    def test_also_where_the_job_was_given_up(self) -> None:
        make_job()
        worker = make_worker()
        for number in range(LOST_CAP):
            attempt = claim(worker, now=after(number))
            finish(attempt, Outcome.LOST, now=after(number))
        assert finish(attempt, Outcome.LOST, now=after(9)).status == JobStatus.FAILED
