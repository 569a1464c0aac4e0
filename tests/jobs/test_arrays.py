"""Arrays: many jobs submitted as one, a few of them at a time."""

import pytest

from jobs import cancelling, changing, retrying
from jobs.models import Array, Job
from jobs.states import After, Reason
from tests.jobs.factories import (
    after,
    cancel,
    claim,
    finish,
    fresh,
    kinds,
    make_array,
    make_job,
    make_worker,
    run_through,
    statuses,
    sync,
)

pytestmark = pytest.mark.django_db


def test_each_index_is_a_job_that_knows_it() -> None:
    jobs = make_array("1,3-4", name="sweep", config={"lr": 1}, env={"K": "V"})
    assert [fresh(job).name for job in jobs] == ["sweep[1]", "sweep[3]", "sweep[4]"]
    assert [fresh(job).config for job in jobs] == [{"array_index": n, "lr": 1} for n in (1, 3, 4)]
    orders = sync(make_worker(gpus=3)).jobs
    told = [order.as_json()["env"] for order in orders]
    number = f"A{Array.objects.get().pk}"
    assert told == [
        {"K": "V", "WHIRR_ARRAY_ID": number, "WHIRR_ARRAY_INDEX": index} for index in "134"
    ]


def test_without_a_limit_all_are_queued_at_once() -> None:
    assert set(statuses(make_array("0-99"))) == {"queued"}


def test_so_many_at_a_time_as_were_asked_for_the_first_first() -> None:
    jobs = make_array("0-5%2")
    assert statuses(jobs) == ["queued"] * 2 + ["waiting"] * 4
    worker = make_worker(gpus=8)
    first = claim(worker, gpus=[0])
    assert statuses(jobs) == ["running", "queued"] + ["waiting"] * 4
    finish(first, exit_code=1)
    assert statuses(jobs) == ["failed", "queued", "queued"] + ["waiting"] * 3


def test_an_array_runs_through() -> None:
    jobs = make_array("0-9%3")
    worker = make_worker(gpus=8)
    rounds = [run_through(worker, now=after(second)) for second in range(4)]
    assert [len(each) for each in rounds] == [3, 3, 3, 1]
    assert set(statuses(jobs)) == {"completed"}


def test_a_member_that_goes_back_into_the_queue_keeps_its_turn() -> None:
    jobs = make_array("0-2%1", retries=1)
    finish(claim(make_worker()), exit_code=1)
    assert statuses(jobs) == ["queued", "waiting", "waiting"]


def test_a_cancelled_member_gives_its_turn_to_the_next() -> None:
    jobs = make_array("0-2%1")
    cancel(jobs[0])
    assert statuses(jobs) == ["cancelled", "queued", "waiting"]
    cancel(jobs[2])
    assert statuses(jobs) == ["cancelled", "queued", "cancelled"]


def test_a_whole_array_is_cancelled_without_starting_any_of_it() -> None:
    jobs = make_array("0-5%2")
    running = claim(make_worker())
    ended, asked = cancelling.cancel_all(Job.objects.all(), actor="ada", now=after(1))
    assert (ended, asked) == ([job.pk for job in jobs[1:]], [running.job_id])
    assert all("released" not in kinds(job) for job in jobs[2:])
    finish(running)
    assert set(statuses(jobs)) == {"cancelled"}


def test_an_array_that_waits_for_a_job_starts_with_its_limit() -> None:
    parent = make_job()
    jobs = make_array("0-3%2", after=[(parent.pk, After.OK)])
    assert set(statuses(jobs)) == {"waiting"}
    run_through(make_worker())
    assert statuses(jobs) == ["queued", "queued", "waiting", "waiting"]


def test_a_job_after_an_array_waits_for_all_of_it() -> None:
    jobs = make_array("0-2")
    child = make_job(after=[(job.pk, After.OK) for job in jobs])
    worker = make_worker(gpus=2)
    run_through(worker)
    assert statuses([child]) == ["waiting"]
    run_through(worker)
    assert statuses([child]) == ["queued"]


def test_a_turn_is_given_to_no_member_whose_parent_fell() -> None:
    """The end of one member makes room while what the others wait for is falling."""
    top = make_job()
    middle = make_job(after=[(top.pk, After.OK)])
    jobs = make_array("0-2%1", after=[(middle.pk, After.OK)])
    chosen = Job.objects.filter(pk__in=[top.pk, jobs[2].pk])
    cancelling.cancel_all(chosen, actor="ada", now=after(1))
    assert set(statuses([top, middle, *jobs])) == {"cancelled"}
    assert fresh(jobs[0]).reason == Reason.DEPENDENCY_FAILED


def test_a_held_member_does_not_start_when_its_turn_comes() -> None:
    jobs = make_array("0-1%1")
    changing.hold(jobs[1].pk, actor="ada", now=after(1))
    worker = make_worker()
    run_through(worker)
    assert statuses(jobs) == ["completed", "queued"]
    assert sync(worker).jobs == []
    changing.release(jobs[1].pk, actor="ada", now=after(2))
    assert run_through(worker) == [jobs[1].pk]


def test_a_retried_member_stays_in_its_array_and_keeps_to_the_limit() -> None:
    jobs = make_array("0-2%1", name="sweep")
    run_through(make_worker(), exit_code=1)
    again = retrying.retry(jobs[0].pk, actor="ada", now=after(1))
    assert (again.array_id, again.array_index, again.name) == (
        jobs[0].array_id,
        0,
        "sweep[0]",
    )
    assert statuses([*jobs, again]) == ["failed", "queued", "waiting", "waiting"]


def test_an_array_is_queued_whole_or_not_at_all() -> None:
    make_array("0-3", key="once")
    again = make_array("0-3", key="once")
    assert (Job.objects.count(), Array.objects.count()) == (4, 1)
    assert [job.array_index for job in again] == [0, 1, 2, 3]


def test_what_a_key_answers_with_are_the_first_jobs_and_no_retries() -> None:
    jobs = make_array("0-1", key="once")
    run_through(make_worker(gpus=2), exit_code=1)
    retrying.retry(jobs[0].pk, actor="ada", now=after(1))
    assert [job.pk for job in make_array("0-1", key="once")] == [job.pk for job in jobs]
