"""A lost attempt whose agent returns: taken back where that harms nobody, with everything that belongs to it."""

from typing import Any

import pytest

from jobs import changing, workers
from jobs.models import Attempt, Quota
from tests.jobs.factories import (
    after,
    cancel,
    claim,
    expire,
    finish,
    fresh,
    kinds,
    make_array,
    make_job,
    make_worker,
    statuses,
    sync,
)

pytestmark = pytest.mark.django_db


def test_also_after_its_worker_was_deleted_and_registered_anew() -> None:
    """From then on its lease is renewed, its GPU is taken and a cancel reaches it."""
    job = make_job()
    claim(make_worker())
    expire(now=after(61))
    workers.delete("node1", actor="root", now=after(100))
    worker = make_worker(now=after(110))
    told: dict[str, Any] = {"gpus": [], "running": [(job.pk, 1)]}
    sync(worker, now=after(110), **told)
    assert statuses([job]) == ["running"]
    sync(worker, now=after(150), **told)
    assert fresh(job).lease_expires_at == after(210)
    make_job()
    assert sync(worker, now=after(151), running=[(job.pk, 1)]).jobs == []
    cancel(job)
    assert sync(worker, now=after(152), **told).cancel == [(job.pk, 1)]


def test_a_priority_given_meanwhile_does_not_kill_it() -> None:
    job, worker = make_job(), make_worker()
    claim(worker)
    expire(now=after(61))
    changing.set_priority(job.pk, 5, actor="ada", now=after(62))
    told = sync(worker, now=after(63), gpus=[], running=[(job.pk, 1)])
    assert (told.lost, statuses([job])) == ([], ["running"])


def test_a_job_that_was_held_meanwhile_does_not_run_on() -> None:
    job, worker = make_job(), make_worker()
    claim(worker)
    expire(now=after(61))
    changing.hold(job.pk, actor="ada", now=after(62))
    told = sync(worker, now=after(63), gpus=[], running=[(job.pk, 1)])
    assert (told.lost, statuses([job])) == ([(job.pk, 1)], ["queued"])


def test_but_its_end_is_taken_though_it_is_held() -> None:
    """The work is done; a hold keeps a job from starting, not from having ended."""
    job = make_job()
    attempt = claim(make_worker())
    expire(now=after(61))
    changing.hold(job.pk, actor="ada", now=after(62))
    with_end = finish(attempt, now=after(63))
    assert with_end.status == "completed"
    assert statuses([job]) == ["completed"]


def test_a_slot_that_was_given_away_is_not_taken_twice() -> None:
    job, worker = make_job(), make_worker(gpus=0)
    claim(worker)
    expire(now=after(61))
    make_job(priority=3)
    second = claim(worker, now=after(62))
    told = sync(worker, now=after(63), running=[(job.pk, 1), (second.job_id, 1)])
    assert told.lost == [(job.pk, 1)]
    assert [each.job_id for each in Attempt.objects.filter(status="running")] == [second.job_id]


def test_a_member_of_an_array_keeps_its_turn_while_it_is_lost() -> None:
    jobs, worker = make_array("0-1%1"), make_worker()
    claim(worker)
    expire(now=after(61))
    assert statuses(jobs) == ["queued", "waiting"]
    sync(worker, now=after(62), gpus=[], running=[(jobs[0].pk, 1)])
    assert statuses(jobs) == ["running", "waiting"]


def test_a_cancel_ends_what_was_given_in_an_answer_that_got_lost() -> None:
    """Nobody has started it: it is not given again, and its GPU serves the next one."""
    job, worker = make_job(), make_worker()
    sync(worker, claim_id="a")
    cancel(job)
    second = make_job()
    told = sync(worker, claim_id="a")
    assert [order.job.pk for order in told.jobs] == [second.pk]
    assert (statuses([job]), told.cancel) == (["cancelled"], [])
    assert kinds(job) == ["submitted", "claimed", "cancel_requested", "cancelled"]


def test_a_quota_bounds_starts_and_not_returns() -> None:
    Quota.objects.create(scope="user", name="ada", running_jobs=1)
    worker, other = make_worker(), make_worker("other")
    job = make_job()
    claim(worker)
    second = make_job(priority=5)
    expire(now=after(61))
    assert claim(other, now=after(62)).job_id == second.pk
    make_job()
    sync(worker, now=after(63), gpus=[], running=[(job.pk, 1)])
    assert sync(make_worker("third", now=after(63)), now=after(63)).jobs == []
