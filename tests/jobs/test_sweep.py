"""The sweep of expired leases: one bad row stops nobody, and a server that was away blames no worker."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from pytest import LogCaptureFixture, MonkeyPatch

from jobs import ending, leases, pulse, tasks
from jobs.models import Job, Pulse
from jobs.states import JobStatus
from runs import feed
from tests.jobs.factories import after, claim, expire, fresh, make_job, make_worker, sync

pytestmark = pytest.mark.django_db


def running_jobs(count: int) -> list[Job]:
    jobs = [make_job() for _ in range(count)]
    sync(make_worker(gpus=count))
    return jobs


class TestABadRow:
    def test_it_is_logged_and_passed_over(
        self, monkeypatch: MonkeyPatch, caplog: LogCaptureFixture
    ) -> None:
        first, bad, last = running_jobs(3)

        def stumble(job: Job, *args: Any, **kwargs: Any) -> None:
            ending.end(job, *args, **kwargs)
            if job.pk == bad.pk:
                raise RuntimeError("undecodable")

        monkeypatch.setattr(leases, "end", stumble)
        assert expire(now=after(61)) == 2
        assert [fresh(each).status for each in (first, bad, last)] == [
            "queued",
            "running",
            "queued",
        ]
        assert f"job {bad.pk}: its expired lease could not be handled" in caplog.text
        monkeypatch.setattr(leases, "end", ending.end)
        assert expire(now=after(62)) == 1

    def test_a_row_without_its_attempt_is_such_a_row(self) -> None:
        bad, good = running_jobs(2)
        bad.attempts.all().delete()
        assert expire(now=after(61)) == 1
        assert fresh(good).status == JobStatus.QUEUED
        bad.events.all().delete()
        bad.delete()


def test_a_sweep_has_a_limit_and_the_next_goes_on() -> None:
    running_jobs(5)
    assert leases.requeue_expired(now=after(61), limit=3) == 3
    assert leases.requeue_expired(now=after(61), limit=3) == 2


def test_only_expired_leases_are_taken() -> None:
    early, late = running_jobs(2)
    Job.objects.filter(pk=late.pk).update(lease_expires_at=after(100))
    assert expire(now=after(61)) == 1
    assert (fresh(early).status, fresh(late).status) == ("queued", "running")


class TestAServerThatWasAway:
    def test_leases_get_a_grace_when_it_starts(self) -> None:
        (job,) = running_jobs(1)
        grace = settings.WHIRR_RESTART_GRACE
        assert grace == timedelta(seconds=120)
        pulse.begin(now=after(1000))
        assert fresh(job).lease_expires_at == after(1000) + grace
        assert expire(now=after(1119)) == 0
        assert expire(now=after(1121)) == 1

    def test_a_longer_lease_is_not_shortened(self) -> None:
        (job,) = running_jobs(1)
        assert leases.extend_all(grace=timedelta(seconds=30), now=after(0)) == 0
        assert fresh(job).lease_expires_at == after(60)

    def test_only_running_jobs_have_a_lease_to_extend(self) -> None:
        make_job()
        assert leases.extend_all(grace=timedelta(seconds=30), now=after(0)) == 0

    @pytest.mark.parametrize(
        ("silent", "alive"), [(0, True), (19, True), (20, False), (3600, False)]
    )
    def test_it_is_called_away_after_twenty_seconds(
        self, silent: float, alive: bool, now: datetime
    ) -> None:
        pulse.say_alive(now=now)
        assert pulse.web_is_alive(now=after(silent)) is alive

    def test_without_any_sign_it_is_away(self, now: datetime) -> None:
        assert not pulse.web_is_alive(now=now)

    def test_signs_of_life_are_one_row(self) -> None:
        for seconds in range(3):
            pulse.say_alive(now=after(seconds))
        assert Pulse.objects.get().at == after(2)


class TestWithoutCelery:
    """A web process sweeps too, less often: no job waits for a Celery that nobody runs."""

    def test_a_web_process_rescues_what_nobody_renewed(self) -> None:
        (job,) = running_jobs(1)
        pulse.say_alive(now=after(60))
        pulse.side_work(pulse.SWEEP_EVERY, now=after(61))
        assert fresh(job).status == JobStatus.QUEUED

    def test_after_an_outage_of_the_database_leases_get_the_grace_of_a_restart(self) -> None:
        (job,) = running_jobs(1)
        pulse.say_alive(now=after(0))
        pulse.side_work(pulse.SWEEP_EVERY, now=after(90))
        assert fresh(job).status == JobStatus.RUNNING
        assert fresh(job).lease_expires_at == after(90) + settings.WHIRR_RESTART_GRACE

    def test_it_leaves_the_other_looks_to_other_things(self) -> None:
        (job,) = running_jobs(1)
        pulse.side_work(pulse.ALIVE_EVERY, now=after(61))
        assert fresh(job).status == JobStatus.RUNNING
        assert pulse.web_is_alive(now=after(61))


class TestTheTask:
    """Celery's step; it looks at the real clock, in which leases of 2030 have not ended, so these are moved."""

    @pytest.fixture
    def job(self) -> Job:
        (job,) = running_jobs(1)
        Job.objects.update(lease_expires_at=datetime.now().astimezone() - timedelta(seconds=1))
        return job

    def test_it_sweeps_while_the_web_process_lives(self, job: Job) -> None:
        pulse.say_alive(now=datetime.now().astimezone())
        assert tasks.requeue_expired_leases() == 1
        assert fresh(job).status == JobStatus.QUEUED

    def test_it_takes_nothing_while_nobody_could_have_renewed(self, job: Job) -> None:
        pulse.say_alive(now=datetime.now().astimezone() - timedelta(seconds=60))
        assert tasks.requeue_expired_leases() == 0
        assert fresh(job).status == JobStatus.RUNNING


def test_news_are_rung_for_once(monkeypatch: MonkeyPatch) -> None:
    rung: list[tuple[str, ...]] = []
    monkeypatch.setattr(feed, "ring_here", lambda *groups: rung.append(groups))
    seen = pulse.begin(now=after(0))
    job = make_job()
    claim(make_worker())
    newest = pulse.ring_for_news(seen)
    assert newest > seen
    (groups,) = rung
    assert {feed.QUEUE, feed.WORK, f"run.job-{job.pk}", feed.worker_group("node1")} == set(groups)
    before = len(rung)
    assert pulse.ring_for_news(newest) == newest
    assert len(rung) == before
