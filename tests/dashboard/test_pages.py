"""Each page answers, says what is the case, and needs as many queries for thirty rows as for one."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job
from tests.dashboard.conftest import NAN, begin, log, log_series, run_of, say
from tests.jobs import factories

PAGES = ("/", "/runs/", "/queue/", "/workers/", "/submit/", "/compare/", "/compare/?runs=job-1")


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_server_shows_how_to_begin(path: str, browser: Client) -> None:
    answer = browser.get(path)

    assert answer.status_code == 200
    assert "whirr" in answer.content.decode()


def test_the_first_page_says_what_to_type(browser: Client) -> None:
    page = browser.get("/").content.decode()

    assert "whirr worker" in page
    assert "whirr submit -- python train.py" in page


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere_and_hold_no_inline_script(
    path: str, browser: Client
) -> None:
    begin(name="one")

    page = browser.get(path).content.decode()

    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://testserver", "")
    assert "<script>" not in page
    assert " style=" not in page
    assert " onclick=" not in page


def test_swaps_of_parts_copy_no_style_attributes_which_the_policy_forbids(browser: Client) -> None:
    page = browser.get("/").content.decode()
    told = re.search("<meta name=\"htmx-config\" content='([^']*)'>", page)
    assert told
    assert json.loads(told[1])["attributesToSettle"] == ["class", "width", "height"]


def test_nobody_sees_anything(db: None, client: Client) -> None:
    for path in (*PAGES, "/runs/job-1/", "/runs/job-1/log/lines"):
        assert client.get(path).status_code == 302
    assert client.post("/jobs/1/cancel").status_code == 401


def test_overview_shows_who_runs_where_and_who_waits_why(browser: Client) -> None:
    now = timezone.now()
    worker = factories.make_worker("gpu-a", gpus=1, now=now)
    attempt = begin(worker, name="first", now=now)
    log(attempt, loss=[1.0, 0.25])
    factories.make_job(name="second", now=now)
    factories.make_job(name="too large", gpus=8, now=now)

    page = browser.get("/").content.decode()

    assert "first" in page
    assert "0.25" in page
    assert "waits for a free slot: gpu-a is busy" in page
    assert "no worker could ever run it (it needs 8 GPUs): gpu-a: has 1 GPU, 8 needed" in page


@pytest.mark.parametrize("path", ["/", "/runs/", "/queue/", "/workers/"])
def test_thirty_rows_cost_as_many_queries_as_one(path: str, browser: Client) -> None:
    now = timezone.now()

    def add(number: int) -> None:
        worker = factories.make_worker(f"node{number}", gpus=2, now=now)
        attempt = begin(worker, name=f"run {number}", config={"lr": number}, now=now)
        log(attempt, loss=[0.5], acc=[0.5])
        if number % 2:
            factories.finish(attempt, now=now + timedelta(seconds=5))
        factories.make_job(gpus=50 + number, now=now)

    add(0)
    add(1)
    browser.get(path)  # the first look of a visitor is written down
    few = _count(browser, path)
    for number in range(2, 32):
        add(number)
    newest = path == "/runs/"  # a second page is asked for up to where the first one read
    assert _count(browser, path) == few + newest


def _count(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        assert browser.get(path).status_code == 200
    return len(counted)


def test_parts_are_the_same_partials_as_the_page(browser: Client) -> None:
    begin(name="the one")

    for path in ("/", "/runs/", "/queue/", "/workers/"):
        part = browser.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "the one" in part
        assert "<html" not in part


def test_run_page(browser: Client) -> None:
    attempt = begin(name="mine", config={"lr": 0.1}, tags=["a b"])
    log(attempt, loss=[1.0, 0.5], odd=[NAN])
    key = f"job-{attempt.job_id}"

    page = browser.get(f"/runs/{key}/").content.decode()

    assert 'data-board="/charts/board"' in page
    assert "python train.py" in page
    assert "0.5" in page
    assert f'action="/jobs/{attempt.job_id}/cancel"' in page
    assert browser.get(f"/runs/{key}/head").status_code == 200
    assert browser.get(f"/runs/{key}/side").status_code == 200


def test_a_failed_run_says_why_first(browser: Client) -> None:
    attempt = begin()
    say(attempt, b"Traceback (most recent call last):\nValueError: no\n")
    factories.finish(attempt, exit_code=1)

    page = browser.get(f"/runs/job-{attempt.job_id}/").content.decode()

    assert "ValueError: no" in page
    assert page.index("ValueError: no") < page.index("Config")


def test_each_attempt_keeps_its_own_log(browser: Client) -> None:
    attempt = begin(retries=1)
    say(attempt, b"first try\n")
    factories.finish(attempt, exit_code=1)
    Job.objects.update(not_before=None)
    second = factories.claim(attempt.worker)  # type: ignore[arg-type]
    say(second, b"second try\n")
    key = f"job-{attempt.job_id}"

    assert browser.get(f"/runs/{key}/log/lines").json()["lines"] == ["second try"]
    assert browser.get(f"/runs/{key}/log/lines?attempt=1").json()["lines"] == ["first try"]
    assert browser.get(f"/runs/{key}/?attempt=1").status_code == 200
    kept = browser.get(f"/runs/{key}/output.log?attempt=1")
    assert kept.getvalue() == b"first try\n"
    assert kept["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path",
    [
        "/runs/job-99999999/",
        "/runs/..%2f/",
        "/runs/job-1/?attempt=7",
        "/runs/job-1/?attempt=x",
        "/runs/job-1/log/lines?from=-1",
    ],
)
def test_what_is_not_there_is_a_page_that_is_not_there(path: str, browser: Client) -> None:
    begin()

    answer = browser.get(path)

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_what_the_agent_measured_is_a_closed_group_and_no_result(browser: Client) -> None:
    attempt = begin()
    log(attempt, loss=[1.0])
    log_series(attempt, {"system/gpu0/power_w": [300.0]}, first=1)
    key = run_of(attempt).key
    asked = {"runs": [key]}
    told = browser.post("/charts/board", asked, content_type="application/json").json()
    assert told["sections"] == [
        {"name": "", "keys": ["loss"], "open": True},
        {"name": "system", "keys": ["system/gpu0/power_w"], "open": False},
    ]
    assert "system/gpu0/power_w" not in browser.get("/runs/").content.decode()


@pytest.mark.parametrize(
    "path",
    ["/", "/runs/", "/queue/", "/workers/", "/arrays/", "/arrays/{}/", "/timeline/", "/trash/"],
)
def test_caches_keep_a_page_and_its_part_apart(path: str, browser: Client) -> None:
    """Both are under one address: with Back a browser showed the naked part."""
    path = path.format(factories.make_array("0-1")[0].array_id)

    whole, part = browser.get(path), browser.get(path, headers={"HX-Request": "true"})

    for answer in (whole, part):
        assert answer.status_code == 200
        assert "HX-Request" in answer["Vary"]
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert part["Cache-Control"] == "no-store"
