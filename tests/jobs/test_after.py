"""Jobs that wait for others: released when they may start, cancelled when they never will, through and through."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import following
from jobs.errors import Invalid
from jobs.finishing import Outcome
from jobs.models import Job
from jobs.states import After, Reason
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
)

pytestmark = pytest.mark.django_db

OK, ANY, NOT_OK = After.OK, After.ANY, After.NOT_OK


def ended(how: str) -> Job:
    """A job that ended as `how` says."""
    job = make_job()
    if how == "cancelled":
        cancel(job)
    else:
        worker = make_worker(f"for-{job.pk}")
        finish(claim(worker), exit_code=0 if how == "completed" else 1)
    return fresh(job)


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    ("kind", "parent", "status"),
    [
        (OK, "completed", "queued"),
        (OK, "failed", "cancelled"),
        (OK, "cancelled", "cancelled"),
        (ANY, "completed", "queued"),
        (ANY, "failed", "queued"),
        (ANY, "cancelled", "queued"),
        (NOT_OK, "completed", "cancelled"),
        (NOT_OK, "failed", "queued"),
        (NOT_OK, "cancelled", "queued"),
    ],
)
def test_a_dependent_starts_exactly_when_its_parent_ended_so(
    kind: After, parent: str, status: str, early: bool
) -> None:
    """Whether it was submitted before its parent's end or after it."""
    if early:
        before = make_job()
        child = make_job(after=[(before.pk, kind)])
        assert child.status == "waiting"
        if parent == "cancelled":
            cancel(before)
        else:
            finish(claim(make_worker()), exit_code=0 if parent == "completed" else 1)
    else:
        child = make_job(after=[(ended(parent).pk, kind)])
    stored = fresh(child)
    assert stored.status == status
    if status == "cancelled":
        assert stored.reason == Reason.DEPENDENCY_FAILED
        assert "waits for it to be" in stored.error_message
        assert kinds(child) == ["submitted", "cancelled"]
    else:
        assert kinds(child) == ["submitted", "released"]


def test_a_waiting_job_is_given_to_nobody() -> None:
    parent = make_job()
    make_job(after=[(parent.pk, OK)], priority=9)
    assert claim(make_worker(gpus=2)).job_id == parent.pk


def test_every_parent_counts() -> None:
    first, second = make_job(), make_job()
    child = make_job(after=[(first.pk, OK), (second.pk, ANY)])
    worker = make_worker()
    finish(claim(worker))
    assert statuses([child]) == ["waiting"]
    finish(claim(worker), exit_code=1)
    assert statuses([child]) == ["queued"]


def test_a_parent_that_goes_back_into_the_queue_has_not_ended() -> None:
    parent = make_job(retries=1)
    child = make_job(after=[(parent.pk, NOT_OK)])
    finish(claim(make_worker()), exit_code=1)
    assert statuses([parent, child]) == ["queued", "waiting"]


@pytest.mark.parametrize("how", ["timed_out", "never_started", "lost"])
def test_every_kind_of_bad_end_reaches_the_dependents(how: str) -> None:
    """Peers had dependents of timed-out parents wait for ever."""
    parent = make_job()
    child = make_job(after=[(parent.pk, OK)])
    worker, at = make_worker(), 0
    while statuses([parent]) != ["failed"]:
        attempt = claim(worker, now=after(at))
        if how == "lost":
            expire(now=after(at + 61))
        else:
            finish(attempt, Outcome(how), now=after(at))
        at += 700
    assert statuses([child]) == ["cancelled"]


def test_a_chain_of_fifty_falls_as_one() -> None:
    chain = [make_job()]
    for _ in range(49):
        chain.append(make_job(after=[(chain[-1].pk, OK)]))
    last_will = make_job(after=[(chain[-1].pk, NOT_OK)])
    cancel(chain[0])
    assert set(statuses(chain)) == {"cancelled"}
    assert statuses([last_will]) == ["queued"]
    assert {fresh(job).reason for job in chain[1:]} == {Reason.DEPENDENCY_FAILED}


def test_a_diamond_joins_once() -> None:
    top = make_job()
    left, right = make_job(after=[(top.pk, OK)]), make_job(after=[(top.pk, OK)])
    bottom = make_job(after=[(left.pk, OK), (right.pk, OK)])
    worker = make_worker(gpus=2)
    finish(claim(worker, gpus=[0]))
    assert statuses([left, right, bottom]) == ["queued", "queued", "waiting"]
    finish(claim(worker, gpus=[0]))
    finish(claim(worker, gpus=[0]))
    assert kinds(bottom) == ["submitted", "released"]


def test_a_diamond_falls_once() -> None:
    top = make_job()
    left, right = make_job(after=[(top.pk, OK)]), make_job(after=[(top.pk, OK)])
    bottom = make_job(after=[(left.pk, OK), (right.pk, OK)])
    cancel(top)
    assert kinds(bottom) == ["submitted", "cancelled"]


@pytest.mark.parametrize("kind", [OK, NOT_OK])
def test_a_thousand_dependents_cost_no_more_queries_than_ten(kind: After) -> None:
    """Released or cancelled."""
    told = []
    for count in (10, 1000):
        parent = make_job()
        children = make_array(f"1-{count}", after=[(parent.pk, kind)])
        with CaptureQueriesContext(connection) as queries:
            cancel(parent)
        assert set(statuses(children)) == {"queued" if kind is NOT_OK else "cancelled"}
        told.append(len(queries))
    assert told[0] == told[1], f"queries: {told}"


def test_a_parent_that_is_not_there_is_refused_by_number() -> None:
    parent = make_job()
    with pytest.raises(Invalid, match="no job 4000, 4001"):
        make_job(after=[(4001, OK), (parent.pk, OK), (4000, OK)])
    assert Job.objects.count() == 1


def test_a_parent_may_be_named_once() -> None:
    parent = make_job()
    with pytest.raises(Invalid, match="only once"):
        make_job(after=[(parent.pk, OK), (parent.pk, ANY)])


class TestWhatWasLeftBehind:
    """`settle` mends what no code path of ours should leave."""

    def leave_behind(self, kind: After) -> Job:
        parent = make_job()
        child = make_job(after=[(parent.pk, kind)])
        cancel(parent)
        child.events.exclude(kind="submitted").delete()
        Job.objects.filter(pk=child.pk).update(
            status="waiting", finished_at=None, reason="", error_message=""
        )
        return child

    @pytest.mark.parametrize(("kind", "status"), [(OK, "cancelled"), (ANY, "queued")])
    def test_it_is_settled(self, kind: After, status: str) -> None:
        child = self.leave_behind(kind)
        grandchild = make_job(after=[(child.pk, OK)])
        following.settle(now=after(5))
        assert statuses([child]) == [status]
        assert statuses([grandchild]) == ["cancelled" if status == "cancelled" else "waiting"]

    def test_also_behind_a_long_array_that_waits_for_its_turn(self) -> None:
        make_array("0-1000%1")
        child = self.leave_behind(ANY)
        following.settle(now=after(5))
        assert statuses([child]) == ["queued"]

    def test_an_array_with_room_goes_on(self) -> None:
        members = make_array("0-3%2")
        Job.objects.filter(pk=members[1].pk).update(status="waiting")
        members[1].events.filter(kind="released").delete()
        assert following.settle(now=after(5)) == 1
        assert statuses(members) == ["queued", "queued", "waiting", "waiting"]

    def test_where_all_is_well_it_moves_nothing(self) -> None:
        parent = make_job()
        make_job(after=[(parent.pk, OK)])
        make_array("0-3%2")
        assert following.settle(now=after(5)) == 0
