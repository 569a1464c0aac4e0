"""The table of moves, pair by pair: what it allows happens, and what it does not is refused."""

from datetime import datetime
from itertools import product
from typing import Any

import pytest
from django.db import transaction

from jobs.errors import IllegalMove, LeaseLost
from jobs.models import Attempt, Job
from jobs.moving import move, move_attempt
from jobs.states import ATTEMPT_MOVES, FINAL, MOVES, AttemptStatus, JobStatus
from tests.jobs.factories import claim, finish, fresh, kinds, make_job, make_worker

J, A = JobStatus, AttemptStatus

# Written out once more, by hand: a change of the table must be meant.
ALLOWED = {
    (J.WAITING, J.QUEUED),
    (J.WAITING, J.CANCELLED),
    (J.QUEUED, J.RUNNING),
    (J.QUEUED, J.CANCELLED),
    (J.RUNNING, J.QUEUED),
    (J.RUNNING, J.COMPLETED),
    (J.RUNNING, J.FAILED),
    (J.RUNNING, J.CANCELLED),
}
ATTEMPT_ALLOWED = {(A.RUNNING, each) for each in A if each != A.RUNNING} | {
    (A.LOST, A.RUNNING),
    (A.PREEMPTED, A.RUNNING),
}


def job_that_is(status: JobStatus, now: datetime) -> Job:
    """A row in that state, put there behind the domain's back."""
    job = make_job()
    running, final = status == J.RUNNING, status.is_final
    Job.objects.filter(pk=job.pk).update(
        status=status,
        attempt=1 if running else 0,
        lease_expires_at=now if running else None,
        finished_at=now if final else None,
    )
    return fresh(job)


def test_the_table_is_the_one_in_the_design() -> None:
    assert set(MOVES) == ALLOWED
    assert ATTEMPT_MOVES == ATTEMPT_ALLOWED


def test_nothing_leads_out_of_a_final_state() -> None:
    assert {J.COMPLETED, J.FAILED, J.CANCELLED} == FINAL
    assert not [pair for pair in MOVES if pair[0] in FINAL]


@pytest.mark.django_db
class TestJobs:
    @pytest.fixture(autouse=True)
    def history_agrees_with_state(self) -> None:
        """Not here: these rows were put into their states by force."""

    @pytest.mark.parametrize(("start", "to"), sorted(ALLOWED))
    def test_an_allowed_move_is_made_and_written_down(
        self, start: JobStatus, to: JobStatus, now: datetime
    ) -> None:
        job = job_that_is(start, now)
        changes: dict[str, Any] = {"lease_expires_at": now, "attempt": 1} if to == J.RUNNING else {}
        move(job, to, now=now, actor="ada", **changes)
        stored = fresh(job)
        assert stored.status == job.status == to
        assert (stored.lease_expires_at is not None) == (to == J.RUNNING)
        assert (stored.finished_at is not None) == to.is_final
        event = job.events.last()
        assert event is not None
        assert (event.kind, event.actor, event.at) == (MOVES[start, to], "ada", now)

    @pytest.mark.parametrize(("start", "to"), sorted(set(product(J, J)) - ALLOWED))
    def test_any_other_move_is_refused_and_changes_nothing(
        self, start: JobStatus, to: JobStatus, now: datetime
    ) -> None:
        job = job_that_is(start, now)
        with pytest.raises(IllegalMove, match=f"is {start} and cannot become {to}"):
            move(job, to, now=now, actor="ada")
        assert fresh(job).status == start
        assert kinds(job) == ["submitted"]

    @pytest.mark.parametrize("change", [{"status": J.CANCELLED}, {"attempt": 5}])
    def test_a_move_of_a_row_that_changed_underneath_is_refused(
        self, change: dict[str, Any], now: datetime
    ) -> None:
        stale = job_that_is(J.QUEUED, now)
        final = {"finished_at": now} if "status" in change else {}
        Job.objects.filter(pk=stale.pk).update(**change, **final)
        with pytest.raises(LeaseLost, match="overtaken"), transaction.atomic():
            move(stale, J.RUNNING, now=now, actor="x", attempt=1, lease_expires_at=now)
        assert kinds(stale) == ["submitted"]


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "to"), sorted(product(A, A)))
def test_attempts_move_as_their_table_says(
    start: AttemptStatus, to: AttemptStatus, now: datetime
) -> None:
    job = make_job()
    claimed = claim(make_worker())
    finish(claimed)
    ended = None if start == A.RUNNING else now
    Attempt.objects.filter(pk=claimed.pk).update(status=start, finished_at=ended)
    attempt = job.attempts.get()
    if (start, to) in ATTEMPT_ALLOWED:
        move_attempt(attempt, to, now=now)
        stored = job.attempts.get()
        assert stored.status == to
        assert (stored.finished_at is None) == (to == A.RUNNING)
    else:
        with pytest.raises(IllegalMove, match="cannot become"):
            move_attempt(attempt, to, now=now)
        assert job.attempts.get().status == start
    Attempt.objects.update(status=A.SUCCEEDED, finished_at=now)
