"""How far a running job is: by runs that are the same, and by nobody else's times."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.night.progress import UNKNOWN, Progress, progress
from jobs.history import NOTHING, Times
from jobs.models import Worker
from tests.dashboard.conftest import begin
from tests.jobs.factories import NOON, after, claim, finish, make_job, make_worker

pytestmark = pytest.mark.django_db

FIVE = Times((100, 200, 300, 400, 1000), "runs of the same name")


class TestProgress:
    def told(self, gone: float, times: Times = FIVE, limit: int | None = None) -> Progress:
        attempt = begin(timeout_seconds=limit)
        return progress(attempt.job, attempt, times, now=after(gone))

    @pytest.mark.parametrize(
        ("gone", "share", "words"),
        [
            (60, 0.2, "about 4 min left"),
            (350, 0.5, "about 5 min left"),
            (990, 0.99, "about 10 s left"),
        ],
    )
    def test_what_is_left_follows_from_what_has_passed(
        self, gone: float, share: float, words: str
    ) -> None:
        found = self.told(gone)
        assert (found.share, found.words, found.tone) == (share, words, "")
        assert found.basis == "runs of the same name took 5 min (median of 5 runs)"

    def test_longer_than_all_before_it_is_loud(self) -> None:
        found = self.told(1200)
        assert (found.share, found.tone) == (1.0, "full")
        assert found.words == "longer than 5 runs before it, at most 16 min"

    @pytest.mark.parametrize("times", [NOTHING, Times((10, 20), "runs of the same name")])
    def test_with_next_to_nothing_to_go_by_nothing_is_said(self, times: Times) -> None:
        assert self.told(1200, times) == UNKNOWN
        assert self.told(1200, times, limit=2400) == Progress(
            0.5, "limit in 20 min", limit_share=0.5
        )

    def test_a_clock_that_is_behind(self) -> None:
        assert self.told(-60).words == "about 5 min left"
        assert self.told(5, Times((0.0, 0.0, 0.0), "x")).tone == "full"


def test_a_job_is_not_measured_by_others(browser: Client) -> None:
    now = timezone.now()
    worker = make_worker("gpu-a", gpus=1, now=now)
    for number in range(4):
        make_job(name=f"mlp {number}", command_argv=["mlp"], now=NOON)
        finish(claim(worker, now=now - timedelta(hours=1)), now=now - timedelta(minutes=59))
    begin(worker, name="vit", command_argv=["vit"], now=now - timedelta(minutes=50))
    make_job(name="behind", command_argv=["mlp"], now=now)
    Worker.objects.update(heartbeat_at=now)

    told = browser.get("/").content.decode()

    assert "runs before it" not in told
    assert "data-slipped>its start slipped" in told
    assert "may start" not in told
