"""A person takes a running job off its worker: it goes back into the queue, and two attempts never run at a time."""

import pytest

from jobs import requeuing
from jobs.errors import IllegalMove
from jobs.models import Attempt
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
    assert finish(attempt, now=after(45)).status == "queued"  # the late report changes nothing


@pytest.mark.parametrize(("grace", "soonest"), [(20, LEASE), (200, 240)])
def test_it_starts_no_sooner_than_the_old_attempt_is_surely_over(grace: int, soonest: int) -> None:
    worker = make_worker()
    job = make_job(grace_seconds=grace)
    claim(worker)
    requeuing.requeue(job.pk, actor="eve", now=after(40))

    assert sync(worker, now=after(soonest - 1)).jobs == []
    assert claim(worker, now=after(soonest + 1)).number == 2


def test_only_what_runs_and_was_not_told_to_stop_is_requeued() -> None:
    job = make_job()
    with pytest.raises(IllegalMove, match="only a running job"):
        requeuing.requeue(job.pk, actor="eve", now=after(0))
    claim(make_worker())
    cancel(job)
    with pytest.raises(IllegalMove, match="told to stop"):
        requeuing.requeue(job.pk, actor="eve", now=after(1))
    assert fresh(job).status == "running"
