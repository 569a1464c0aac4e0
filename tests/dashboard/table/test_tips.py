"""What the tooltip of a cell says more."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.table import tips
from jobs.explaining import explain
from runs.models import Run, Series
from runs.series import reading
from tests.dashboard.conftest import NAN, begin, log, run_of
from tests.jobs import factories

pytestmark = pytest.mark.django_db


def told(browser: Client, run: str, column: str) -> Any:
    answer = browser.get("/runs/tip.json", {"run": run, "column": column})
    return answer.json()["text"] if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("metric.loss:best", "at step 2"),
        ("metric.loss:min", "at step 2"),
        ("metric.loss:max", "at step 0"),
        ("metric.acc:best", "at step 1"),
        ("metric.loss", ""),
        ("metric.odd:best", ""),
        ("metric.nowhere:best", 404),
        ("state", ""),  # it runs: its badge says all
        ("config.loss", ""),
        ("!", 400),
        ("", 400),
    ],
)
def test_the_best_of_a_metric_has_its_step(column: str, text: Any, browser: Client) -> None:
    attempt = begin()
    log(attempt, loss=[9.0, 4.0, 1.0, NAN, 1.0, 3.0], acc=[0.5, 0.9, 0.2])
    log(attempt, odd=[NAN])

    assert told(browser, run_of(attempt).key, column) == text


def test_a_run_that_is_none_has_no_tip(browser: Client) -> None:
    assert told(browser, "job-999", "metric.loss:best") == 404
    assert told(browser, "", "state") == 404


@pytest.mark.parametrize("place", [0, 1, 499, 777, 999])
def test_a_long_series_is_looked_at_bucket_by_bucket(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[dict[str, Any]] = []
    read = reading.read

    def counted(*args: Any, **given: Any) -> list[reading.Reading]:
        looks.append(given)
        return read(*args, **given)

    monkeypatch.setattr(tips, "WIDTH", 10)
    monkeypatch.setattr(reading, "read", counted)
    attempt = begin()
    log(attempt, loss=[float(abs(at - place)) for at in range(1000)])

    found = tips.tip(run_of(attempt).key, "metric.loss:best", now=timezone.now())

    assert (found, len(looks) <= 3) == (f"at step {place}", True)


def test_steps_that_go_back_tell_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tips, "WIDTH", 2)
    attempt = begin()
    log(attempt, loss=[3.0, 2.0, 1.0, 2.0, 3.0, 4.0])
    Series.objects.update(is_ordered=False)

    assert tips.tip(run_of(attempt).key, "metric.loss:min", now=timezone.now()) == ""


def test_a_state_says_why_and_since_when_and_a_waiting_run_why_it_waits(
    browser: Client, six: list[Run]
) -> None:
    job = factories.make_job(name="w")
    page = browser.get("/runs/", {"cols": "name,state,metric.loss:best"}).content.decode()

    assert page.count('title="running, since 2030-01-01 12:00 UTC"') == 2
    assert page.count('title="pending, since 2030-01-01 12:00 UTC"') == 1
    assert page.count('data-tip="state"') == 1  # of the others nothing more is known
    assert page.count('data-tip="metric.loss:best"') == 6
    assert told(browser, job.run.key, "state") == explain(job.pk, now=timezone.now()).summary != ""


def test_a_run_that_came_back_says_since_when_it_waits_and_then_since_when_it_runs(
    browser: Client,
) -> None:
    """Not since its first attempt, which stays the start of the run."""
    worker = factories.make_worker()
    attempt = begin(worker, retries=1)
    factories.finish(attempt, exit_code=1, now=factories.after(3600))

    def page() -> str:
        return browser.get("/runs/", {"cols": "name,state"}).content.decode()

    assert page().count('title="pending, since 2030-01-01 13:00 UTC"') == 1
    factories.claim(worker, now=factories.after(7200))
    assert page().count('title="running, since 2030-01-01 14:00 UTC"') == 1


@pytest.mark.parametrize(
    ("status", "attempt", "title"),
    [
        ("running", 3, "running"),
        ("running", 1, "running, since 2030-01-01 12:00 UTC"),
        ("pending", 3, "pending"),
        ("pending", 0, "pending, since 2030-01-01 12:00 UTC"),
    ],
)
def test_a_state_says_no_time_that_nobody_knows(
    status: str, attempt: int, title: str, browser: Client
) -> None:
    """A run of a job that is not here, as after it was made again from its files."""
    noon = factories.NOON
    times = {"created_at": noon, "started_at": noon if attempt else None}
    Run.objects.create(key="job-9", kind="job", status=status, attempt=attempt, **times)

    page = browser.get("/runs/", {"cols": "name,state"}).content.decode()
    assert page.count(f'title="{title}"') == 1
