"""Buttons and forms call the domain, say what it said, and keep what was typed."""

import pytest
from django.test import Client

from jobs.models import Job, Worker
from tests.dashboard.conftest import begin
from tests.jobs import factories
from whirr_site.access.principals import owner_account

BY_SCRIPT = {"HX-Request": "true"}


def test_cancelling_a_queued_job_ends_it(browser: Client) -> None:
    job = factories.make_job()

    answer = browser.post(f"/jobs/{job.pk}/cancel", headers=BY_SCRIPT)

    assert answer.status_code == 200
    job.refresh_from_db()
    assert job.status == "cancelled"
    assert job.cancel_requested_by == "owner"


def test_cancelling_a_running_job_shows_that_it_was_asked(browser: Client) -> None:
    attempt = begin()

    browser.post(f"/jobs/{attempt.job_id}/cancel")

    page = browser.get(f"/runs/job-{attempt.job_id}/").content.decode()
    assert 'data-state="cancelling"' in page
    assert "owner asked it to stop" in page
    assert "/cancel" not in page


def test_cancelling_what_has_ended_says_so(browser: Client) -> None:
    factories.make_job()
    job = factories.finish(factories.claim(factories.make_worker()))

    by_script = browser.post(f"/jobs/{job.pk}/cancel", headers=BY_SCRIPT)
    by_form = browser.post(f"/jobs/{job.pk}/cancel", follow=True)

    assert by_script.status_code == 409
    assert "has ended already" in by_script.content.decode()
    assert "has ended already" in by_form.content.decode()
    assert browser.post("/jobs/999/cancel").status_code == 404
    assert browser.get(f"/jobs/{job.pk}/cancel").status_code == 405


def test_a_form_of_another_site_is_refused(db: None) -> None:
    job = factories.make_job()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner_account())

    answer = strict.post(f"/jobs/{job.pk}/cancel")

    assert answer.status_code == 403
    job.refresh_from_db()
    assert job.status == "queued"


def test_workers_are_drained_disabled_and_back(browser: Client) -> None:
    worker = factories.make_worker("a b?#%")

    for verb, field, value in (
        ("drain", "draining", True),
        ("resume", "draining", False),
        ("disable", "disabled", True),
        ("enable", "disabled", False),
    ):
        assert browser.post(f"/workers/{worker.pk}/{verb}").status_code == 302
        assert getattr(Worker.objects.get(), field) is value
    assert browser.get("/workers/").status_code == 200
    assert browser.post("/workers/999/drain").status_code == 404


def test_managing_workers_takes_an_admin(db: None, django_user_model: type) -> None:
    worker = factories.make_worker()
    user = django_user_model.objects.create_user("ada")  # type: ignore[attr-defined]
    client = Client()
    client.force_login(user)

    assert client.post(f"/workers/{worker.pk}/drain").status_code == 403
    assert "Drain" not in client.get("/workers/").content.decode()


FORM = {
    "command": "python train.py --name 'a b' \\\n  --lr 0.1",
    "workdir": "/work",
    "name": "mine",
    "tags": " x, y ,x",
    "gpus": "2",
    "priority": "-3",
    "retries": "1",
    "timeout": "1h 30m",
}


def test_the_form_queues_what_it_says(browser: Client) -> None:
    answer = browser.post("/submit/", FORM)

    job = Job.objects.select_related("run", "requirement").get()
    assert answer["Location"] == f"/runs/{job.run.key}/"
    assert job.command_argv == ["python", "train.py", "--name", "a b", "--lr", "0.1"]
    assert (job.workdir, job.name, job.tags, job.user) == ("/work", "mine", ["x", "y"], "owner")
    assert (job.requirement.gpus, job.priority, job.retries) == (2, -3, 1)
    assert job.timeout_seconds == 5400


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"command": "python 'train"}, "cannot be split into words"),
        ({"command": "  "}, "required"),
        ({"command": "''"}, "command_argv is empty"),
        ({"workdir": "here"}, "Begin with /"),
        ({"timeout": "soon"}, "Write a time such as"),
        ({"gpus": "-1"}, "greater than or equal to 0"),
        ({"retries": "many"}, "whole number"),
    ],
)
def test_a_refusal_is_clear_and_keeps_what_was_typed(
    wrong: dict[str, str], said: str, browser: Client
) -> None:
    answer = browser.post("/submit/", FORM | wrong)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="mine"' in page
    assert not Job.objects.exists()
