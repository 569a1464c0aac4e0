"""The admin shows everything, changes little, and acts through the domain."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job, Quota, Worker, WorkerEvent
from tests.dashboard.conftest import begin, log
from tests.jobs import factories


def models() -> Iterator[str]:
    for app in ("jobs", "runs", "dashboard", "mlflow_api"):
        for model in apps.get_app_config(app).get_models():
            yield f"{app}/{model._meta.model_name}"


@pytest.mark.parametrize("model", list(models()))
def test_every_model_has_a_list_and_only_quotas_and_rules_can_be_added(
    model: str, browser: Client
) -> None:
    log(begin(), loss=[1.0])

    assert browser.get(f"/admin/{model}/").status_code == 200
    addable = model in {"jobs/quota", "runs/retentionrule"}
    assert browser.get(f"/admin/{model}/add/").status_code == (200 if addable else 403)


def act(browser: Client, model: str, action: str, *rows: int) -> str:
    """The page that asks is tested in test_admin_confirming.py; here it was read, and answered."""
    form = {
        **{"action": action, "_selected_action": str(rows[0]), "confirmed": "yes"},
        "chosen": ",".join(str(row) for row in rows),
    }
    return browser.post(f"/admin/jobs/{model}/", form, follow=True).content.decode()


def test_cancel_goes_through_the_domain_and_says_what_it_could_not(browser: Client) -> None:
    over = factories.finish(begin())
    running = begin().job
    queued = factories.make_job(gpus=99)

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
        for prefix in ("attempts", "dependencies", "events")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    answer = browser.post(f"/admin/jobs/job/{job.pk}/change/", form | inlines)

    assert answer.status_code == 302
    job.refresh_from_db()
    assert (job.name, job.priority, job.status, job.attempt) == ("after", 5, "queued", 0)
    assert job.events.filter(kind="priority", actor="owner").exists()
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
    read_before.name = "after"
    form = SimpleNamespace(changed_data=["name"])

    site._registry[Job].save_model(RequestFactory().post("/"), read_before, form, change=True)

    now = Job.objects.get(pk=job.pk)
    assert (now.status, now.attempt, now.name) == ("running", 1, "after")


def test_the_priority_of_a_running_job_cannot_be_edited(browser: Client) -> None:
    job = begin().job

    assert (
        'name="priority"' not in browser.get(f"/admin/jobs/job/{job.pk}/change/").content.decode()
    )


def test_jobs_are_held_released_and_retried(browser: Client) -> None:
    job = factories.make_job()
    assert "1 held." in act(browser, "job", "hold_jobs", job.pk)
    assert factories.fresh(job).held_by == "owner"
    assert "1 released." in act(browser, "job", "release_jobs", job.pk)
    assert "only a job that has ended" in act(browser, "job", "retry_jobs", job.pk)
    factories.cancel(job)
    assert "1 queued again." in act(browser, "job", "retry_jobs", job.pk)
    assert Job.objects.get(retry_of=job.pk).user == "owner"


def test_workers_that_are_gone_are_deleted_and_the_others_kept(browser: Client) -> None:
    here = factories.make_worker("here", now=timezone.now())
    gone = factories.make_worker("gone", now=factories.NOON.replace(year=2020))

    page = act(browser, "worker", "delete_workers", here.pk, gone.pk)

    assert "1 deleted." in page
    assert "is online: stop its agent first" in page
    assert list(Worker.objects.values_list("worker_id", flat=True)) == ["here"]
    assert WorkerEvent.objects.get().kind == "deleted"


def test_the_projects_of_a_worker_are_set_through_the_domain(browser: Client) -> None:
    worker = factories.make_worker()
    address = f"/admin/jobs/worker/{worker.pk}/change/"

    assert browser.post(address, {"projects": " vision \nspeech\n\nvision"}).status_code == 302
    assert Worker.objects.get().projects == ["vision", "speech"]
    assert WorkerEvent.objects.get().message == "vision, speech"
    browser.post(address, {"projects": "vision\nspeech"})
    assert WorkerEvent.objects.count() == 1
    assert "At most 100" in browser.post(address, {"projects": "x" * 101}).content.decode()
    browser.post(address, {"projects": ""})
    assert Worker.objects.get().projects == []


def test_quotas_are_added_changed_and_deleted(browser: Client) -> None:
    form = {"scope": "user", "name": "ada", "running_gpus": "4"}
    page = browser.get("/admin/jobs/quota/add/").content.decode()
    assert "each one that has no quota of its own" in page

    assert browser.post("/admin/jobs/quota/add/", form).status_code == 302
    quota = Quota.objects.get()
    assert (quota.name, quota.running_gpus, quota.running_jobs) == ("ada", 4, None)
    assert "already exists" in browser.post("/admin/jobs/quota/add/", form).content.decode()
    address = f"/admin/jobs/quota/{quota.pk}"
    too_many = browser.post(f"{address}/change/", {"running_gpus": "9" * 12}).content.decode()
    assert "less than or equal to" in too_many
    browser.post(f"{address}/change/", {"running_jobs": "2", "name": "eve"})
    changed = Quota.objects.get()
    assert (changed.name, changed.running_gpus, changed.running_jobs) == ("ada", None, 2)
    browser.post(f"{address}/delete/", {"post": "yes"})
    assert not Quota.objects.exists()


def test_a_worker_cannot_be_deleted_and_a_jobs_environment_is_not_shown(browser: Client) -> None:
    worker = factories.make_worker()
    job = factories.make_job(env={"API_KEY": "hush-hush"})

    assert browser.get(f"/admin/jobs/worker/{worker.pk}/delete/").status_code == 403
    assert "hush-hush" not in browser.get(f"/admin/jobs/job/{job.pk}/change/").content.decode()
