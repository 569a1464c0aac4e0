"""Running again: by the job's own wish before it ends, and by a person's afterwards."""

from typing import Any

import pytest

from jobs import retrying
from jobs.errors import IllegalMove, NotFound
from jobs.finishing import Outcome
from jobs.models import Job
from jobs.states import After
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    claim,
    finish,
    fresh,
    make_job,
    make_worker,
    run_through,
    statuses,
    sync,
)

pytestmark = pytest.mark.django_db


def retry(job: Job) -> Job:
    return retrying.retry(job.pk, actor="ada", now=after(10))


def failed(**told: Any) -> Job:
    job = make_job(**told)
    finish(claim(make_worker()), exit_code=1)
    return fresh(job)


class TestExitCodes:
    @pytest.mark.parametrize(
        ("chosen", "code", "status"),
        [([], 1, "queued"), ([3, 4], 4, "queued"), ([3, 4], 1, "failed"), ([1], 0, "completed")],
    )
    def test_only_those_chosen_are_repeated(
        self, chosen: list[int], code: int, status: str
    ) -> None:
        job = make_job(retries=1, retry_exit_codes=chosen)
        finish(claim(make_worker()), exit_code=code)
        assert statuses([job]) == [status]

    @pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.NEVER_STARTED, Outcome.LOST])
    def test_they_say_nothing_about_other_ends(self, outcome: Outcome) -> None:
        job = make_job(retries=1, retry_exit_codes=[3])
        finish(claim(make_worker()), outcome)
        assert statuses([job]) == ["queued"]

    def test_a_code_that_is_not_chosen_ends_it_whatever_is_left_to_retry(self) -> None:
        job = make_job(retries=5, retry_exit_codes=[3])
        worker = make_worker()
        finish(claim(worker), exit_code=3)
        finish(claim(worker, now=after(5)), exit_code=1, now=after(5))
        assert statuses([job]) == ["failed"]
        assert fresh(job).error_message == "exit code 1"


class TestAPersonRetries:
    def test_all_that_was_submitted_is_submitted_again(self) -> None:
        told: dict[str, Any] = {
            "name": "n",
            "config": {"lr": 1},
            "env": {"K": "V"},
            "tags": ["t"],
            "project": "p",
            "priority": 3,
            "gpus": 2,
            "min_memory_mb": 100,
            "gpu_model": "a100",
            "require_tags": ["fast"],
            "retries": 2,
            "retry_exit_codes": [7],
            "timeout_seconds": 9,
            "grace_seconds": 8,
            "exclusive": True,
        }
        old = make_job(**told)
        cancel(old)
        again = fresh(retry(old))
        kept = (
            *("name", "config", "env", "tags", "project", "priority", "requirement_id", "user"),
            *("retries", "retry_exit_codes", "timeout_seconds", "grace_seconds", "exclusive"),
            *("command_argv", "workdir"),
        )
        old = fresh(old)
        assert {name: getattr(again, name) for name in kept} == {
            name: getattr(old, name) for name in kept
        }
        assert (again.retry_of_id, again.status, again.attempt) == (old.pk, "queued", 0)
        assert again.run_id != old.run_id

    def test_the_old_job_stays_as_it_is(self) -> None:
        old = failed()
        retry(old)
        assert (fresh(old).status, fresh(old).attempt, fresh(old).reason) == (
            "failed",
            1,
            "exit_nonzero",
        )

    @pytest.mark.parametrize("running", [True, False])
    def test_what_has_not_ended_cannot_be_retried(self, running: bool) -> None:
        job = make_job()
        if running:
            claim(make_worker())
        with pytest.raises(IllegalMove, match="only a job that has ended"):
            retry(job)

    def test_twice_is_refused_while_the_first_retry_has_not_ended(self) -> None:
        old = failed()
        again = retry(old)
        with pytest.raises(IllegalMove, match=f"already, as job {again.pk}"):
            retry(old)

    def test_a_chain_of_retries_is_followed_to_its_end(self) -> None:
        old = failed()
        second = retry(old)
        run_through(make_worker(), exit_code=1, now=after(20))
        third = retry(second)
        with pytest.raises(IllegalMove, match=f"as job {third.pk}"):
            retry(old)

    def test_a_completed_job_may_be_run_again(self) -> None:
        job = make_job()
        run_through(make_worker())
        assert retry(job).status == "queued"

    def test_a_stranger_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            retrying.retry(4000, actor="ada", now=NOON)


class TestDependents:
    def test_it_waits_for_its_parents_retry(self) -> None:
        parent = make_job()
        child = make_job(after=[(parent.pk, After.OK)])
        run_through(make_worker(), exit_code=1)
        again = retry(parent)
        child_again = retry(child)
        assert statuses([child, child_again]) == ["cancelled", "waiting"]
        assert child_again.dependencies.get().on_id == again.pk

    def test_it_is_refused_before_its_parent_is_retried(self) -> None:
        parent = make_job()
        child = make_job(after=[(parent.pk, After.OK)])
        run_through(make_worker(), exit_code=1)
        with pytest.raises(IllegalMove, match=f"retry job {parent.pk} first"):
            retry(child)

    def test_a_parent_that_ended_well_is_not_waited_for(self) -> None:
        parent = make_job()
        child = make_job(after=[(parent.pk, After.OK)])
        worker = make_worker()
        run_through(worker)
        run_through(worker, exit_code=1)
        again = retry(child)
        assert (again.status, again.dependencies.count()) == ("queued", 0)

    def test_a_whole_pipeline_is_retried_in_its_order(self) -> None:
        first = make_job()
        second = make_job(after=[(first.pk, After.OK)])
        third = make_job(after=[(second.pk, After.ANY), (first.pk, After.OK)])
        run_through(make_worker(), exit_code=1)
        assert statuses([first, second, third]) == ["failed", "cancelled", "cancelled"]
        again = retrying.retry_all(Job.objects.all(), actor="ada", now=after(10))
        assert [job.retry_of_id for job in again] == [first.pk, second.pk, third.pk]
        assert statuses(again) == ["queued", "waiting", "waiting"]

    def test_what_has_nothing_to_do_any_more_does_not_stop_the_others(self) -> None:
        """A cleanup after a failure that did not happen was cancelled; it must not forbid all retries."""
        good, bad = make_job(), make_job()
        make_job(after=[(good.pk, After.NOT_OK)])
        for order in sync(make_worker(gpus=2)).jobs:
            finish(order.attempt, exit_code=int(order.job.pk == bad.pk))
        again = retrying.retry_all(Job.objects.all(), actor="ada", now=after(10))
        assert [job.retry_of_id for job in again] == [bad.pk]

    def test_all_means_those_that_were_not_retried_yet(self) -> None:
        old = failed()
        retry(old)
        assert retrying.retry_all(Job.objects.all(), actor="ada", now=after(11)) == []
