"""Which of the agents that wait are woken for what is queued: as many as can serve it, and the right ones."""

import pytest

from jobs import calling
from jobs.calling import Waiting
from jobs.models import Quota
from tests.jobs.factories import NOON, after, cancel, claim, finish, gpu, make_job, make_worker

pytestmark = pytest.mark.django_db


def waits(
    name: str, gpus: int = 1, *, free: int | None = None, in_vain: set[int] | None = None
) -> Waiting:
    worker = make_worker(name, gpus=gpus)
    slots = 0 if gpus else worker.slots
    return Waiting(
        worker, list(range(gpus if free is None else free)), slots, frozenset(in_vain or ())
    )


def test_nobody_is_woken_for_nothing() -> None:
    assert calling.who([waits("a"), waits("b")], now=NOON) == {}
    assert calling.who([], now=NOON) == {}


def test_one_job_wakes_one_agent() -> None:
    job = make_job()
    assert calling.who([waits(name) for name in "abc"], now=NOON) == {0: {job.pk}}


def test_a_job_whose_checkpoints_are_on_a_node_wakes_that_one_alone() -> None:
    job = make_job()
    finish(claim(make_worker("b")), exit_code=85, now=after(40))
    later = after(50)  # when its first pause, had it one, is long over
    assert calling.who([waits(name) for name in "abc"], now=later) == {1: {job.pk}}
    assert calling.who([waits(name) for name in "ac"], now=later) == {}
    assert calling.who([waits(name) for name in "ac"], now=after(101)) == {0: {job.pk}}


def test_two_jobs_wake_two_agents_of_one_gpu_or_one_of_two() -> None:
    jobs = {make_job().pk, make_job().pk}
    found = calling.who([waits(name) for name in "abc"], now=NOON)
    assert (sorted(found), set.union(*found.values())) == ([0, 1], jobs)
    assert calling.who([waits("d", 2), waits("e", 2)], now=NOON) == {0: jobs}


def test_who_has_not_enough_is_passed_over() -> None:
    job = make_job(gpus=2)
    asked = [waits("a", 1), waits("b", 2, free=1), waits("c", 0), waits("d", 2)]
    assert calling.who(asked, now=NOON) == {3: {job.pk}}


def test_needs_beyond_numbers_count() -> None:
    job = make_job(gpus=1, min_memory_mb=60_000, require_tags=["fast"])
    large = [gpu(0, 80_000)]
    fast = Waiting(make_worker("fast", gpus=large, tags=["fast"]), [0], 0)
    plain = Waiting(make_worker("plain", gpus=large), [0], 0)
    assert calling.who([waits("small"), plain, fast], now=NOON) == {2: {job.pk}}


def test_who_was_called_for_a_job_in_vain_is_not_called_for_it_but_for_others() -> None:
    first = make_job()
    vain = waits("a", in_vain={first.pk})
    assert calling.who([vain, waits("b")], now=NOON) == {1: {first.pk}}
    second = make_job()
    assert calling.who([vain], now=NOON) == {0: {second.pk}}
    assert calling.who([vain, waits("c")], now=NOON) == {0: {second.pk}, 1: {first.pk}}


@pytest.mark.parametrize("why", ["held", "cancelled", "resting", "over a quota", "running"])
def test_nobody_is_woken_for_what_cannot_start(why: str) -> None:
    job = make_job(held=why == "held", retries=1)
    if why == "cancelled":
        cancel(job)
    elif why == "over a quota":
        Quota.objects.create(scope="user", name="ada", running_jobs=0)
    elif why in ("running", "resting"):
        attempt = claim(make_worker())
        if why == "resting":
            finish(attempt, exit_code=1, now=NOON)
    assert calling.who([waits("a")], now=after(1)) == {}


def test_a_quota_bounds_how_many_are_woken() -> None:
    Quota.objects.create(scope="user", name="ada", running_jobs=2)
    for _ in range(4):
        make_job()
    assert len(calling.who([waits(name) for name in "abcd"], now=NOON)) == 2
