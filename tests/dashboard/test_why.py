"""The pages say why a job does not run, in the words of `whirr explain`, and what can be done about it."""

import pytest
from django.test import Client
from django.utils import timezone

from jobs import changing, explaining, submitting
from jobs.models import Job, Worker
from jobs.states import After
from jobs.submitting import Submission
from tests.dashboard.conftest import begin
from tests.jobs import factories
from whirr_site.access.principals import owner_account

BY_SCRIPT = {"HX-Request": "true"}
HOSTILE = "<img src=x onerror=alert(1)>"


def page_of(browser: Client, job: Job, part: str = "") -> str:
    return browser.get(f"/runs/job-{job.pk}/{part}").content.decode()


def test_the_runs_page_and_the_lists_say_the_same(browser: Client) -> None:
    now = timezone.now()
    factories.make_worker("gpu-a", gpus=2, now=now)
    job = factories.make_job(gpus=2, min_memory_mb=64 * 1024, now=now)
    said = explaining.explain(job.pk, now=now).summary

    assert said.startswith("no worker could ever run it")
    assert "N" + said[1:] in page_of(browser, job)
    assert "hopeless" in page_of(browser, job)
    assert said in browser.get("/queue/").content.decode()
    assert said in browser.get("/").content.decode()


def test_the_panel_is_there_only_while_the_job_waits(browser: Client) -> None:
    attempt = begin()
    job = factories.make_job(gpus=99)

    assert 'id="why"' in page_of(browser, job)
    assert "What each worker says" in page_of(browser, job, "why")
    assert 'id="why"' not in page_of(browser, attempt.job)
    assert page_of(browser, attempt.job, "why").strip() == ""


def test_names_from_outside_are_escaped(browser: Client) -> None:
    worker = factories.make_worker(HOSTILE, gpus=1)
    Worker.objects.filter(pk=worker.pk).update(projects=[HOSTILE])
    parent = factories.make_job(name=HOSTILE)
    job = factories.make_job(
        require_tags=[HOSTILE], project=HOSTILE, after=[(parent.pk, After.OK)], user=HOSTILE
    )
    changing.hold(job.pk, actor=HOSTILE, now=factories.NOON)

    for path in ("/", "/queue/", "/workers/", f"/runs/job-{job.pk}/", f"/runs/job-{job.pk}/why"):
        page = browser.get(path).content.decode()
        assert "<img" not in page
        assert "&lt;img" in page


def test_the_side_shows_array_parents_hold_and_priority(browser: Client) -> None:
    parent = factories.make_job()
    wish = Submission(
        command_argv=["true"], workdir="/work", after=[(parent.pk, After.ANY)], priority=7
    )
    job = submitting.submit_array(wish, "4,5", user="ada", now=factories.NOON)[1]
    changing.hold(job.pk, actor="grace", now=factories.NOON)

    page = page_of(browser, job, "more")

    assert f"{job.array}, member 5 of 4,5" in page
    assert f'<a href="/runs/job-{parent.pk}/">job {parent.pk}</a>' in page
    assert "by grace" in page
    assert '<th scope="row">priority</th><td>7</td>' in page


def test_a_job_is_held_released_and_given_a_priority(browser: Client) -> None:
    job = factories.make_job()

    assert browser.post(f"/jobs/{job.pk}/hold", headers=BY_SCRIPT).status_code == 200
    assert factories.fresh(job).held_by == "owner"
    assert f'action="/jobs/{job.pk}/release"' in page_of(browser, job)
    assert browser.post(f"/jobs/{job.pk}/release").status_code == 302
    assert not factories.fresh(job).is_held
    said = browser.post(f"/jobs/{job.pk}/priority", {"priority": "-5"}, headers=BY_SCRIPT)
    assert said.content.decode() == f"Job {job.pk} has priority -5."
    assert factories.fresh(job).priority == -5
    assert factories.kinds(job) == ["submitted", "held", "unheld", "priority"]


@pytest.mark.parametrize("wrong", ["", "high", "1.5", "1000001", "9" * 30, "\uff11"])
def test_a_priority_that_is_none_is_refused(wrong: str, browser: Client) -> None:
    job = factories.make_job()

    answer = browser.post(f"/jobs/{job.pk}/priority", {"priority": wrong}, headers=BY_SCRIPT)

    assert answer.status_code == 409
    assert "whole number" in answer.content.decode()
    assert factories.fresh(job).priority == 0


def test_a_job_that_ended_can_be_retried(browser: Client) -> None:
    attempt = begin()
    factories.finish(attempt, exit_code=1)
    assert f'action="/jobs/{attempt.job_id}/retry"' in page_of(browser, attempt.job)

    answer = browser.post(f"/jobs/{attempt.job_id}/retry", headers=BY_SCRIPT)

    again = Job.objects.get(retry_of=attempt.job_id)
    assert answer.status_code == 200
    assert "queued again" in answer.content.decode()
    assert f"job {attempt.job_id}</a>" in page_of(browser, again, "more")
    assert f"job {again.pk}</a>" in page_of(browser, attempt.job, "more")


@pytest.mark.parametrize("verb", ["hold", "release", "retry", "priority"])
def test_changes_take_a_post_a_form_of_ours_and_the_right_to_submit(verb: str, db: None) -> None:
    job = factories.make_job()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner_account())

    assert strict.get(f"/jobs/{job.pk}/{verb}").status_code == 405
    assert strict.post(f"/jobs/{job.pk}/{verb}", {"priority": "1"}).status_code == 403
    assert Client().post(f"/jobs/{job.pk}/{verb}").status_code == 401
    assert factories.kinds(job) == ["submitted"]


def test_a_worker_that_is_gone_can_be_deleted_and_one_that_is_there_not(browser: Client) -> None:
    here = factories.make_worker("here", now=timezone.now())
    gone = factories.make_worker("gone", now=factories.NOON.replace(year=2020))
    page = browser.get("/workers/").content.decode()

    assert f"/workers/{gone.pk}/delete" in page
    assert f"/workers/{here.pk}/delete" not in page
    assert browser.post(f"/workers/{here.pk}/delete", headers=BY_SCRIPT).status_code == 409
    assert browser.post(f"/workers/{gone.pk}/delete", headers=BY_SCRIPT).status_code == 200
    assert list(Worker.objects.values_list("worker_id", flat=True)) == ["here"]


def test_a_worker_shows_for_whom_it_keeps_its_gpus(browser: Client) -> None:
    worker = factories.make_worker(gpus=4)
    job = factories.make_job(gpus=4)
    Worker.objects.filter(pk=worker.pk).update(reserved_for=job, reserved_at=factories.NOON)

    page = browser.get("/workers/").content.decode()

    assert "Keeps its GPUs for" in page
    assert f'<a href="/runs/job-{job.pk}/">job {job.pk}</a>' in page


def test_a_number_that_no_job_can_have_is_no_failure(browser: Client) -> None:
    assert browser.post(f"/jobs/{'9' * 40}/hold").status_code == 404
    assert browser.post(f"/jobs/{'9' * 40}/priority", {"priority": "1"}).status_code == 404
