"""Names, tags, configs, metrics, artifacts, workers and logs are data: nothing in them ever becomes a page."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jobs.models import Job
from runs.models import Artifact
from tests.dashboard.conftest import begin, log_series, run_of, say
from tests.jobs import factories

EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>{{ 7|add:7 }}</script>"
PAGES = (
    "/",
    "/runs/",
    "/runs/{run}/",
    "/queue/",
    "/workers/",
    "/compare/?runs={run},job-2",
    "/admin/jobs/job/",
    "/admin/jobs/job/{job}/change/",
    "/admin/jobs/worker/",
    "/admin/runs/run/",
    "/admin/runs/series/",
)


@pytest.fixture
def poisoned(browser: Client) -> Client:
    now = timezone.now()
    cards = [{"index": 0, "name": EVIL, "uuid": EVIL, "memory_mb": 1}]
    worker = factories.make_worker(EVIL[:100].replace("/", "|"), gpus=cards, now=now, tags=[EVIL])
    attempt = begin(
        worker, now=now, name=EVIL, tags=[EVIL], config={EVIL: EVIL, "n": {EVIL: [EVIL]}}
    )
    run = run_of(attempt)
    run.summary = {EVIL: EVIL}
    run.save()
    log_series(attempt, {EVIL: [1.0]})
    say(attempt, EVIL.encode() + b"\n\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07\n")
    Artifact.objects.create(
        run=run, attempt=1, path=EVIL, size=0, received=0, modified_at=factories.NOON
    )
    factories.finish(attempt, exit_code=1, message=EVIL)
    factories.make_job(name=EVIL, user=EVIL[:100], config={EVIL: 2})
    return browser


def first_job() -> Job:
    job = Job.objects.order_by("pk").first()
    assert job is not None
    return job


@pytest.mark.parametrize("path", PAGES)
def test_hostile_text_is_shown_as_text(path: str, poisoned: Client) -> None:
    job = first_job()
    answer = poisoned.get(path.format(run=job.run.key, job=job.pk))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "onerror=alert" in page or "&lt;img" in page or path == "/admin/runs/series/"
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "14</script>" not in page


def test_hostile_queries_come_back_as_text(poisoned: Client) -> None:
    for path in ("/runs/", "/compare/", "/submit/", "/enter"):
        for name in ("q", "state", "tag", "sort", "runs", "workdir", "next"):
            page = poisoned.get(path, {name: EVIL}).content.decode()
            assert "<img src=x" not in page
            assert "<script>alert" not in page


def test_a_log_travels_as_json_and_downloads_as_text(poisoned: Client) -> None:
    key = first_job().run.key
    window = poisoned.get(f"/runs/{key}/log/lines?tail=500")
    kept = poisoned.get(f"/runs/{key}/output.log")

    assert window["Content-Type"] == "application/json"
    assert window.json()["lines"][0].startswith("<img")
    assert kept["Content-Type"] == "text/plain; charset=utf-8"
    assert kept["Content-Disposition"].startswith("attachment")
    assert kept["X-Content-Type-Options"] == "nosniff"
    kept.close()


def test_strange_loads_of_an_agent_break_no_page(browser: Client) -> None:
    now = timezone.now()
    worker = factories.make_worker(gpus=2, now=now)
    loads: list[Any] = [
        [],
        "x",
        {"gpus": "x"},
        {"gpus": [1, {"index": 0, "utilization": "NaN"}]},
        {"cpu_percent": {}},
    ]
    for load in loads:
        worker.load = load
        worker.save()
        assert browser.get("/").status_code == 200
