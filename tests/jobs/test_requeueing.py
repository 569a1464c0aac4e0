"""Exit code 85: the job saved what it needs, and wants to go on later. And what the kernel ended for want of memory."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs import syncing, workers
from jobs.finishing import Outcome
from jobs.models import Attempt, Job
from jobs.states import REQUEUE_CODE
from jobs.syncing import Ask, Report
from tests.jobs.explained import codes, explain, verdicts
from tests.jobs.factories import (
    after,
    cancel,
    claim,
    expire,
    finish,
    fresh,
    make_array,
    make_job,
    make_worker,
    sync,
)
from tests.site.asking import owner

pytestmark = pytest.mark.django_db

LONG = 1000  # seconds: an attempt that got something done


def ask_again(worker_name: str, at: float, *, lasts: float) -> float | None:
    """An attempt begins at that time and asks to be requeued; seconds until the next one may begin."""
    worker = make_worker(worker_name, now=after(at))
    attempt = claim(worker, now=after(at))
    end = after(at + lasts)
    job = finish(attempt, exit_code=REQUEUE_CODE, now=end)
    not_before = fresh(job).not_before
    return None if not_before is None else (not_before - end).total_seconds()


def test_a_job_that_asks_for_it_is_queued_again_and_that_is_no_failure() -> None:
    job = make_job(priority=3)
    finish(claim(make_worker()), exit_code=REQUEUE_CODE, now=after(LONG))
    stored, attempt = fresh(job), job.attempts.get()
    assert (stored.status, stored.priority, stored.not_before) == ("queued", 3, None)
    assert (attempt.status, attempt.reason, attempt.exit_code) == ("preempted", "preempted", 85)
    assert attempt.error_message == "asked to be requeued (exit code 85)"
    assert job.events.order_by("pk").last().message == attempt.error_message  # type: ignore[union-attr]


def test_it_may_ask_as_often_as_it_likes_and_keeps_its_retries() -> None:
    job = make_job(retries=1)
    for number in range(40):
        assert ask_again("node1", number * 2 * LONG, lasts=LONG) is None
    at = 40 * 2 * LONG
    finish(claim(make_worker(now=after(at)), now=after(at)), exit_code=1, now=after(at))
    assert (fresh(job).status, fresh(job).attempt) == ("queued", 41)


def test_one_that_asks_within_seconds_again_and_again_waits_longer_each_time() -> None:
    make_job()
    waits = [ask_again("node1", number * LONG, lasts=1) for number in range(11)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert ask_again("node1", 11 * LONG, lasts=LONG / 2) is None
    assert ask_again("node1", 12 * LONG, lasts=1) == 2


def test_what_an_agent_handed_back_does_not_wait() -> None:
    job = make_job()
    ask_again("node1", 0, lasts=1)
    attempt = claim(make_worker(now=after(LONG)), now=after(LONG))
    finish(attempt, Outcome.WORKER_SHUTDOWN, exit_code=REQUEUE_CODE, now=after(LONG + 1))
    assert fresh(job).not_before is None
    assert job.attempts.get(number=2).reason == "worker_shutdown"


def test_a_cancelled_job_stays_cancelled_whatever_it_asks_for() -> None:
    job = make_job()
    attempt = claim(make_worker())
    cancel(job)
    finish(attempt, exit_code=REQUEUE_CODE)
    assert (fresh(job).status, fresh(job).reason) == ("cancelled", "cancelled_by")


def test_a_time_limit_is_not_escaped_by_asking_for_more() -> None:
    job = make_job(timeout_seconds=10)
    finish(claim(make_worker()), Outcome.TIMED_OUT, exit_code=REQUEUE_CODE)
    assert (fresh(job).status, fresh(job).reason) == ("failed", "time_limit")


def test_the_pause_is_explained() -> None:
    job = make_job()
    ask_again("node1", 0, lasts=1)
    found = explain(job, 1)
    assert codes(found)[0] == "back_off"
    assert "attempt 1 ended: asked to be requeued (exit code 85)" in found.summary


class TestGoingBackToTheCheckpoints:
    @pytest.fixture
    def job(self) -> Job:
        """Handed back by node1 at that time, while node2 is there, too."""
        job = make_job()
        self.hand_back(claim(make_worker("node1")))
        return job

    def hand_back(self, attempt: Attempt) -> None:
        """By a worker that was heard of all the time."""
        gpus = len(attempt.gpus)
        make_worker(attempt.worker_name, gpus, now=after(LONG))
        finish(attempt, exit_code=REQUEUE_CODE, now=after(LONG))

    def given(self, name: str, seconds: float) -> list[int]:
        at = after(LONG + seconds)
        return [order.job.pk for order in sync(make_worker(name, now=at), now=at).jobs]

    def test_it_is_offered_to_the_worker_that_has_them(self, job: Job) -> None:
        assert self.given("node2", 1) == []
        assert self.given("node1", 2) == [job.pk]

    def test_others_get_it_after_a_minute(self, job: Job) -> None:
        assert self.given("node2", 59) == []
        assert self.given("node2", 60) == [job.pk]

    @pytest.mark.parametrize("why", ["left", "draining", "disabled"])
    def test_it_does_not_wait_for_a_worker_that_takes_nothing(self, job: Job, why: str) -> None:
        now = after(LONG + 1)
        if why == "left":
            workers.unregister("node1", now=now)
        else:
            getattr(workers, f"set_{why}")("node1", True, actor="ada", now=now)
        assert self.given("node2", 2) == [job.pk]

    def test_nor_for_one_that_was_leaving_already(self) -> None:
        job = make_job()
        attempt = claim(make_worker("node1"))
        workers.set_draining("node1", True, actor="ada", now=after(1))
        finish(attempt, Outcome.WORKER_SHUTDOWN, now=after(LONG))
        assert self.given("node2", 1) == [job.pk]

    def test_nor_for_one_that_never_began_it(self) -> None:
        """An order for a GPU that somebody took meanwhile: nothing of it lies there."""
        job = make_job()
        attempt = claim(make_worker("node1"))
        make_worker("node1", now=after(LONG))
        finish(attempt, Outcome.WORKER_SHUTDOWN, now=after(LONG), started=False)
        assert self.given("node2", 1) == [job.pk]

    def test_one_that_was_handed_back_while_it_ran_goes_back(self) -> None:
        job = make_job()
        attempt = claim(make_worker("node1"))
        make_worker("node1", now=after(LONG))
        finish(attempt, Outcome.WORKER_SHUTDOWN, now=after(LONG))
        assert self.given("node2", 1) == []
        assert self.given("node1", 2) == [job.pk]

    def test_nor_for_one_whose_disk_is_full(self) -> None:
        job = make_job()
        worker = make_worker("node1")
        attempt = claim(worker)
        sync(worker, now=after(LONG), gpus=[], running=[(job.pk, 1)], load={"disk_low": True})
        finish(attempt, exit_code=REQUEUE_CODE, now=after(LONG))
        assert self.given("node2", 1) == [job.pk]

    def test_a_lost_job_waits_for_nobody(self) -> None:
        job = make_job()
        claim(make_worker("node1"))
        expire(now=after(LONG))
        assert self.given("node2", 1) == [job.pk]

    def test_what_stands_behind_it_passes(self, job: Job) -> None:
        second = make_job()
        assert self.given("node2", 1) == [second.pk]

    def test_where_several_ask_at_once_each_gets_its_own(self, job: Job) -> None:
        """Two that wait for a worker stand before one that does not: node2 is not left idle behind them."""
        other, third = make_job(), make_job()
        self.hand_back(claim(make_worker("node3", now=after(LONG - 1)), now=after(LONG - 1)))
        at = after(LONG + 3)  # the second one pauses for 2 s
        report = Report(free_gpus=[0], lease_seconds=60)
        for name in ("node2", "node1", "node3"):
            make_worker(name, now=at)
        asks = [Ask(name, report) for name in ("node2", "node1", "node3")]
        answers = syncing.exchange_all(asks, now=at)
        given = [[order.job.pk for order in each.jobs] for each in answers]  # type: ignore[union-attr]
        assert given == [[third.pk], [job.pk], [other.pk]]

    def test_nothing_is_kept_for_it_elsewhere(self, settings: Any) -> None:
        """A reservation on a worker that may not have it would only idle GPUs."""
        settings.WHIRR_RESERVE_AFTER = timedelta()
        big, small = make_job(gpus=2), make_job(gpus=1)
        self.hand_back(claim(make_worker("node1", 2)))
        at = after(LONG + 1)
        worker = make_worker("node2", 2, now=at)
        assert [order.job.pk for order in sync(worker, now=at, gpus=[0]).jobs] == [small.pk]
        assert sync(worker, now=at, gpus=[1]).jobs == []
        worker.refresh_from_db()
        assert worker.reserved_for_id is None
        assert fresh(big).status == "queued"

    def test_it_is_explained(self, job: Job) -> None:
        make_worker("node1", now=after(LONG))
        make_worker("node2", now=after(LONG))
        found = explain(job, LONG + 1)
        assert codes(found)[0] == "checkpoints"
        assert found.summary == "waits up to 1 min for node1, where its checkpoints are"
        assert {name: told[0] for name, told in verdicts(found).items()} == {
            "node1": "could_start",
            "node2": "elsewhere",
        }
        assert "checkpoints" not in codes(explain(job, LONG + 61))


class TestOutOfMemory:
    @pytest.mark.parametrize("told", [{"signal": 9}, {"exit_code": 1}])
    def test_the_kernels_kill_is_named(self, told: dict[str, Any]) -> None:
        job = make_job()
        finish(claim(make_worker()), **told, oom=True)
        stored = fresh(job)
        assert (stored.status, stored.reason) == ("failed", "oom")
        assert "out of memory" in stored.error_message

    def test_what_the_agent_knows_of_it_is_kept(self) -> None:
        job = make_job()
        finish(claim(make_worker()), signal=9, oom=True, message="it held 63 GiB of 64")
        assert fresh(job).error_message == "it held 63 GiB of 64"

    def test_a_program_that_got_over_it_has_succeeded(self) -> None:
        job = make_job()
        finish(claim(make_worker()), exit_code=0, oom=True)
        assert fresh(job).status == "completed"

    def test_one_that_asks_to_go_on_may(self) -> None:
        job = make_job()
        finish(claim(make_worker()), exit_code=REQUEUE_CODE, oom=True)
        assert fresh(job).status == "queued"


class TestOverHttp:
    def test_the_finish_call_takes_oom(self) -> None:
        job = make_job()
        claim(make_worker())
        body = {"worker_id": "node1", "outcome": "exited", "signal": 9, "oom": True}
        path = f"/api/v1/jobs/{job.pk}/attempts/1/finish"
        refused = owner().post(path, {**body, "oom": "yes"}, "application/json")
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["oom"])
        assert owner().post(path, body, "application/json").json()["status"] == "failed"
        assert owner().get(f"/api/v1/jobs/{job.pk}").json()["reason"] == "oom"

    def test_the_finish_call_takes_that_it_never_began(self) -> None:
        job = make_job()
        worker = make_worker(now=timezone.now())
        claim(worker, now=timezone.now())
        body = {"worker_id": "node1", "outcome": "worker_shutdown", "started": False}
        path = f"/api/v1/jobs/{job.pk}/attempts/1/finish"
        refused = owner().post(path, {**body, "started": 0}, "application/json")
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["started"])
        assert owner().post(path, body, "application/json").json()["status"] == "queued"
        assert fresh(job).prefers_id is None

    def test_a_worker_of_whirr_0_5_reports_a_plain_failure(self) -> None:
        job = make_job()
        claim(make_worker())
        body = {"worker_id": "node1", "exit_code": REQUEUE_CODE}
        owner().post(f"/api/v1/jobs/{job.pk}/complete", body, "application/json")
        assert (fresh(job).status, fresh(job).reason) == ("failed", "exit_nonzero")

    def test_the_stop_signal_is_told_and_kept(self) -> None:
        wish = {"command_argv": ["train"], "workdir": "/w", "stop_signal": "SIGUSR1"}
        made = owner().post("/api/v1/jobs", wish, "application/json").json()["job_id"]
        assert owner().get(f"/api/v1/jobs/{made}").json()["stop_signal"] == "SIGUSR1"
        (order,) = sync(make_worker()).as_json()["jobs"]
        assert order["stop_signal"] == "SIGUSR1"
        owner().post(f"/api/v1/jobs/{made}/cancel", {}, "application/json")
        finish(Job.objects.get(pk=made).attempts.get(), Outcome.CANCELLED)
        again = owner().post(f"/api/v1/jobs/{made}/retry", {}, "application/json").json()["job_id"]
        assert Job.objects.get(pk=again).stop_signal == "SIGUSR1"

    @pytest.mark.parametrize("signal", ["SIGKILL", "SIGSTOP", "USR1", "", 10, None])
    def test_signals_that_cannot_be_meant_are_refused(self, signal: object) -> None:
        wish = {"command_argv": ["train"], "workdir": "/w", "stop_signal": signal}
        answer = owner().post("/api/v1/jobs", wish, "application/json")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["stop_signal"])

    def test_every_member_of_an_array_has_it(self) -> None:
        jobs = make_array("0-2", stop_signal="SIGHUP")
        assert {fresh(job).stop_signal for job in jobs} == {"SIGHUP"}

    def test_sigterm_is_what_nobody_has_to_ask_for(self) -> None:
        make_job()
        (order,) = sync(make_worker()).as_json()["jobs"]
        assert order["stop_signal"] == "SIGTERM"
