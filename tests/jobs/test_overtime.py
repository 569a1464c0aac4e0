"""Time limits: where the agent does not enforce one, the server does, and tells the agent to kill."""

from typing import Any

import pytest

from jobs import leases, overtime
from jobs.finishing import Outcome
from jobs.models import Attempt, Job
from jobs.owning import OVERDUE_AFTER
from jobs.states import AttemptStatus, Reason
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
    statuses,
    sync,
)

pytestmark = pytest.mark.django_db

LIMIT, GRACE = 100, 20
END = LIMIT + GRACE + OVERDUE_AFTER


def overrun(**told: Any) -> tuple[Job, Attempt]:
    """A job whose agent renews its lease and never stops it."""
    job = make_job(timeout_seconds=LIMIT, grace_seconds=GRACE, **told)
    attempt = claim(make_worker())
    Job.objects.filter(pk=job.pk).update(lease_expires_at=after(10_000))
    return job, attempt


def keep(job: Job, seconds: float, number: int = 1) -> list[tuple[int, int]]:
    """The agent's next sync, with nothing free; what it is told to kill."""
    node = fresh(job).worker or make_worker(now=after(seconds))
    return sync(node, now=after(seconds), gpus=[], running=[(job.pk, number)]).cancel


def test_the_agent_has_its_limit_its_grace_and_the_servers_patience() -> None:
    job, _ = overrun()
    assert overtime.end_overdue(now=after(END)) == 0
    assert overtime.end_overdue(now=after(END + 1)) == 1
    stored = fresh(job)
    assert (stored.status, stored.reason) == ("failed", Reason.TIME_LIMIT)
    assert "time limit of 100 s" in stored.error_message


def test_a_job_without_a_limit_runs_for_ever() -> None:
    job = make_job()
    claim(make_worker())
    assert overtime.end_overdue(now=after(10**8)) == 0
    assert statuses([job]) == ["running"]


def test_the_agent_is_told_to_kill_it_until_it_says_that_it_knows() -> None:
    job, attempt = overrun()
    overtime.end_overdue(now=after(END + 1))
    worker = make_worker(now=after(END + 2))
    pair = (job.pk, 1)
    for second in (2, 3):
        assert sync(worker, now=after(END + second), gpus=[], running=[pair]).cancel == [pair]
    told = sync(worker, now=after(END + 4), gpus=[], running=[pair], cancelling=[pair])
    assert (told.cancel, told.lost) == ([], [])
    assert attempt.worker_id == worker.pk


@pytest.mark.parametrize("outcome", [Outcome.EXITED, Outcome.CANCELLED, Outcome.TIMED_OUT])
@pytest.mark.parametrize("retries", [0, 1])
def test_its_late_report_changes_nothing(outcome: Outcome, retries: int) -> None:
    job, attempt = overrun(retries=retries)
    overtime.end_overdue(now=after(END + 1))
    before = (kinds(job), statuses([job]))
    finish(attempt, outcome, now=after(END + 2))
    assert (kinds(job), statuses([job])) == before
    assert Attempt.objects.get().status == AttemptStatus.TIMED_OUT


def test_the_next_attempt_is_not_killed_with_the_old_one() -> None:
    job, _ = overrun(retries=1)
    overtime.end_overdue(now=after(END + 1))
    second = claim(make_worker("other", now=after(END + 9)), now=after(END + 9))
    assert (second.job_id, second.number) == (job.pk, 2)
    old = make_worker(now=after(END + 10))
    told = sync(old, now=after(END + 10), gpus=[], running=[(job.pk, 1)])
    assert told.cancel == [(job.pk, 1)]
    assert statuses([job]) == ["running"]


def test_a_wish_to_cancel_comes_first() -> None:
    job, _ = overrun(retries=3)
    cancel(job)
    overtime.end_overdue(now=after(END + 1))
    assert statuses([job]) == ["cancelled"]
    assert keep(job, END + 2) == [(job.pk, 1)]


def test_a_restart_gives_a_grace_here_too() -> None:
    """A job that ended while nobody could take its report is not called overdue."""
    job, attempt = overrun()
    leases.extend_all(grace=after(120) - after(0), now=after(END + 1))
    assert overtime.end_overdue(now=after(END + 2)) == 0
    finish(attempt, now=after(END + 3))
    assert statuses([job]) == ["completed"]


def test_each_attempt_has_the_whole_limit() -> None:
    job, attempt = overrun(retries=1)
    finish(attempt, exit_code=1, now=after(90))
    claim(make_worker(now=after(100)), now=after(100))
    assert fresh(job).overdue_at == after(100 + END)


def test_one_that_was_lost_and_came_back_keeps_its_limit() -> None:
    job, attempt = overrun()
    Job.objects.filter(pk=job.pk).update(lease_expires_at=after(60))
    expire(now=after(61))
    node = attempt.worker
    assert node is not None
    sync(node, now=after(62), gpus=[], running=[(job.pk, 1)])
    assert (statuses([job]), fresh(job).overdue_at) == (["running"], after(END))


def test_one_that_cannot_be_ended_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    jobs = [make_job(timeout_seconds=LIMIT, grace_seconds=GRACE) for _ in range(2)]
    sync(make_worker(gpus=2))
    Job.objects.update(lease_expires_at=after(10_000))
    jobs[0].attempts.all().delete()
    assert overtime.end_overdue(now=after(END + 1)) == 1
    assert statuses(jobs) == ["running", "failed"]
    assert f"job {jobs[0].pk}: its time limit" in caplog.text
    jobs[0].events.all().delete()
    jobs[0].delete()
