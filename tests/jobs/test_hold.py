"""Changing one's mind: hold, release, priority; submitting twice by accident; what people did to workers."""

from typing import Any

import pytest

from jobs import changing, workers
from jobs.errors import IllegalMove, NotFound
from jobs.models import Job, WorkerEvent
from jobs.states import After
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    claim,
    finish,
    fresh,
    kinds,
    make_job,
    make_worker,
    run_through,
    statuses,
    sync,
)

pytestmark = pytest.mark.django_db

WHO: dict[str, Any] = {"actor": "eve", "now": after(1)}


class TestHold:
    def test_a_held_job_is_given_to_nobody_until_it_is_released(self) -> None:
        job, worker = make_job(priority=9), make_worker()
        changing.hold(job.pk, **WHO)
        assert sync(worker).jobs == []
        assert (fresh(job).status, fresh(job).held_by) == ("queued", "eve")
        changing.release(job.pk, **WHO)
        assert claim(worker).job_id == job.pk
        assert kinds(job) == ["submitted", "held", "unheld", "claimed"]

    def test_it_stands_in_nobodys_way(self) -> None:
        make_job(held=True, priority=9)
        second = make_job()
        assert claim(make_worker()).job_id == second.pk

    def test_a_job_may_be_submitted_held(self) -> None:
        job = make_job(held=True)
        assert (job.status, fresh(job).held_by, sync(make_worker()).jobs) == ("queued", "ada", [])

    def test_one_that_waits_for_another_stays_held_when_that_has_ended(self) -> None:
        parent = make_job()
        child = make_job(after=[(parent.pk, After.OK)])
        changing.hold(child.pk, **WHO)
        worker = make_worker()
        run_through(worker)
        assert (statuses([child]), sync(worker).jobs) == (["queued"], [])

    def test_twice_is_once(self) -> None:
        job = make_job()
        for _ in range(2):
            changing.hold(job.pk, **WHO)
        for _ in range(2):
            changing.release(job.pk, **WHO)
        assert kinds(job) == ["submitted", "held", "unheld"]

    def test_a_held_job_can_be_cancelled(self) -> None:
        job = make_job(held=True)
        cancel(job)
        assert statuses([job]) == ["cancelled"]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("verb", ["hold", "release", "set_priority"])
def test_it_is_too_late_once_the_job_runs(verb: str, running: bool) -> None:
    job = make_job()
    attempt = claim(make_worker())
    if not running:
        finish(attempt)
    told = (3,) if verb == "set_priority" else ()
    before = kinds(job)
    with pytest.raises(IllegalMove, match="do not run yet"):
        getattr(changing, verb)(job.pk, *told, **WHO)
    assert (kinds(job), fresh(job).held_at) == (before, None)
    with pytest.raises(NotFound):
        getattr(changing, verb)(4000, *told, **WHO)


def test_another_priority_is_another_place_in_the_queue() -> None:
    first, second = make_job(), make_job()
    changing.set_priority(second.pk, 1, **WHO)
    changing.set_priority(second.pk, 1, **WHO)
    assert claim(make_worker()).job_id == second.pk
    assert kinds(second) == ["submitted", "priority", "claimed"]
    assert statuses([first]) == ["queued"]


class TestAKey:
    def test_the_same_submit_again_is_answered_with_the_same_job(self) -> None:
        job = make_job(key="k")
        assert make_job(key="k", name="other").pk == job.pk
        assert Job.objects.count() == 1

    def test_also_when_the_job_has_ended(self) -> None:
        job = make_job(key="k")
        cancel(job)
        assert make_job(key="k").pk == job.pk

    def test_another_user_may_use_the_same_key(self) -> None:
        assert make_job(key="k").pk != make_job(key="k", user="bob").pk

    def test_without_one_nothing_is_the_same(self) -> None:
        assert make_job().pk != make_job().pk


def test_what_people_do_to_a_worker_is_written_down_and_outlives_it() -> None:
    make_worker()
    workers.set_draining("node1", True, actor="eve", now=after(1))
    workers.set_draining("node1", False, actor="eve", now=after(2))
    workers.set_disabled("node1", True, actor="bob", now=after(3))
    workers.set_disabled("node1", False, actor="bob", now=after(4))
    workers.set_projects("node1", ["a", "b"], actor="eve", now=after(5))
    workers.delete("node1", actor="root", now=after(100))
    told = WorkerEvent.objects.order_by("pk").values_list("kind", "actor", "message")
    assert list(told) == [
        ("draining", "eve", ""),
        ("resumed", "eve", ""),
        ("disabled", "bob", ""),
        ("enabled", "bob", ""),
        ("changed", "eve", "a, b"),
        ("deleted", "root", ""),
    ]
    assert {event.worker_name for event in WorkerEvent.objects.all()} == {"node1"}


def test_what_is_refused_to_a_worker_is_not_written_down() -> None:
    make_worker()
    with pytest.raises(IllegalMove, match="online"):
        workers.delete("node1", actor="root", now=NOON)
    assert not WorkerEvent.objects.exists()
