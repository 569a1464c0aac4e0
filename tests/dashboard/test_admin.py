"""The admin shows everything, changes little, and acts through the domain."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from jobs.models import Job, Worker
from tests.dashboard.conftest import begin, log
from tests.jobs import factories


def models() -> Iterator[str]:
    for app in ("jobs", "runs"):
        for model in apps.get_app_config(app).get_models():
            yield f"{app}/{model._meta.model_name}"


@pytest.mark.parametrize("model", list(models()))
def test_every_model_has_a_list_and_none_can_be_added(model: str, browser: Client) -> None:
    log(begin(), loss=[1.0])

    assert browser.get(f"/admin/{model}/").status_code == 200
    assert browser.get(f"/admin/{model}/add/").status_code == 403


def act(browser: Client, model: str, action: str, *rows: int) -> str:
    form = {"action": action, "_selected_action": [str(row) for row in rows]}
    return browser.post(f"/admin/jobs/{model}/", form, follow=True).content.decode()


def test_cancel_goes_through_the_domain_and_says_what_it_could_not(browser: Client) -> None:
    running = begin().job
    queued = factories.make_job(gpus=99)
    over = factories.make_job(gpus=99)
    factories.cancel(over)

    page = act(browser, "job", "cancel_jobs", running.pk, queued.pk, over.pk)

    assert "2 cancelled." in page
    assert "has ended already" in page
    assert Job.objects.get(pk=queued.pk).status == "cancelled"
    asked = Job.objects.get(pk=running.pk)
    assert (asked.status, asked.cancel_requested_by) == ("running", "owner")
    assert running.events.filter(kind="cancel_requested", actor="owner").exists()


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("disable", "disabled", True),
        ("enable", "disabled", False),
        ("drain", "draining", True),
        ("resume", "draining", False),
    ],
)
def test_worker_actions(browser: Client, action: str, field: str, value: bool) -> None:
    worker = factories.make_worker()
    Worker.objects.update(**{field: not value})

    act(browser, "worker", action, worker.pk)

    assert getattr(Worker.objects.get(), field) is value


def test_status_cannot_be_written_by_hand(browser: Client) -> None:
    job = factories.make_job(name="before")
    form = {"name": "after", "priority": "5", "status": "completed", "attempt": "9"}
    inlines = {
        f"{prefix}-{part}": "0"
        for prefix in ("attempts", "events")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    answer = browser.post(f"/admin/jobs/job/{job.pk}/change/", form | inlines)

    assert answer.status_code == 302
    job.refresh_from_db()
    assert (job.name, job.priority, job.status, job.attempt) == ("after", 5, "queued", 0)
    assert browser.post(f"/admin/jobs/job/{job.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["job", "worker", "attempt", "jobevent"])
def test_thirty_rows_cost_as_many_queries_as_two(model: str, browser: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert browser.get(f"/admin/jobs/{model}/").status_code == 200
        return len(counted)

    for number in range(2):
        begin(factories.make_worker(f"node{number}"), name=str(number))
    count()  # content types are cached by the first page
    few = count()
    for number in range(2, 30):
        begin(factories.make_worker(f"node{number}"), name=str(number))
    assert count() == few


@pytest.mark.django_db
def test_saving_a_job_writes_what_was_edited_and_not_what_moved_on_meanwhile() -> None:
    job = factories.make_job()
    read_before = Job.objects.get(pk=job.pk)
    factories.claim(factories.make_worker())
    read_before.priority = 7
    form = SimpleNamespace(changed_data=["priority"])

    site._registry[Job].save_model(RequestFactory().post("/"), read_before, form, change=True)

    now = Job.objects.get(pk=job.pk)
    assert (now.status, now.attempt, now.priority) == ("running", 1, 7)


def test_a_worker_cannot_be_deleted_and_a_jobs_environment_is_not_shown(browser: Client) -> None:
    worker = factories.make_worker()
    job = factories.make_job(env={"API_KEY": "hush-hush"})

    assert browser.get(f"/admin/jobs/worker/{worker.pk}/delete/").status_code == 403
    assert "hush-hush" not in browser.get(f"/admin/jobs/job/{job.pk}/change/").content.decode()
