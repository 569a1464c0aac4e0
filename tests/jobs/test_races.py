"""Two servers at the same moment: whoever comes first, the queue stays what its contract says."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from jobs import cancelling, leases, retrying
from jobs.errors import DomainError
from jobs.models import Attempt, Job, Quota, Worker
from jobs.states import After
from tests.jobs.factories import (
    after,
    cancel,
    claim,
    expire,
    finish,
    fresh,
    make_array,
    make_job,
    make_worker,
    statuses,
    sync,
)
from tests.jobs.test_claim_threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = range(6)


def repeated(call: Callable[[], Any]) -> Any:
    """As an agent or a client does it: an answer like "try again" (a deadlock that the database broke) is repeated."""
    for _ in range(5):
        try:
            return call()
        except OperationalError:
            continue
    raise AssertionError("five times in a row the database gave up")


def both(*calls: Callable[[], Any]) -> list[Any]:
    return at_once([partial(repeated, call) for call in calls])


def given(worker: Worker, **told: Any) -> list[int]:
    return [order.job.pk for order in sync(worker, **told).jobs]


@pytest.mark.parametrize(("kind", "status"), [(After.OK, "queued"), (After.NOT_OK, "cancelled")])
def test_a_dependent_that_is_submitted_while_its_parent_ends_is_never_left_waiting(
    kind: After, status: str
) -> None:
    worker = make_worker()
    for _ in ROUNDS:
        parent = make_job(priority=9)
        attempt = claim(worker)
        assert attempt.job_id == parent.pk
        child, _ = both(
            partial(make_job, after=[(parent.pk, kind)]),
            partial(finish, attempt),
        )
        assert statuses([child]) == [status]


def test_two_parents_that_end_at_once_release_their_child() -> None:
    worker = make_worker(gpus=2)
    for _ in ROUNDS:
        parents = [make_job(priority=9), make_job(priority=9)]
        first, second = (order.attempt for order in sync(worker).jobs)
        child = make_job(after=[(job.pk, After.ANY) for job in parents])
        both(partial(finish, first), partial(finish, second, exit_code=1))
        assert statuses([child]) == ["queued"]


def test_ends_of_two_members_at_once_make_room_for_two_and_no_more() -> None:
    members = make_array("0-11%2")
    worker = make_worker(gpus=2)
    for _ in ROUNDS:
        first, second = (order.attempt for order in sync(worker).jobs)
        both(partial(finish, first), partial(finish, second))
        active = Counter(statuses(members))
        assert active["queued"] == min(2, active["queued"] + active["waiting"])
        assert active["running"] == 0
    assert set(statuses(members)) == {"completed"}


def test_two_servers_hand_out_each_job_once_and_neither_comes_back_empty() -> None:
    jobs = make_array("0-11")
    nodes = [make_worker(f"node{number}") for number in range(2)]
    found: list[int] = []
    for _ in ROUNDS:
        mine = both(*(partial(given, node) for node in nodes))
        assert all(len(each) == 1 for each in mine), f"one came back empty: {mine}"
        found += itertools.chain(*mine)
        for attempt in Attempt.objects.filter(status="running"):
            finish(attempt)
    assert sorted(found) == [job.pk for job in jobs]


@pytest.mark.parametrize("limit", ["running_jobs", "running_gpus"])
def test_two_servers_together_keep_to_a_quota(limit: str) -> None:
    Quota.objects.create(scope="user", name="ada", **{limit: 3})
    make_array("0-20")
    nodes = [make_worker(f"node{number}", gpus=2) for number in range(4)]
    for _ in ROUNDS:
        mine = both(*(partial(given, node) for node in nodes))
        assert sum(map(len, mine)) == 3
        for attempt in Attempt.objects.filter(status="running"):
            finish(attempt)


def test_an_array_that_is_cancelled_while_it_is_claimed_runs_nowhere_in_secret() -> None:
    """What was claimed first knows of the wish; all else has ended; nothing waits."""
    for number in ROUNDS:
        members = make_array("0-9%4")
        mine = Job.objects.filter(array=members[0].array_id)
        nodes = [make_worker(f"node{number}-{each}", gpus=2) for each in range(2)]
        both(
            partial(cancelling.cancel_all, mine, actor="ada", now=after(1)),
            *(partial(given, node) for node in nodes),
        )
        for job in mine:
            assert job.status == "cancelled" or (job.status == "running" and job.cancel_requested)
        for attempt in Attempt.objects.filter(status="running"):
            finish(attempt)
        assert set(statuses(members)) == {"cancelled"}


def test_a_lease_that_is_renewed_while_it_is_swept_is_one_or_the_other() -> None:
    """Never both: a job in the queue whose agent was told that it still owns it."""
    worker = make_worker()
    for _ in ROUNDS:
        job = make_job(priority=9)
        claim(worker)
        _, told = both(
            partial(leases.requeue_expired, now=after(61)),
            partial(sync, worker, now=after(61), gpus=[], running=[(job.pk, 1)]),
        )
        stored = fresh(job)
        later = sync(worker, now=after(62), gpus=[], running=[(job.pk, 1)])
        assert (fresh(job).status == "running") == (later.lost == []), f"{stored.status}, {told}"
        assert fresh(job).status == "running"
        finish(Attempt.objects.get(job=job), now=after(63))


def test_a_late_end_and_the_next_claim_have_one_winner() -> None:
    for number in ROUNDS:
        job = make_job(priority=9)
        attempt = claim(make_worker(f"old{number}"))
        expire(now=after(61))
        other = make_worker(f"new{number}", now=after(62))
        ended, got = both(
            partial(_unless_refused, partial(finish, attempt, now=after(62))),
            partial(given, other, now=after(62)),
        )
        assert (ended is None) == (got == [job.pk]), f"{ended}, {got}"
        assert statuses([job]) == ["running" if got else "completed"]


def _unless_refused(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except DomainError:
        return None


def test_the_same_submit_at_once_is_one_job() -> None:
    for number in ROUNDS:
        calls = [partial(make_job, key=f"k{number}")] * 4
        assert len({job.pk for job in both(*calls)}) == 1


def test_the_same_retry_at_once_is_one_job() -> None:
    for _ in ROUNDS:
        job = make_job()
        cancel(job)
        again = partial(retrying.retry, job.pk, actor="ada", now=after(1))
        made = both(*[partial(_unless_refused, again)] * 3)
        assert sum(each is not None for each in made) == 1


@pytest.fixture
def limits() -> Iterator[None]:
    """Quotas on all that a submit and a claim look at; so each locks them."""
    for scope, name in (("project", "p"), ("user", "ada")):
        Quota.objects.create(scope=scope, name=name, running_jobs=50, queued_jobs=500)
    yield
    Quota.objects.all().delete()


@pytest.mark.usefixtures("limits")
def test_submits_after_running_jobs_and_renewals_of_those_do_not_block_each_other() -> None:
    """No repetition here: they lock jobs and quotas in the same order, so that the database has nothing to break."""
    parents = [make_job(project="p") for _ in range(4)]
    worker = make_worker(gpus=8)
    sync(worker)
    running = [(job.pk, 1) for job in parents]
    edges = [(job.pk, After.OK) for job in reversed(parents)]
    for number in ROUNDS:
        children = at_once(
            [
                partial(make_job, after=edges, project="p"),
                partial(make_array, "0-3", after=edges, project="p"),
                partial(sync, worker, running=running, now=after(number)),
                partial(sync, make_worker(f"other{number}"), now=after(number)),
            ]
        )
        assert children[0].status == "waiting"
