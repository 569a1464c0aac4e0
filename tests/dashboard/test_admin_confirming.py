"""The admin asks before it does anything to many: what would happen, to whom, and what would stay as it is."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.models import Job, Worker
from runs import admin_confirming
from runs.models import Run
from tests.dashboard.conftest import begin, run_of
from tests.jobs import factories

JOBS = "/admin/jobs/job/"


def ask(browser: Client, address: str, action: str, *rows: int, **more: Any) -> str:
    form = {"action": action, "index": "0", "_selected_action": [str(row) for row in rows]}
    answer = browser.post(address, form | more, follow=True)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def confirm(browser: Client, page: str, address: str, **more: str) -> str:
    """Send the form of the page as it stands."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    answer = browser.post(address, fields | more, follow=True)
    return html.unescape(answer.content.decode())


def test_cancelling_says_what_it_would_stop_and_what_it_would_not_and_does_nothing_yet(
    browser: Client,
) -> None:
    over = factories.finish(begin(name="over"))
    running = begin(user="grace", name="deep", grace_seconds=45).job
    queued = factories.make_job(gpus=99)

    page = ask(browser, JOBS, "cancel_jobs", over.pk, running.pk, queued.pk)

    assert "<title>Cancel 2 jobs?" in page
    assert "stops 1 running job, up to 45 s after it is told; 1 waiting job never starts" in page
    assert "deep, running on node1, of grace" in page
    assert "has ended already: it is completed" in page
    assert not Job.objects.filter(cancel_requested_at__isnull=False).exists()

    done = confirm(browser, page, JOBS)

    assert "2 cancelled." in done
    assert "has ended already: it is completed" in done
    assert factories.statuses([over, running, queued]) == ["completed", "running", "cancelled"]
    assert factories.fresh(running).cancel_requested


@pytest.mark.parametrize(
    "action", ["cancel_jobs", "retry_jobs", "requeue_jobs", "hold_jobs", "release_jobs"]
)
def test_no_action_on_jobs_is_done_at_once(browser: Client, action: str) -> None:
    jobs = [begin().job, factories.make_job(gpus=99), factories.finish(begin())]
    before = list(Job.objects.order_by("pk").values())

    ask(browser, JOBS, action, *(job.pk for job in jobs))

    assert list(Job.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("action", ["disable", "enable", "drain", "resume", "delete_workers"])
def test_no_action_on_workers_is_done_at_once(browser: Client, action: str) -> None:
    worker = begin().worker
    assert worker
    page = ask(browser, "/admin/jobs/worker/", action, worker.pk)

    assert worker.worker_id in page
    kept = Worker.objects.get()
    assert (kept.disabled, kept.draining) == (False, False)


def test_draining_says_what_runs_there(browser: Client) -> None:
    worker = begin().worker
    assert worker
    page = ask(browser, "/admin/jobs/worker/", "drain", worker.pk)

    assert "what runs there runs on: 1 job" in page


def test_all_that_a_filter_finds_are_meant_but_none_that_came_later(browser: Client) -> None:
    jobs = [factories.make_job(name=f"a{number}") for number in range(3)]
    page = ask(browser, JOBS + "?q=a", "hold_jobs", jobs[0].pk, select_across="1")
    later = factories.make_job(name="a9")

    assert "3 held." in confirm(browser, page, JOBS + "?q=a")
    assert not factories.fresh(later).is_held


def test_too_many_are_refused_and_a_forged_answer_does_nothing(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [factories.make_job() for _ in range(3)]
    monkeypatch.setattr(admin_confirming, "MOST", 2)
    page = ask(browser, JOBS, "hold_jobs", jobs[0].pk, select_across="1")
    assert "These are more than 2 jobs" in page
    for chosen in ("", "x", "1,", "-1", "9" * 19, "1;2"):
        form = {"action": "hold_jobs", "_selected_action": str(jobs[0].pk), "confirmed": "yes"}
        answer = browser.post(JOBS, form | {"chosen": chosen}, follow=True)
        assert "Nothing was done" in answer.content.decode()
    assert not Job.objects.filter(held_at__isnull=False).exists()


def test_the_page_shows_fifty_and_asks_the_database_no_more_for_many(browser: Client) -> None:
    def asked(*rows: int) -> tuple[str, int]:
        with CaptureQueriesContext(connection) as counted:
            page = ask(browser, JOBS, "cancel_jobs", *rows)
        return page, len(counted)

    keys = [factories.make_job(gpus=99).pk for _ in range(60)]
    asked(*keys[:2])
    few = asked(*keys[:2])[1]
    page, many = asked(*keys)
    assert many == few
    assert page.count('/change/">job ') == 50
    assert "and 10 more" in page


def test_the_priority_is_asked_for_and_wrong_ones_are_refused(browser: Client) -> None:
    job, running = factories.make_job(gpus=99), begin().job
    page = ask(browser, JOBS, "prioritise_jobs", job.pk, running.pk)
    assert "Change the priority of 1 job?" in page
    for wrong in ("", "much", str(2**31)):
        again = confirm(browser, page, JOBS, priority=wrong)
        assert "errorlist" in again
    done = confirm(browser, again, JOBS, priority="7")
    assert "1 given the new priority." in done
    assert factories.fresh(job).priority == 7
    assert factories.fresh(running).priority == 0


def test_what_a_name_holds_is_text(browser: Client) -> None:
    job = factories.make_job(name="<script>alert(1)</script>")
    form = {"action": "hold_jobs", "index": "0", "_selected_action": [str(job.pk)]}
    page = browser.post(JOBS, form).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_runs_go_to_the_trash_after_the_question(browser: Client) -> None:
    ended, running = begin(), begin()
    factories.finish(ended)
    address = "/admin/runs/run/"
    page = ask(browser, address, "discard", run_of(ended).pk, run_of(running).pk)

    assert "Move to the trash: 1 run?" in page
    assert "cancel its job first" in page
    assert not Run.objects.filter(trashed_at__isnull=False).exists()
    assert "1 in the trash." in confirm(browser, page, address)
    assert run_of(ended).trashed_at
    page = ask(browser, address, "restore", run_of(ended).pk, run_of(running).pk)
    assert "is not in the trash" in page
    assert "1 restored." in confirm(browser, page, address)
    assert not run_of(ended).trashed_at
