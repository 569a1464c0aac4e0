"""The timeline past now: when running jobs may end, where and when waiting ones may start."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.night import night_of, timeline
from jobs.models import Worker
from tests.dashboard.conftest import begin
from tests.jobs.factories import NOON, after, claim, finish, make_job, make_worker

pytestmark = pytest.mark.django_db


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


class TestAhead:
    def ahead(self, until: float = 7200) -> timeline.Timeline:
        Worker.objects.update(heartbeat_at=after(1800))
        return night_of.timeline_of(NOON, after(until), now=after(1800))

    def test_past_now_stands_when_what_runs_may_end_and_what_waits_may_start(self) -> None:
        worker = make_worker("gpu-a", gpus=1)
        make_job(name="train")
        finish(claim(worker), now=after(900))
        make_job(name="train", now=after(1500))
        claim(worker, now=after(1500))
        make_job(name="train", user="bob")
        make_job(name="new", command_argv=["new"])
        found = self.ahead()

        (lane,) = found.machines[0].lanes

        assert (lane.bars[1].left, lane.bars[1].width, lane.bars[1].expected) == (
            20.833,
            4.167,
            8.333,
        )
        assert lane.bars[1].told.endswith("ada · may end at 12:40 UTC, a guess")
        assert [(plan.left, plan.width) for plan in lane.plans] == [(33.333, 12.5), (45.833, 12.5)]
        assert (
            lane.plans[0].told == "train · waits · may run from 12:40 to 12:55 UTC, a guess · bob"
        )
        assert [each.label for each in found.coming] == ["train", "new"]

    def test_jobs_without_a_gpu_are_planned_side_by_side(self) -> None:
        worker = make_worker("cpu", gpus=0, slots=2)
        make_job()
        finish(claim(worker), now=after(600))
        for _ in range(4):
            make_job(now=after(1800))
        lanes = self.ahead().machines[0].lanes
        assert [[plan.left for plan in lane.plans] for lane in lanes] == [[25.0, 33.333]] * 2

    def test_without_history_a_plan_says_that_its_end_is_unknown(self) -> None:
        make_worker("gpu-a", gpus=1)
        make_job()
        (plan,) = self.ahead().machines[0].lanes[0].plans
        assert "for nobody knows how long" in plan.told

    def test_what_lies_behind_the_picture_is_left_out(self) -> None:
        worker = make_worker("gpu-a", gpus=1)
        make_job()
        finish(claim(worker), now=after(900))
        for _ in range(3):
            make_job()
        found = self.ahead(until=2000)
        assert len(found.coming) == len(found.machines[0].lanes[0].plans) == 1
        assert self.ahead(until=1800).coming == []

    def test_more_that_waits_costs_no_more_queries(self) -> None:
        make_worker("gpu-a", gpus=1)

        def cost() -> int:
            with CaptureQueriesContext(connection) as counted:
                self.ahead()
            return len(counted)

        for _ in range(2):
            make_job()
        cost()  # needs are read once, and kept
        few = cost()
        for _ in range(20):
            make_job()
        assert cost() == few

    def test_the_page_goes_a_bit_past_now_while_something_runs(self, browser: Client) -> None:
        assert "+6h" in page(browser, "/timeline/")
        assert 'class="now" x1="92.3' not in page(browser, "/timeline/?from=12h")
        now = timezone.now()
        begin(make_worker("gpu-a", gpus=1, now=now), name="live", now=now - timedelta(hours=3))
        told = page(browser, "/timeline/?from=12h")
        assert 'class="now" x1="92.3' in told
        assert "<p><span>live</span></p>" in told
        assert 'class="now" x1="66.6' in page(browser, "/timeline/?from=12h&ahead=6h")
        past = quote((now - timedelta(hours=1)).isoformat())
        assert 'class="now"' not in page(browser, f"/timeline/?from=12h&to={past}")
