"""Why a job does not run, in words: each reason, and the place in the queue."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import changing, explaining, submitting
from jobs.errors import NotFound
from jobs.models import Job, Quota, Scope
from jobs.reasons import Why
from jobs.states import After
from jobs.submitting import Submission
from tests.jobs.explained import GIB, codes, explain, small_gpus, verdicts, words
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    claim,
    expire,
    finish,
    gpu,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


def test_there_is_nothing_to_say_about_a_job_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        explaining.explain(7, now=NOON)


def test_the_summary_names_what_it_waits_for_and_what_the_workers_have() -> None:
    big = make_worker("gpu-a", [gpu(index, 48 * GIB) for index in range(4)])
    make_worker("gpu-b", small_gpus(4))
    for _ in range(3):
        make_job(min_memory_mb=40 * GIB)
    sync(big)
    make_job(gpus=4, min_memory_mb=40 * GIB)
    job = make_job(gpus=2, min_memory_mb=40 * GIB)

    found = explain(job)

    assert found.summary == (
        "waits for 2 GPUs with 40 GiB: gpu-a has 1 free, gpu-b is too small; 1 job is before it"
    )
    assert codes(found) == ["busy", "jobs_ahead"]
    assert (found.position, found.ahead) == (2, 1)
    assert verdicts(found) == {
        "gpu-a": ("busy", "needs 2 GPUs with 40 GiB: 1 of 4 is free"),
        "gpu-b": ("unfit", "GPUs have 24 GiB each, 40 GiB needed"),
    }


def test_a_worker_whose_disk_is_full_says_so_and_takes_nothing() -> None:
    worker = make_worker("gpu-a")
    sync(worker, accepting=False, load={"disk_low": True})
    job = make_job()
    found = explain(job)
    full = "out of disk space: it takes no jobs until there is room"
    assert verdicts(found) == {"gpu-a": ("disk_full", full)}
    assert codes(found) == ["no_worker"]
    assert found.summary == f"no worker that could run it takes jobs: gpu-a is {full}"

    (order,) = sync(worker, load={"disk_low": False}).jobs
    assert order.job.pk == job.pk


def test_a_waiting_job_names_its_parents_and_how_they_must_end() -> None:
    worker = make_worker(gpus=2)
    done, running = make_job(), make_job(name="prepare")
    sync(worker)
    finish(done.attempts.get())
    job = make_job(after=[(done.pk, After.OK), (running.pk, After.NOT_OK)])

    found = explain(job, seconds=5)

    assert codes(found)[:2] == ["dependency", "dependency"]
    assert found.reasons[0].text == (
        f"waits for job {running.pk} (prepare) to fail or be cancelled: it is running"
    )
    assert found.reasons[1].text == f"waited for job {done.pk} to complete: it is completed"
    assert found.summary == f"waits for job {running.pk}"
    assert found.position is None
    assert found.estimate.at is None


def test_an_array_says_how_many_of_it_run() -> None:
    wish = Submission(command_argv=["true"], workdir="/work")
    members = submitting.submit_array(wish, "0-9%3", user="ada", now=NOON)
    make_worker(gpus=8)

    found = explain(members[5])

    array = members[0].array
    assert found.summary == (
        f"waits for its turn: array {array} has 3 of at most 3 jobs queued or running"
    )
    assert codes(found) == ["array_turn"]


def test_a_held_job_says_by_whom_and_since_when() -> None:
    make_worker()
    job = make_job()
    changing.hold(job.pk, actor="grace", now=NOON)

    found = explain(job, seconds=300)

    assert found.summary == "held back by grace for 5 min, until it is released"
    assert found.position is None
    assert found.estimate.basis == "it starts only after somebody releases it"
    assert "could_start" not in {fit.verdict for fit in found.workers}


def test_a_pause_says_until_when_and_after_which_failure() -> None:
    worker = make_worker()
    job = make_job(retries=2)
    finish(claim(worker), exit_code=3, now=after(10))

    found = explain(job, seconds=10)

    assert codes(found)[0] == "back_off"
    assert found.summary.startswith("tries again in ")
    assert "after attempt 1 ended: exit code was not 0" in found.summary
    assert verdicts(found)["node1"] == ("has_room", "has room for it")


def test_a_quota_says_how_much_of_what_is_used() -> None:
    Quota.objects.create(scope=Scope.USER, name="ada", running_gpus=1)
    worker = make_worker(gpus=4)
    make_job()
    sync(worker)
    job = make_job()

    found = explain(job)

    assert found.summary == "waits for its quota: user 'ada' has 1 of 1 GPUs running"
    assert codes(found)[0] == "quota"
    assert verdicts(found)["node1"] == (
        "quota",
        "has room, but user 'ada' has 1 of 1 GPUs running",
    )


def test_fair_share_says_who_used_how_much() -> None:
    worker = make_worker(gpus=4)
    make_job(user="ada", gpus=4)
    sync(worker)
    mine, hers = make_job(user="ada"), make_job(user="grace")

    found = explain(mine, seconds=3 * 3600)

    assert "ada used 12.1 GPU-h lately, 1 other who waits used less" in words(found, Why.FAIR_SHARE)
    assert "no other who waits used less" in words(explain(hers, 60), Why.FAIR_SHARE)


def test_a_running_job_says_where_and_how_long_its_lease_is_good() -> None:
    worker = make_worker("gpu-a")
    job = make_job()
    claim(worker)

    found = explain(job, seconds=20)

    assert found.summary == "runs on gpu-a GPU 0 for 20 s, as attempt 1"
    assert "good for another 40 s" in found.reasons[1].text
    assert "silent" in explain(job, seconds=70).reasons[1].text
    cancel(job, actor="grace", now=after(21))
    assert explain(job, seconds=30).summary == "grace asked it to stop 9 s ago"


def test_a_job_that_ended_says_how() -> None:
    worker = make_worker()
    good, bad, gone = make_job(), make_job(), make_job()
    finish(claim(worker))
    finish(claim(worker), exit_code=3)
    cancel(gone, actor="grace")

    assert explain(good).summary == "completed"
    assert explain(bad).summary == "failed: exit code 3"
    assert explain(gone).summary == "cancelled: by grace"
    assert codes(explain(bad)) == ["ended"]


def test_a_page_of_sentences_costs_as_many_queries_as_one() -> None:
    costs = []
    for round_ in (1, 9):
        for number in range(round_):
            worker = make_worker(f"w{round_}-{number}", gpus=2)
            one = make_job(gpus=2, retries=1, priority=5)
            attempt = claim(worker)
            finish(attempt, exit_code=1)
            make_job(after=[(one.pk, After.OK)])
            wish = Submission(command_argv=["true"], workdir="/work")
            submitting.submit_array(wish, "0-1%1", user="ada", now=NOON)
            changing.hold(make_job(gpus=40 + number).pk, actor="ada", now=NOON)
        Quota.objects.get_or_create(scope=Scope.USER, running_gpus=100)
        rows = list(Job.objects.select_related("requirement").order_by("-priority", "id"))
        waiting = [job for job in rows if job.status in explaining.AT_REST]
        with CaptureQueriesContext(connection) as counted:
            said = explaining.summaries(waiting, now=NOON)
        assert all(said[job.pk].text for job in waiting)
        costs.append(len(counted))
    assert costs[0] == costs[1]


def test_the_sentence_of_a_list_is_the_sentence_of_the_job() -> None:
    make_worker(gpus=1)
    parent = make_job(gpus=1)
    queued = [parent, make_job(gpus=9), make_job(after=[(parent.pk, After.OK)]), make_job()]

    said = explaining.summaries(queued, now=NOON)

    for job in queued:
        assert said[job.pk].text == explain(job).summary


def test_a_lost_job_that_is_queued_again_is_explained_like_any_other() -> None:
    worker = make_worker()
    job = make_job()
    claim(worker)
    expire(now=after(61))

    found = explaining.explain(job.pk, now=NOON + timedelta(seconds=62))

    assert found.summary == "could start now on node1"
