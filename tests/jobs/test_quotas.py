"""The most that a user or a project may have at a time."""

import pytest

from jobs.errors import LimitReached
from jobs.models import Job, Quota
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    finish,
    make_array,
    make_job,
    make_worker,
    statuses,
    sync,
)

pytestmark = pytest.mark.django_db


def quota(scope: str, name: str, **limits: int | None) -> Quota:
    return Quota.objects.create(scope=scope, name=name, **limits)


def started(gpus: int = 8) -> list[Job]:
    """What a large node is given."""
    return [order.job for order in sync(make_worker("large", gpus=gpus)).jobs]


class TestRunning:
    @pytest.mark.parametrize("limit", ["running_jobs", "running_gpus"])
    def test_no_more_than_allowed_within_one_exchange(self, limit: str) -> None:
        make_array("0-5")
        quota("user", "ada", **{limit: 2})
        assert len(started()) == 2

    @pytest.mark.parametrize("limit", ["running_jobs", "running_gpus"])
    def test_what_runs_elsewhere_counts(self, limit: str) -> None:
        make_array("0-5")
        quota("user", "ada", **{limit: 3})
        first = sync(make_worker("other", gpus=2)).jobs
        assert (len(first), len(started())) == (2, 1)

    def test_what_has_ended_counts_no_more(self) -> None:
        make_array("0-5")
        quota("user", "ada", running_jobs=1)
        (job,) = started()
        finish(job.attempts.get())
        assert len(started()) == 1

    def test_gpus_are_counted_and_not_jobs(self) -> None:
        make_job(gpus=4)
        make_job(gpus=2)
        quota("user", "ada", running_gpus=3)
        (job,) = started()
        assert job.requirement.gpus == 2

    def test_a_job_without_a_gpu_is_no_matter_of_gpus(self) -> None:
        make_job(gpus=0)
        make_job(gpus=0)
        quota("user", "ada", running_gpus=0)
        assert len(sync(make_worker(gpus=0, slots=2)).jobs) == 2

    def test_others_go_on(self) -> None:
        quota("user", "ada", running_jobs=0)
        make_job(priority=9)
        other = make_job(user="bob")
        assert [job.pk for job in started()] == [other.pk]

    def test_user_and_project_both_count(self) -> None:
        quota("user", "ada", running_jobs=3)
        quota("project", "p", running_jobs=1)
        make_array("0-1", project="p")
        make_array("0-5")
        given = started()
        assert sorted(job.project for job in given) == ["", "", "p"]

    def test_a_project_is_one_account_whoever_submits(self) -> None:
        quota("project", "p", running_jobs=1)
        make_job(project="p")
        make_job(project="p", user="bob")
        assert len(started()) == 1

    def test_a_limit_that_is_lowered_stops_new_starts_and_nothing_else(self) -> None:
        jobs = make_array("0-3")
        row = quota("user", "ada", running_jobs=3)
        node = make_worker("large", gpus=8)
        given = sync(node).jobs
        row.running_jobs = 1
        row.save()
        running = [(each.job.pk, 1) for each in given]
        told = sync(node, now=after(5), running=running, gpus=[3, 4, 5, 6, 7])
        assert (told.jobs, told.lost, told.cancel) == ([], [], [])
        assert statuses(jobs).count("running") == 3


class TestTheDefault:
    def test_it_is_for_each_and_not_for_all_together(self) -> None:
        quota("user", "", running_jobs=1)
        make_array("0-2")
        make_array("0-2", user="bob")
        assert sorted(job.user for job in started()) == ["ada", "bob"]

    def test_a_row_of_ones_own_comes_first_in_both_directions(self) -> None:
        quota("user", "", running_jobs=2)
        quota("user", "ada", running_jobs=1)
        quota("user", "bob", running_jobs=3)
        make_array("0-4")
        make_array("0-4", user="bob")
        given = [job.user for job in started()]
        assert (given.count("ada"), given.count("bob")) == (1, 3)

    def test_a_row_of_ones_own_without_limits_is_an_exemption(self) -> None:
        quota("user", "", running_jobs=1, queued_jobs=3)
        quota("user", "ada")
        make_array("0-4")
        assert len(started()) == 5

    def test_a_limit_of_ones_own_on_one_thing_leaves_the_others_free(self) -> None:
        quota("user", "", running_jobs=1)
        quota("user", "ada", queued_jobs=100)
        make_array("0-4")
        assert len(started()) == 5


class TestQueued:
    def test_one_too_many_is_refused_with_the_numbers(self) -> None:
        quota("user", "ada", queued_jobs=2)
        make_job()
        make_job()
        with pytest.raises(LimitReached, match="'ada' has 2 jobs queued and may have 2"):
            make_job()
        assert Job.objects.count() == 2

    def test_an_array_counts_whole(self) -> None:
        quota("user", "ada", queued_jobs=4)
        with pytest.raises(LimitReached):
            make_array("0-4%1")
        assert not Job.objects.exists()
        make_array("0-3%1")
        with pytest.raises(LimitReached):
            make_job()

    def test_what_runs_or_has_ended_does_not_count(self) -> None:
        quota("user", "ada", queued_jobs=1)
        job = make_job()
        sync(make_worker())
        cancel(make_job())
        assert (make_job().status, statuses([job])) == ("queued", ["running"])

    def test_a_project_counts_for_itself(self) -> None:
        quota("project", "p", queued_jobs=1)
        make_job(project="p")
        make_job()
        with pytest.raises(LimitReached, match="project 'p'"):
            make_job(project="p", user="bob")

    def test_the_same_submit_again_is_no_new_job(self) -> None:
        quota("user", "ada", queued_jobs=1)
        job = make_job(key="k")
        assert make_job(key="k", now=NOON).pk == job.pk
