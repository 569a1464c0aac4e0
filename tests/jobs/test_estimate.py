"""When a job will start, guessed from how long jobs took: bounded in cost, and silent where nothing is known."""

from datetime import datetime
from typing import Any

import pytest

from jobs import changing, estimating, explaining, history
from jobs.estimating import Estimate
from jobs.history import History, Like
from jobs.models import Attempt, Job, Quota, Scope, Worker
from tests.jobs.factories import NOON, after, claim, finish, make_array, make_job, make_worker, sync

pytestmark = pytest.mark.django_db


def estimate(job: Job, now: datetime = NOON) -> Estimate:
    return explaining.explain(job.pk, now=now).estimate


def took(seconds: float, worker: Worker, **wish: Any) -> None:
    """A run of the past that ended well at noon."""
    make_job(now=after(-seconds), priority=1000, **wish)
    finish(claim(worker, now=after(-seconds)), now=NOON)


def test_nothing_is_guessed_without_history() -> None:
    worker = make_worker()
    make_job()
    claim(worker)

    found = estimate(make_job())

    assert found.at is None
    assert found.basis.startswith("no history yet")


def test_a_free_worker_means_now_even_without_history() -> None:
    make_worker()

    found = estimate(make_job())

    assert found.at == NOON
    assert found.basis == "a worker has room for it now"


def test_it_starts_when_the_running_job_has_taken_its_usual_time() -> None:
    worker = make_worker()
    for seconds in (50, 100, 1000):
        took(seconds, worker)
    make_job()
    claim(worker)
    first, second = make_job(), make_job()

    assert estimate(first, after(30)).at == after(100)
    assert estimate(second, after(30)).at == after(200)
    assert estimate(second).basis == (
        "a guess: runs of the same command took 1 min (median of 3 runs), 1 job before it"
    )


def test_a_job_that_runs_longer_than_usual_is_given_a_little_more() -> None:
    worker = make_worker()
    took(100, worker)
    make_job()
    claim(worker)

    Worker.objects.update(heartbeat_at=after(500))

    assert estimate(make_job(), after(500)).at == after(600)


def test_a_time_limit_bounds_the_guess() -> None:
    worker = make_worker()
    took(1000, worker)
    make_job(timeout_seconds=60)
    claim(worker)
    make_job(timeout_seconds=40)

    assert estimate(make_job()).at == after(100)


def test_where_no_job_is_alike_the_same_needs_count_before_the_project_and_that_before_all() -> (
    None
):
    worker = make_worker(gpus=2)
    took(10, worker, gpus=2)
    took(100, worker, project="vision")
    took(1000, worker, project="vision", gpus=2)
    other: dict[str, Any] = {"command_argv": ["another"]}

    assert "the same needs took 10 s" in explain_basis(worker, gpus=2, **other)
    assert "the same project took" in explain_basis(
        worker, project="vision", min_memory_mb=1, **other
    )
    assert "all jobs took 1 min" in explain_basis(
        worker, project="speech", min_memory_mb=1, **other
    )


def like(job: Job) -> Like:
    return history.likes([job])[job.pk]


class TestLikeness:
    """Of which other jobs the times are told of a job itself."""

    def times(self, **wish: Any) -> list[float]:
        return list(History.read().own(like(make_job(**wish))).seconds)

    def test_the_same_name_before_the_same_command_in_the_project(self) -> None:
        worker = make_worker()
        took(10, worker, project="vision", name="vit", command_argv=["a"])
        took(20, worker, project="vision", name="mlp", command_argv=["b"])
        took(30, worker, project="speech", name="vit", command_argv=["a"])

        assert self.times(project="vision", name="vit", command_argv=["b"]) == [10]
        assert self.times(project="vision", name="new", command_argv=["b"]) == [20]
        assert self.times(project="vision", name="new", command_argv=["new"]) == []
        assert self.times(project="", name="vit", command_argv=["a"]) == []

    def test_the_same_array_before_all(self) -> None:
        worker = make_worker()
        took(10, worker, name="sweep")
        first, second, *_ = make_array("0-2", name="sweep")
        finish(claim(worker), now=after(90))
        assert first.array_id == second.array_id is not None
        assert History.read().own(like(second)).seconds == (90,)

    def test_a_member_is_like_an_earlier_array_of_that_name(self) -> None:
        worker = make_worker()
        make_array("0", name="sweep")
        finish(claim(worker), now=after(90))
        (later,) = make_array("5", name="sweep", command_argv=["other"])
        assert History.read().own(like(later)).seconds == (90,)

    def test_outside_a_project_the_folder_says_which_command_it_is(self) -> None:
        took(10, make_worker(), workdir="/here")
        assert self.times(workdir="/here") == [10]
        assert self.times(workdir="/there") == []

    @pytest.mark.parametrize("word", ["x" * 300, "\N{SNOWMAN}" * 90, 'q"\\', "a\nb"])
    def test_commands_of_every_kind_are_compared(self, word: str) -> None:
        took(10, make_worker(), command_argv=[word, "1"])
        assert self.times(command_argv=[word, "1"]) == [10]
        assert self.times(command_argv=[word, "12"]) == []

    def test_a_time_is_told_given_what_has_passed(self) -> None:
        worker = make_worker()
        for seconds in (50, 100, 1000, 3000):
            took(seconds, worker)
        times = History.read().own(like(make_job()))
        passed = (0, 100, 1000, 3000)
        assert [times.expected(gone) for gone in passed] == [550, 2000, 3000, None]
        assert times.expected(0, limit=60) == 60


class TestSlipped:
    """A job is past its usual time: what was said of those behind it was not kept."""

    def behind(self, gone: float) -> tuple[Estimate, estimating.Start | None]:
        worker = make_worker()
        for seconds in (100, 100, 1000):
            took(seconds, worker)
        make_job()
        claim(worker)
        first, last = make_job(), make_job()
        Worker.objects.update(heartbeat_at=after(gone))
        found = explaining.outlooks([first, last], now=after(gone))
        assert found[first.pk].start is not None
        return estimate(last, after(gone)), found[last.pk].start

    def test_before_that_nothing_is_said(self) -> None:
        told, start = self.behind(90)
        assert (told.at, told.slipped) == (after(200), False)
        assert start is not None
        assert not start.slipped

    def test_after_that_it_is_said_of_all_behind_it(self) -> None:
        told, start = self.behind(200)
        assert (told.at, told.slipped) == (after(1100), True)
        assert told.basis.endswith("1 job before it; a job before it runs longer than was guessed")
        assert start is not None
        assert start.slipped


def explain_basis(worker: Worker, **wish: Any) -> str:
    """Of a job that has to wait, since everything is taken."""
    if not Attempt.objects.filter(status="running").exists():
        make_job(gpus=2, priority=1000)
        claim(worker)
    return estimate(make_job(**wish)).basis


def test_a_quota_delays_what_has_room() -> None:
    worker = make_worker(gpus=4)
    took(100, worker)
    Quota.objects.create(scope=Scope.USER, name="ada", running_jobs=1)
    make_job()
    sync(worker)

    assert estimate(make_job()).at == after(100)
    assert estimate(make_job(user="grace")).at == NOON


def test_jobs_that_could_run_nowhere_are_before_nobody() -> None:
    worker = make_worker()
    took(100, worker)
    make_job()
    claim(worker)
    for _ in range(5):
        make_job(gpus=64, priority=9)

    assert estimate(make_job()).at == after(100)


def test_a_pause_is_waited_for() -> None:
    make_worker()
    job = make_job()
    Job.objects.update(not_before=after(300))

    assert estimate(job).at == after(300)


def test_a_held_job_has_no_estimate() -> None:
    make_worker()
    job = make_job()
    changing.hold(job.pk, actor="ada", now=NOON)

    assert estimate(job).at is None


@pytest.mark.parametrize("bound", ["SIMULATED", "MOST_LOOKS"])
def test_beyond_the_bound_the_pace_is_drawn_out(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = make_worker()
    took(100, worker)
    make_job()
    claim(worker)
    for _ in range(30):
        make_job()
    last = make_job()
    exactly = estimate(last).at
    monkeypatch.setattr(estimating, bound, 10)

    guessed = estimate(last).at

    assert exactly == after(3100)
    assert guessed is not None
    assert abs((guessed - exactly).total_seconds()) < 500
