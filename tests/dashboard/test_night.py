"""The overview tells how the night went: since when, what failed and why, what came back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.models import Visit
from dashboard.night import failures, visits
from jobs.finishing import Outcome
from jobs.models import Job
from runs.errors import NotFound
from tests.dashboard.conftest import OOM, begin, log_series, say
from tests.jobs import factories
from tests.jobs.factories import NOON, after

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    failures.forget()


class TestVisits:
    def test_a_first_look_tells_of_twelve_hours(self) -> None:
        assert visits.look("ada", now=NOON).at == NOON - timedelta(hours=12)

    def test_looks_within_half_an_hour_are_one_visit(self) -> None:
        visits.look("ada", now=NOON)
        first = visits.look("ada", now=after(8 * 3600))
        assert first.at == NOON
        assert visits.look("ada", now=after(8 * 3600 + 1700)).at == NOON
        assert visits.look("ada", now=after(8 * 3600 + 3300)).at == NOON

    def test_after_that_the_next_one_begins_at_the_last_look(self) -> None:
        visits.look("ada", now=NOON)
        last = after(1700)
        visits.look("ada", now=last)
        assert visits.look("ada", now=after(4000)).at == last

    def test_people_do_not_see_for_each_other(self) -> None:
        visits.look("ada", now=NOON)
        visits.look("bob", now=after(3600))
        assert visits.look("ada", now=after(7200)).at == NOON

    def test_after_years_the_page_still_fetches_itself_anew_for_a_month(self) -> None:
        visits.look("ada", now=NOON)
        back, month = NOON + timedelta(days=1000), timedelta(days=30)
        since = visits.look("ada", now=back)
        assert visits.moment_of(since.at.isoformat(), now=back + month) == since.at
        assert since.words == "The last 341 days"

    def test_seen_is_seen(self) -> None:
        visits.look("ada", now=NOON)
        visits.mark_seen("ada", now=after(60))
        assert visits.look("ada", now=after(90)).at == after(60)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("12h", NOON - timedelta(hours=12)),
            ("2029-12-31T12:00:00Z", NOON - timedelta(days=1)),
            ("2029-12-31T13:00:00+01:00", NOON - timedelta(days=1)),
            ("2029-12-31", NOON - timedelta(days=1, hours=12)),
        ],
    )
    def test_an_address_may_ask(self, text: str, found: datetime) -> None:
        assert visits.moment_of(text, now=NOON) == found

    @pytest.mark.parametrize(
        "text", ["soon", "-1h", "99999d", "0001-01-01", "9999-12-31", "\x00", "1" * 400]
    )
    def test_nonsense_is_refused(self, text: str) -> None:
        with pytest.raises(NotFound):
            visits.moment_of(text, now=NOON)


def page(browser: Client, address: str = "/?since=12h") -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


class TestOverview:
    def test_equal_failures_stand_together_with_their_count(self, browser: Client) -> None:
        now = timezone.now()
        worker = factories.make_worker("gpu-a", gpus=8, now=now)
        for number in range(3):
            attempt = begin(worker, name=f"wide {number}", now=now)
            say(attempt, OOM.format(who="ada", line=number, size=number, gpu=number).encode())
            factories.finish(attempt, exit_code=1, now=now)
        other = begin(worker, name="narrow", now=now)
        factories.finish(other, exit_code=3, now=now)

        told = page(browser)

        assert (
            '<span class="how-many">3 \N{MULTIPLICATION SIGN}</span> <b>CUDA out of memory</b>'
            in told
        )
        assert '<span class="how-many">1 \N{MULTIPLICATION SIGN}</span> <b>exit code 3</b>' in told
        assert "0 runs completed, 4 failed" in told

    def test_last_words_that_arrive_after_the_end_are_heard(self, browser: Client) -> None:
        now = timezone.now()
        attempt = begin(now=now)
        factories.finish(attempt, exit_code=1, now=now)
        assert "<b>exit code 1</b>" in page(browser)
        say(attempt, OOM.format(who="ada", line=1, size=2, gpu=0).encode())
        assert "<b>CUDA out of memory</b>" in page(browser)

    def test_what_was_lost_and_came_back_is_told(self, browser: Client) -> None:
        now = timezone.now()
        worker = factories.make_worker("gpu-a", gpus=1, now=now)
        first = begin(worker, name="unlucky", now=now)
        factories.finish(first, Outcome.LOST, now=now)
        Job.objects.update(not_before=None)
        second = factories.claim(worker, now=now)
        factories.finish(second, now=now)

        told = page(browser)

        assert "lost with a worker</b>: 1 completed since" in told

    def test_a_good_night_is_one_line(self, browser: Client) -> None:
        now = timezone.now()
        worker = factories.make_worker("gpu-a", gpus=2, now=now)
        for _ in range(2):
            attempt = begin(worker, now=now - timedelta(hours=3))
            factories.finish(attempt, now=now)
        factories.sync(worker, now=now)

        told = page(browser)

        assert "All went well: 2 runs completed, 6 GPU-h used." in told
        assert "is-quiet" in told

    def test_free_gpus_while_jobs_wait_are_said_loudly(self, browser: Client) -> None:
        now = timezone.now()
        factories.make_worker("gpu-a", gpus=2, now=now)
        factories.make_job(gpus=8, now=now)

        told = page(browser)

        assert "2 GPUs idle on gpu-a though 1 job waits." in told

    def test_a_held_job_makes_no_gpu_idle(self, browser: Client) -> None:
        now = timezone.now()
        factories.make_worker("gpu-a", gpus=2, now=now)
        factories.make_job(held=True, now=now)
        assert "data-idle" not in page(browser)

    def test_jobs_without_any_worker_are_told_with_what_to_type(self, browser: Client) -> None:
        now = timezone.now()
        factories.make_worker("gpu-a", gpus=2, now=now - timedelta(hours=2))
        factories.make_job(now=now)

        told = page(browser)

        assert "1 job waits; no worker is online. Last seen: gpu-a, 2 h ago." in told
        assert "./whirr-worker -s http://testserver" in told

    def test_a_worker_that_fell_silent_meanwhile_is_a_trouble(self, browser: Client) -> None:
        now = timezone.now()
        factories.make_worker("gpu-a", gpus=2, now=now - timedelta(hours=2))
        begin(factories.make_worker("gpu-b", now=now), now=now)
        assert "fell silent 2 h ago" in page(browser)
        assert "fell silent" not in page(browser, "/?since=1h")

    def test_what_ended_before_the_last_look_is_no_news(self, browser: Client) -> None:
        now = timezone.now()
        attempt = begin(name="old one", now=now - timedelta(hours=2))
        factories.finish(attempt, exit_code=1, now=now - timedelta(hours=1))
        Visit.objects.create(name="owner", since=now, last=now - timedelta(minutes=40))
        assert "Nothing ended" in page(browser, "/")

    def test_marking_as_seen(self, browser: Client) -> None:
        attempt = begin(now=timezone.now())
        factories.finish(attempt, exit_code=1, now=timezone.now())
        assert "1 failed" in page(browser, "/")

        answer = browser.post("/seen")

        assert answer.status_code == 302
        assert "Nothing ended" in page(browser, "/")

    @pytest.mark.parametrize("address", ["/?since=soon", "/?since=9999-01-01", "/timeline/?from=x"])
    def test_nonsense_in_the_address_is_a_page_that_is_not_there(
        self, address: str, browser: Client
    ) -> None:
        assert browser.get(address).status_code == 404


def test_a_row_has_the_whole_name_as_its_tip_and_numbers_on_its_second_line(
    browser: Client,
) -> None:
    attempt = begin(name='vit "small" <1>', tags=["a", "b"], now=timezone.now())
    log_series(attempt, {"loss": [0.25]})
    told = page(browser)
    assert 'title="vit &quot;small&quot; &lt;1&gt;"' in told
    assert '<span class="row-tags" title="a, b">' in told
    facts = told.partition('<div class="facts">')[2].partition("</div>")[0]
    assert '<span class="latest num">loss <b>0.25</b></span>' in facts


class TestFirstSteps:
    def test_they_tick_one_by_one_and_go_with_the_last(self, browser: Client) -> None:
        empty = page(browser, "/")
        assert "0 of 4 done" in empty
        assert "Fill with demo data" in empty

        now = timezone.now()
        first, *_ = [factories.make_job(now=now) for _ in range(3)]
        waiting = page(browser, "/")
        assert "1 of 4 done" in waiting
        assert f"{first.run.key}</a> is queued; this line ticks when it runs" in waiting
        assert "data-deserted" not in waiting

        worker = factories.make_worker("gpu-a", gpus=64, now=now)
        assert "2 of 4 done" in page(browser, "/")
        attempt = factories.sync(worker, now=now).jobs[0].attempt
        assert "3 of 4 done" in page(browser, "/")
        log_series(attempt, {"system/cpu": [1.0]})
        assert "3 of 4 done" in page(browser, "/")
        log_series(attempt, {"loss": [1.0]}, first=1)
        assert "First steps" not in page(browser, "/")

    def test_each_line_works_as_it_is_copied(self, browser: Client, settings: Any) -> None:
        told = page(browser, "/")
        start = "whirr worker --server http://testserver --token-file ~/whirr-token</code>"
        lines = ("(umask 077; cat &gt; ~/whirr-token)", "export WHIRR_SERVER_URL=http://testserver")
        places = [told.index(line) for line in (str(settings.DATA_DIR / "secret"), *lines, start)]
        assert places == sorted(places)
        assert told.count(start) == 2  # among the steps, and where the workers would be
        assert "~/whirr-token" in page(browser, "/workers/")

    def test_demo_data_ticks_nothing(self, browser: Client) -> None:
        browser.post("/demo")
        told = page(browser, "/")
        assert "data-demo" in told
        assert "0 of 4 done" in told

    def test_whoever_closes_them_is_not_shown_them_again(self, browser: Client) -> None:
        page(browser, "/")
        assert browser.get("/first-steps/close").status_code == 405
        assert browser.post("/first-steps/close").status_code == 302
        assert "First steps" not in page(browser, "/")
        Visit.objects.update(name="ada")
        assert "First steps" in page(browser, "/")

    def test_closing_them_before_the_first_look_forgets_no_news(self) -> None:
        visits.close_steps("ada", now=NOON)
        assert visits.has_closed_steps("ada")
        assert visits.look("ada", now=after(60)).at == NOON - timedelta(hours=12)

    def test_strangers_close_nothing(self, db: None, client: Client) -> None:
        assert client.post("/first-steps/close").status_code == 401
