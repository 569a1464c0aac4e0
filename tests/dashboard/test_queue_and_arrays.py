"""The queue narrowed to what somebody looks for; arrays with their best member, retried once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job
from tests.dashboard.conftest import NAN, begin, log_series
from tests.jobs.factories import claim, finish, make_array, make_job, make_worker

pytestmark = pytest.mark.django_db


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


class TestQueue:
    @pytest.fixture(autouse=True)
    def some_jobs(self, db: None) -> None:
        now = timezone.now()
        begin(make_worker("gpu-a", now=now), name="runs", user="ada", project="vision", now=now)
        for number in range(3):
            make_job(name=f"of bob {number}", user="bob", project="speech", now=now)
        make_job(name="of owner", user="owner", project="vision", now=now)
        make_job(name="held back", user="bob", held=True, now=now)

    def names(self, browser: Client, query: str) -> set[str]:
        told = page(browser, f"/queue/?{query}")
        known = Job.objects.values_list("name", flat=True)
        return {name for name in known if f">{name}</a>" in told}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("user=ada", {"runs"}),
            ("user=me", {"of owner"}),
            ("project=vision", {"runs", "of owner"}),
            ("project=vision&state=running", {"runs"}),
            ("state=held", {"held back"}),
            ("user=bob&state=queued", {"of bob 0", "of bob 1", "of bob 2"}),
            ("user=nobody", set()),
            ("state=waiting", set()),
        ],
    )
    def test_it_is_narrowed(self, query: str, found: set[str], browser: Client) -> None:
        assert self.names(browser, query) == found

    def test_a_place_is_that_in_the_whole_queue(self, browser: Client) -> None:
        told = page(browser, "/queue/?user=me")
        assert '<span class="place" title="Place in the queue">4</span>' in told
        assert "3 jobs are before it" in told

    def test_mine_come_first_while_others_wait(self, browser: Client) -> None:
        told = page(browser, "/queue/")
        assert told.index("<h2>Mine</h2>") < told.index("<h2>Waiting</h2>")
        assert "<h2>Mine</h2>" not in page(browser, "/queue/?user=bob")

    def test_a_state_that_is_none(self, browser: Client) -> None:
        assert browser.get("/queue/?state=asleep").status_code == 404
        assert browser.get("/queue/?page=x&user=nobody").status_code == 200

    def test_cancelling_the_chosen_says_before_what_it_does(self, browser: Client) -> None:
        numbers = ",".join(map(str, Job.objects.filter(user="bob").values_list("pk", flat=True)))

        told = browser.get(f"/queue/cancel.json?jobs={numbers}").json()
        answer = browser.post("/queue/cancel", {"jobs": numbers}, headers={"HX-Request": "true"})

        assert told == {"count": 4, "told": "4 waiting jobs never start"}
        assert answer.content.decode() == "4 cancelled, 0 told to stop."
        assert Job.objects.filter(status="cancelled").count() == 4

    @pytest.mark.parametrize("jobs", ["", "x", "1,x", "-1", "1" * 30, ",".join(["1"] * 1001)])
    def test_numbers_that_are_none(self, jobs: str, browser: Client) -> None:
        assert browser.get("/queue/cancel.json", {"jobs": jobs}).status_code == 400
        answer = browser.post("/queue/cancel", {"jobs": jobs}, headers={"HX-Request": "true"})
        assert answer.status_code == 409

    def test_a_job_that_is_not_there(self, browser: Client) -> None:
        assert browser.get("/queue/cancel.json?jobs=999").status_code == 404
        assert browser.post("/queue/cancel", {"jobs": "999"}).status_code == 404

    def test_who_uses_how_much(self, browser: Client) -> None:
        told = page(browser, "/queue/usage")
        assert "You used 0 GPU-min in 7 days; 0 GPU-min count now, factor 1: turn 2 of 3" in told
        assert "Processors and memory do not count" in told
        assert '<td class="right num" data-label="waiting">4</td>' in told


class TestArrays:
    def grown(self) -> int:
        """Six members: losses 0.6 down to 0.2, one failed with a NaN, the last one waits."""
        now = timezone.now()
        jobs = make_array("0-5", name="sweep", now=now)
        worker = make_worker("gpu-a", gpus=1, now=now)
        for place in range(5):
            attempt = claim(worker, now=now)
            values = [1.0, NAN if place == 3 else 0.6 - place / 10]
            log_series(attempt, {"val/loss": values, "lr": [0.1]})
            finish(attempt, exit_code=int(place == 3), now=now + timedelta(seconds=60))
        return jobs[0].array_id or 0

    def test_its_progress_and_its_best(self, browser: Client) -> None:
        number = self.grown()

        told = page(browser, f"/arrays/{number}/")

        assert "5 of 6 members ended" in told
        assert "4 completed, 1 failed, 1 queued" in told
        assert '<b class="large num">0.2</b> <span class="soft">min of val/loss</span>' in told
        assert ">sweep[4]</a>" in told.partition("Best so far")[2].partition("</p>\n")[0]
        assert '<b class="large num">1</b>' in page(browser, f"/arrays/{number}/?goal=max")
        assert "lr" in page(browser, f"/arrays/{number}/?metric=lr")
        assert "No member has a number for nothing yet" in page(
            browser, f"/arrays/{number}/?metric=nothing"
        )

    def test_sorted_by_value_the_best_is_first_and_what_has_none_last(
        self, browser: Client
    ) -> None:
        told = page(browser, f"/arrays/{self.grown()}/?sort=value")
        members = told.partition('aria-label="Members"')[2]
        places = [members.index(f">sweep[{index}]</a>") for index in (4, 2, 1, 0, 3, 5)]
        assert places == sorted(places)

    def test_what_failed_is_retried_once(self, browser: Client) -> None:
        number = self.grown()
        assert "Retry 1 failed" in page(browser, f"/arrays/{number}/")

        for said in ("1 job queued again.", "Nothing is left to retry."):
            answer = browser.post(f"/arrays/{number}/retry", headers={"HX-Request": "true"})
            assert answer.content.decode() == said

        assert Job.objects.filter(array=number).count() == 7
        told = page(browser, f"/arrays/{number}/")
        assert "4 completed, 2 queued" in told
        assert "retry-failed" not in told

    def test_the_rest_is_cancelled(self, browser: Client) -> None:
        number = self.grown()
        browser.post(f"/arrays/{number}/cancel")
        told = page(browser, f"/arrays/{number}/")
        assert "4 completed, 1 failed, 1 cancelled" in told
        assert "Cancel the rest" not in told

    def test_the_list(self, browser: Client) -> None:
        assert "--array 0-9%4" in page(browser, "/arrays/")
        number = self.grown()
        told = page(browser, "/arrays/")
        assert f'href="/arrays/{number}/">sweep</a>' in told
        assert "5 / 6" in told

    @pytest.mark.parametrize("query", ["goal=best", "sort=colour"], ids=["goal", "sort"])
    def test_words_that_mean_nothing(self, query: str, browser: Client) -> None:
        assert browser.get(f"/arrays/{self.grown()}/?{query}").status_code == 404

    def test_an_array_that_is_not_there(self, browser: Client) -> None:
        for address in ("/arrays/7/", f"/arrays/{10**30}/"):
            assert browser.get(address).status_code == 404
        assert browser.post("/arrays/7/retry").status_code == 404
        assert browser.post("/arrays/7/explode").status_code == 404

    def test_a_hundred_members_cost_as_many_queries_as_two(self, browser: Client) -> None:
        def count(number: int) -> int:
            with CaptureQueriesContext(connection) as counted:
                page(browser, f"/arrays/{number}/")
            return len(counted)

        few = make_array("0-1", name="few")[0].array_id or 0
        many = make_array("0-99", name="many")[0].array_id or 0
        page(browser, "/arrays/")
        assert count(few) == count(many)
