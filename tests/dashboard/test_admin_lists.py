"""The lists of the admin: states in signs and words, filters for what people ask, and tables never counted whole."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.admin.job_fields import ELSEWHERE, FIELDSETS
from jobs.models import Job
from runs import admin_counting
from tests.dashboard.conftest import begin
from tests.jobs import factories

JOBS = "/admin/jobs/job/"


def shown(browser: Client, query: str = "") -> list[int]:
    """The numbers of the jobs in the list."""
    page = browser.get(JOBS + query, follow=True).content.decode()
    return [int(number) for number in re.findall(r'class="field-id[^"]*"><a[^>]*>(\d+)<', page)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("?held=yes", [0]), ("?held=no", [1]), ("?held=x", [0, 1]), ("?held=", [0, 1])],
)
def test_held_jobs_are_a_filter(browser: Client, query: str, expected: list[int]) -> None:
    held = factories.make_job()
    free = factories.make_job()
    Job.objects.filter(pk=held.pk).update(held_at=factories.NOON, held_by="ada")

    assert sorted(shown(browser, query)) == [(held, free)[at].pk for at in expected]


def test_users_of_late_are_a_filter_and_an_older_one_is_still_found(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, _ = factories.make_job(user="old"), factories.make_job(user="new")
    monkeypatch.setattr(admin_counting, "LATELY", 1)
    page = browser.get(JOBS).content.decode()
    assert "?user=new" in page
    assert "?user=old" not in page
    assert shown(browser, "?user=old") == [old.pk]
    assert shown(browser, "?user=nobody") == []


def test_states_are_words_with_a_sign(browser: Client) -> None:
    held, told = factories.make_job(gpus=99), begin().job
    Job.objects.filter(pk=held.pk).update(held_at=factories.NOON, held_by="ada")
    factories.cancel(told)
    page = browser.get(JOBS).content.decode()
    assert '<span class="state is-held">held</span>' in page
    assert '<span class="state is-cancelling">cancelling</span>' in page
    run = browser.get("/admin/runs/run/").content.decode()
    assert '<span class="state is-running">running</span>' in run


def counting(browser: Client, address: str) -> tuple[str, list[str]]:
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(address).content.decode()
    counts = [each["sql"] for each in asked if "COUNT(*)" in each["sql"]]
    return page, counts


@pytest.mark.parametrize("model", ["job", "attempt", "jobevent", "worker"])
def test_no_list_counts_a_whole_table(browser: Client, model: str) -> None:
    begin()
    _, counts = counting(browser, f"/admin/jobs/{model}/")
    assert counts
    assert all(f"LIMIT {admin_counting.COUNTED + 1}" in each for each in counts)


def test_beyond_the_bound_the_page_says_that_it_did_not_count(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        factories.make_job(name=f"a{number}")
    monkeypatch.setattr(admin_counting, "COUNTED", 3)
    monkeypatch.setattr(admin_counting, "_rows_told", lambda model: 0)
    assert "more than 3 jobs" in counting(browser, JOBS)[0]
    monkeypatch.setattr(admin_counting, "_rows_told", lambda model: 1_234_567)
    assert "about 1,234,567 jobs" in counting(browser, JOBS)[0]
    assert "more than 3 jobs" in counting(browser, f"{JOBS}?q=a")[0]
    assert len(shown(browser, "?q=a")) == 4


@pytest.mark.django_db
def test_the_database_is_asked_what_it_believes_and_answers_with_a_number() -> None:
    assert admin_counting._rows_told(Job) <= 0


def test_every_field_of_a_job_is_on_its_form_once_and_its_secrets_are_not(browser: Client) -> None:
    named: list[str] = []
    for _, options in FIELDSETS:
        for each in options["fields"]:
            named += [each] if isinstance(each, str) else list(each)
    assert len(named) == len(set(named))
    assert {field.name for field in Job._meta.fields} - set(named) == ELSEWHERE
    job = begin().job
    page = browser.get(f"{JOBS}{job.pk}/change/").content.decode()
    assert page.count(f'href="/runs/{job.run.key}/"') == 1
    assert (
        page.index("attempts-group") < page.index("events-group") < page.index("dependencies-group")
    )


def test_the_queue_stands_first_and_schedules_that_the_program_writes_are_hidden(
    browser: Client,
) -> None:
    page = browser.get("/admin/").content.decode()
    order = re.findall(r'class="app-(\w+) module', page)
    assert order[:3] == ["jobs", "runs", "auth"]
    assert "django_celery_beat" not in page
    models = re.findall(r'class="model-(\w+)', page)
    assert models[:3] == ["job", "worker", "quota"]
    assert browser.get("/admin/django_celery_beat/periodictask/").status_code == 404
    assert browser.get("/admin/jobs/").status_code == 200
