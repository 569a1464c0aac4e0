"""An exchange looks at what its worker runs and then renews it; what others end in between is heard in the answer."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from jobs import overtime, owning, requeuing
from jobs.models import Attempt, Job, Worker
from jobs.owning import OVERDUE_AFTER
from tests.jobs.factories import (
    LEASE,
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
from tests.jobs.test_claim_threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

Cross = Callable[[Callable[[], Any]], None]


@pytest.fixture
def cross(monkeypatch: pytest.MonkeyPatch) -> Cross:
    """Let something happen and be committed after the next exchange has looked, before it renews.

    On a connection of its own; SQLite would make it wait for the exchange, which holds the one write lock: there it
    happens in the same transaction, and can cross nothing outside of a test.
    """
    waiting: list[Callable[[], Any]] = []
    look = owning.running_on

    def looked(workers: list[Worker]) -> Any:
        found = look(workers)
        while waiting:
            deed = waiting.pop()
            if connection.vendor == "sqlite":
                deed()
            else:
                at_once([deed])
        return found

    monkeypatch.setattr(owning, "running_on", looked)
    return waiting.append


def heard(worker: Worker, job: Job, seconds: float) -> tuple[list[Any], list[Any]]:
    told = sync(worker, now=after(seconds), gpus=[], running=[(job.pk, 1)])
    return told.lost, told.cancel


def test_what_was_swept_and_given_to_another_worker_is_called_lost_at_once(cross: Cross) -> None:
    worker, other = make_worker("old"), make_worker("other")
    job = make_job()
    claim(worker)

    def swept_and_claimed() -> None:
        expire(now=after(61))
        claim(other, now=after(61))

    cross(swept_and_claimed)
    assert heard(worker, job, 61) == ([(job.pk, 1)], [])
    assert (fresh(job).attempt, fresh(job).worker) == (2, other)
    assert fresh(job).lease_expires_at == after(61 + LEASE)


def test_what_was_swept_and_waits_is_taken_back_and_runs_on(cross: Cross) -> None:
    worker, job = make_worker(), make_job()
    claim(worker)
    cross(partial(expire, now=after(61)))
    assert heard(worker, job, 61) == ([], [])
    assert (fresh(job).status, fresh(job).lease_expires_at) == ("running", after(61 + LEASE))
    assert kinds(job)[-2:] == ["requeued", "reinstated"]


def test_only_what_was_taken_away_is_judged_anew(cross: Cross) -> None:
    """The other job of the worker is renewed, and stays as it was."""
    worker, other = make_worker(gpus=2), make_worker("other")
    gone, stays = make_job(), make_job()
    sync(worker)
    Job.objects.filter(pk=stays.pk).update(lease_expires_at=after(90))

    def swept_and_claimed() -> None:
        expire(now=after(61))
        claim(other, now=after(61))

    cross(swept_and_claimed)
    told = sync(worker, now=after(61), gpus=[], running=[(gone.pk, 1), (stays.pk, 1)])
    assert (told.lost, told.cancel) == ([(gone.pk, 1)], [])
    assert fresh(stays).lease_expires_at == after(61 + LEASE)
    assert kinds(stays)[-1] == "claimed"


def test_what_a_person_requeued_is_stopped_at_once(cross: Cross) -> None:
    worker, job = make_worker(), make_job()
    claim(worker)
    cross(partial(requeuing.requeue, job.pk, actor="eve", now=after(40)))
    assert heard(worker, job, 40) == ([], [(job.pk, 1)])
    assert (fresh(job).status, fresh(job).lease_expires_at) == ("queued", None)


def test_what_was_over_its_time_limit_is_stopped_at_once(cross: Cross) -> None:
    worker, job = make_worker(), make_job(timeout_seconds=1, grace_seconds=0)
    claim(worker)
    late = OVERDUE_AFTER + 2
    cross(partial(overtime.end_overdue, now=after(late)))
    assert heard(worker, job, late) == ([], [(job.pk, 1)])
    assert fresh(job).status == "failed"


def test_an_end_that_its_agent_reported_meanwhile_is_neither_lost_nor_cancelled(
    cross: Cross,
) -> None:
    worker, job = make_worker(), make_job()
    attempt = claim(worker)
    cross(partial(finish, attempt, now=after(40)))
    assert heard(worker, job, 40) == ([], [])
    assert Attempt.objects.get().status == "succeeded"
