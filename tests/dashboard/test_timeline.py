"""The timeline of the night: its lanes, its bars, and what is to come."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.night import night_of, timeline
from dashboard.night.scale import Scale, marks
from jobs import attempted
from jobs.finishing import Outcome
from jobs.models import Job, Worker
from tests.dashboard.conftest import begin
from tests.jobs import factories
from tests.jobs.factories import NOON, after, claim, finish, make_job, make_worker

pytestmark = pytest.mark.django_db


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


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
