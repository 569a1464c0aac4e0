"""A person takes a running job off its worker: it goes back into the queue, and two attempts never run at a time."""

from typing import Any

import pytest

from jobs import changing, requeuing, workers
from jobs.errors import IllegalMove, LeaseLost
from jobs.finishing import Outcome
from jobs.models import Attempt, Job, Usage
from jobs.states import AttemptStatus, Reason
from tests.jobs.factories import (
    LEASE,
    after,
    cancel,
    claim,
    finish,
    fresh,
    kinds,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


def test_it_is_queued_again_and_its_agent_told_to_stop_it_with_grace() -> None:
    worker = make_worker()
    job = make_job(grace_seconds=20)
    attempt = claim(worker)

    requeuing.requeue(job.pk, actor="eve", now=after(40))

    again = fresh(job)
    assert (again.status, again.attempt, again.lease_expires_at) == ("queued", 1, None)
    assert kinds(job)[-1] == "requeued"
    ended = Attempt.objects.get()
    assert (ended.status, ended.reason) == (AttemptStatus.PREEMPTED, Reason.PREEMPTED)
    assert ended.error_message == "requeued by eve"
    told = sync(worker, now=after(41), gpus=[], running=[(job.pk, 1)])
    assert (told.cancel, told.lost) == ([(job.pk, 1)], [])
    assert finish(attempt, Outcome.CANCELLED, now=after(45)).status == "queued"


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize(("requeued", "heard", "grace"), [(5, 38, 60), (5, 64, 0), (50, 51, 200)])
def test_nobody_has_it_while_the_old_process_may_live(
    requeued: int, heard: int, grace: int, exclusive: bool
) -> None:
    """The grace begins when the agent hears, and that answer renews what it believes to be its lease."""
    old, other = make_worker("old"), make_worker("other")
    job = make_job(grace_seconds=grace, exclusive=exclusive)
    claim(old)
    workers.set_draining("old", True, actor="eve", now=after(1))  # then no other waits for it
    requeuing.requeue(job.pk, actor="eve", now=after(requeued))
    told = sync(old, now=after(heard), running=[(job.pk, 1)])
    assert told.cancel == [(job.pk, 1)]

    killed = heard + grace
    assert sync(other, now=after(killed)).jobs == []
    assert sync(other, now=after(killed + 1)).jobs == []
    assert claim(other, now=after(requeued + LEASE + grace + 10)).number == 2


def requeued(*, at: float = 40, **wish: Any) -> tuple[Job, Attempt]:
    """A job that was taken off its worker, which has not heard of it yet."""
    job = make_job(**wish)
    attempt = claim(make_worker())
    requeuing.requeue(job.pk, actor="eve", now=after(at))
    return job, attempt


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.CANCELLED, {}),
        (Outcome.EXITED, {"exit_code": 1}),
        (Outcome.EXITED, {"exit_code": 85}),
        (Outcome.EXITED, {"signal": 15}),
        (Outcome.LOST, {}),
        (Outcome.NEVER_STARTED, {}),
    ],
)
def test_as_soon_as_its_agent_says_that_it_is_over_it_may_start_again(
    outcome: Outcome, told: dict[str, Any]
) -> None:
    job, attempt = requeued(grace_seconds=200)
    assert finish(attempt, outcome, now=after(50), **told).status == "queued"
    again = fresh(job)
    assert again.not_before == after(50)
    assert again.prefers_until == after(50 + 60)

    assert finish(attempt, outcome, now=after(55), **told).status == "queued"  # told before
    assert fresh(job).not_before == after(50)
    assert claim(make_worker(), now=after(56)).number == 2


def test_nobody_else_can_say_that_it_is_over() -> None:
    job, attempt = requeued()
    before = fresh(job).not_before
    with pytest.raises(LeaseLost, match="belongs to worker node1"):
        finish(attempt, Outcome.CANCELLED, worker_id="stranger", now=after(50))
    assert fresh(job).not_before == before


def test_a_back_off_stays() -> None:
    job, attempt = requeued(at=5)
    finish(attempt, Outcome.CANCELLED, now=after(6))
    assert fresh(job).not_before == after(7)


@pytest.mark.parametrize("held", [False, True])
def test_what_had_succeeded_before_its_agent_heard_is_not_done_again(held: bool) -> None:
    job, attempt = requeued()
    follower = make_job(after=[(job.pk, "ok")])
    if held:
        changing.hold(job.pk, actor="eve", now=after(41))

    for moment in (50, 51):
        done = finish(attempt, now=after(moment))
        assert (done.status, done.exit_code, done.finished_at) == ("completed", 0, after(50))
    assert kinds(job)[-3 - held :] == [
        *("requeued", *(["held"] if held else [])),
        *("reinstated", "completed"),
    ]
    row = Attempt.objects.get()
    assert (row.status, row.reason, row.overruled) == ("succeeded", "ok", False)
    assert fresh(follower).status == "queued"
    (used,) = Usage.objects.values_list("gpu_seconds", flat=True)
    assert used == pytest.approx(50, abs=0.1)  # not the first forty seconds twice
    told = sync(make_worker(), now=after(52), gpus=[], running=[(job.pk, 1)])
    assert (told.cancel, told.lost) == ([], [])


def test_a_success_comes_too_late_after_a_newer_attempt_and_after_a_cancel() -> None:
    job, attempt = requeued()
    second = claim(make_worker(), now=after(400))
    with pytest.raises(LeaseLost, match="superseded by attempt 2"):
        finish(attempt, now=after(401))
    assert fresh(job).status == "running"
    finish(second, now=after(402))

    job, attempt = requeued()
    cancel(job, now=after(41))
    assert finish(attempt, now=after(50)).status == "cancelled"
    assert fresh(job).finished_at == after(41)


def test_only_what_runs_and_was_not_told_to_stop_is_requeued() -> None:
    job = make_job()
    with pytest.raises(IllegalMove, match="only a running job"):
        requeuing.requeue(job.pk, actor="eve", now=after(0))
    claim(make_worker())
    cancel(job)
    with pytest.raises(IllegalMove, match="told to stop"):
        requeuing.requeue(job.pk, actor="eve", now=after(1))
    assert fresh(job).status == "running"
