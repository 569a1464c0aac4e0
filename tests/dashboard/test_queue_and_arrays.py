"""The queue narrowed to what somebody looks for; arrays with their best member, retried once; the timeline's lanes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.night import night_of, timeline
from dashboard.night.scale import Scale, marks
from jobs import attempted
from jobs.finishing import Outcome
from jobs.models import Job, Worker
from tests.dashboard.conftest import NAN, begin, log_series
from tests.jobs import factories
from tests.jobs.factories import NOON, after, claim, finish, make_array, make_job, make_worker

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


class TestTimeline:
    def shown(self, since: float = 0, until: float = 3600) -> timeline.Timeline:
        now = after(until)
        return night_of.timeline_of(after(since), now, now=now)

    def test_a_lane_for_each_gpu_and_a_bar_for_each_attempt(self) -> None:
        worker = make_worker("gpu-a", gpus=2)
        make_job(name="one", gpus=2)
        finish(claim(worker), now=after(900))
        make_job(name="two", now=after(1800))
        claim(worker, now=after(1800), gpus=[1])

        (machine,) = self.shown().machines

        bars = [
            [(bar.first.name, bar.status, bar.left, bar.width) for bar in lane.bars]
            for lane in machine.lanes
        ]
        assert bars == [
            [("one", "succeeded", 0.0, 25.0)],
            [("one", "succeeded", 0.0, 25.0), ("two", "running", 50.0, 50.0)],
        ]

    def test_a_bar_says_what_it_is_and_leads_to_its_attempt(self) -> None:
        worker = make_worker("gpu-a", gpus=1)
        make_job(name="unlucky")
        finish(claim(worker), Outcome.LOST, now=after(60))
        Job.objects.update(not_before=None)
        claim(worker, now=after(120))

        first, second = self.shown().machines[0].lanes[0].bars

        assert first.told.startswith("unlucky · lost · 12:00 to 12:01 UTC · 1 m 00 s · ada")
        assert first.href.endswith("?attempt=1")
        assert second.told == "unlucky · running · 12:02 to now UTC · ada · attempt 2"
        assert "?" not in second.href

    def test_bars_too_thin_to_be_told_apart_stand_together_and_the_worst_shows(self) -> None:
        worker = make_worker("gpu-a", gpus=1)
        for number in range(5):
            make_job(name=f"short {number}")
            finish(claim(worker), exit_code=int(number == 2), now=after(1 + number / 10))
        (bar,) = self.shown().machines[0].lanes[0].bars
        assert bar.status == "failed"
        assert bar.told == "5 attempts, 1 failed: short 0 and others"
        assert bar.href == f"/runs/{bar.spans[2].run}/"

    def test_a_reservation_and_a_time_limit_are_seen(self) -> None:
        worker = make_worker("gpu-a", gpus=1)
        make_job(timeout_seconds=7200)
        claim(worker)
        wide = make_job(gpus=1)
        Worker.objects.update(reserved_for=wide, reserved_at=after(1800))
        now = after(3600)
        lane = night_of.timeline_of(NOON, after(10_800), now=now).machines[0].lanes[0]
        assert lane.kept == wide.pk
        assert (lane.kept_from, lane.kept_width) == (16.667, 83.333)
        assert lane.bars[0].ghost == 33.334

    def test_how_many_waited_when(self) -> None:
        worker = make_worker("gpu-a", gpus=1)
        for _ in range(3):
            make_job()
        claim(worker, now=after(1800))
        found = self.shown()
        assert found.most_waiting == 3
        assert [(step.left, step.width, step.count) for step in found.waits] == [
            *((0.0, 50.0, 3), (50.0, 50.0, 2)),
        ]

    def test_jobs_without_a_gpu_stand_side_by_side(self) -> None:
        worker = make_worker("cpu", gpus=0, slots=2)
        for _ in range(2):
            make_job()
        factories.sync(worker)
        labels = [lane.label for lane in self.shown().machines[0].lanes]
        assert labels == ["CPU 0", "CPU 1"]

    def test_a_worker_that_is_gone_keeps_its_lane(self) -> None:
        make_job()
        finish(claim(worker := make_worker("gone", gpus=1)), now=after(60))
        worker.delete()
        (machine,) = self.shown().machines
        assert (machine.name, machine.known, len(machine.lanes)) == ("gone", False, 1)

    @pytest.mark.parametrize("hours", [1, 3, 12, 24, 72, 168])
    def test_there_are_a_handful_of_marks(self, hours: int) -> None:
        found = marks(Scale(NOON, NOON + timedelta(hours=hours)))
        assert 3 <= len(found) <= 10
        assert all(0 <= mark.left <= 100 for mark in found)

    def test_what_is_too_much_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attempted, "MOST", 2)
        monkeypatch.setattr(timeline, "LISTED", 1)
        worker = make_worker("gpu-a", gpus=1)
        for number in range(4):
            make_job()
            finish(claim(worker), now=after(100 * number + 50))
        assert (self.shown().not_read, self.shown().left_out) == (2, 1)

    @pytest.mark.parametrize(
        "query",
        [
            "from=1h&to=2h",
            "from=2029-01-01&to=2h",
            "from=x",
            "to=y",
            "from=40d",
            "ahead=x",
            "ahead=-6h",
            "ahead=31d",
            "to=1h&ahead=1h",
        ],
    )
    def test_times_that_cannot_be_meant(self, query: str, browser: Client) -> None:
        assert browser.get(f"/timeline/?{query}").status_code == 404

    def test_the_page_and_its_table(self, browser: Client) -> None:
        now = timezone.now()
        begin(make_worker("gpu <a>", now=now), name="<b>bold</b>", now=now)
        told = page(browser, "/timeline/?from=3h")
        assert "<b>bold</b>" not in told
        assert "gpu &lt;a&gt;" in told
        assert '<caption class="unseen">Attempts of this time' in told
