"""Inside a priority, whoever used less lately comes first."""

from datetime import timedelta

import pytest

from jobs.models import Usage
from tests.jobs.factories import (
    NOON,
    after,
    claim,
    expire,
    finish,
    make_array,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db

DAY = 24 * 3600


def used(name: str, gpu_seconds: float, *, scope: str = "user", age: float = 0) -> None:
    at = NOON - timedelta(seconds=age)
    Usage.objects.create(scope=scope, name=name, gpu_seconds=gpu_seconds, at=at)


def turns(gpus: int = 8) -> list[str]:
    """Whose jobs a node of so many GPUs is given, in order."""
    orders = sync(make_worker("large", gpus=gpus)).jobs
    return [order.job.user for order in orders]


def charged(name: str = "ada", scope: str = "user") -> float:
    return Usage.objects.get(scope=scope, name=name).gpu_seconds


class TestWhoComesFirst:
    def test_who_used_less(self) -> None:
        used("ada", 10_000)
        make_job()
        make_job(user="bob")
        assert turns(1) == ["bob"]

    def test_equals_take_turns(self) -> None:
        make_array("0-3")
        make_array("0-3", user="bob")
        given = turns(4)
        assert (given.count("ada"), given.count("bob")) == (2, 2)

    def test_priority_comes_before_shares(self) -> None:
        used("ada", 10_000)
        make_job(priority=1)
        make_job(user="bob")
        assert turns(1) == ["ada"]

    def test_what_was_used_halves_every_half_life(self) -> None:
        used("ada", 1000, age=3 * DAY)  # 125 by now
        used("bob", 200)
        make_job(user="bob")
        make_job()
        assert turns(1) == ["ada"]

    def test_what_is_not_old_enough_weighs_more(self) -> None:
        used("ada", 1000, age=2 * DAY)  # 250 by now
        used("bob", 200)
        make_job()
        make_job(user="bob")
        assert turns(1) == ["bob"]

    def test_what_runs_counts_as_it_goes(self) -> None:
        make_job()
        claim(make_worker())
        used("bob", 500)
        make_job()
        make_job(user="bob")
        late = make_worker("late", now=after(1000))
        assert sync(late, now=after(1000)).jobs[0].job.user == "bob"

    def test_four_gpus_weigh_four_times(self) -> None:
        make_job(gpus=4)
        make_job(user="bob", gpus=1)
        make_worker("big", gpus=5)
        assert len(sync(make_worker("big", gpus=5)).jobs) == 2
        make_job()
        make_job(user="bob")
        late = make_worker("late", now=after(50))
        assert sync(late, now=after(50)).jobs[0].job.user == "bob"

    def test_a_project_weighs_beside_its_user(self) -> None:
        used("shared", 10_000, scope="project")
        make_job(project="shared")
        make_job(user="bob")
        assert turns(1) == ["bob"]

    def test_of_one_user_the_older_job_goes_first(self) -> None:
        used("ada", 10_000)
        first, _ = make_job(), make_job()
        assert claim(make_worker()).job_id == first.pk


class TestCharging:
    def test_an_attempt_is_charged_to_its_user_and_its_project_when_it_ends(self) -> None:
        make_job(gpus=2, project="p")
        attempt = claim(make_worker(gpus=2))
        assert not Usage.objects.exists()
        finish(attempt, now=after(50))
        assert (charged(), charged("p", "project")) == (100, 100)

    def test_a_job_without_a_gpu_costs_a_tenth(self) -> None:
        make_job(gpus=0)
        finish(claim(make_worker(gpus=0)), now=after(50))
        assert charged() == pytest.approx(5)

    def test_what_was_there_decays_before_more_is_added(self) -> None:
        used("ada", 1000, age=DAY)
        make_job()
        finish(claim(make_worker()), now=after(0))
        assert charged() == pytest.approx(500)

    def test_one_that_was_lost_and_came_back_is_charged_once(self) -> None:
        job, worker = make_job(), make_worker()
        attempt = claim(worker)
        expire(now=after(61))
        sync(worker, now=after(62), gpus=[], running=[(job.pk, 1)])
        finish(attempt, now=after(100))
        assert charged() == pytest.approx(100, rel=0.01)

    def test_a_clock_that_was_set_back_charges_nothing_negative(self) -> None:
        make_job()
        finish(claim(make_worker()), now=after(-50))
        assert charged() >= 0
