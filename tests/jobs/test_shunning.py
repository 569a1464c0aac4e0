"""A job that could not be started on one worker goes to another, as long as there is one."""

from typing import Any

import pytest

from jobs import workers
from jobs.finishing import Outcome
from tests.jobs.factories import after, claim, finish, make_job, make_worker, statuses, sync

pytestmark = pytest.mark.django_db

LATER = after(30)  # longer than the first back-offs


def given(name: str, **hardware: Any) -> list[int]:
    worker = make_worker(name, now=LATER, **hardware)
    return [order.job.pk for order in sync(worker, now=LATER).jobs]


def test_it_is_not_offered_where_it_failed_to_start_while_another_could_take_it() -> None:
    job = make_job()
    finish(claim(make_worker("bad")), Outcome.NEVER_STARTED)
    make_worker("good", now=LATER)
    assert given("bad") == []
    assert given("good") == [job.pk]


def test_the_next_job_of_the_same_needs_is_offered_there() -> None:
    make_job()
    finish(claim(make_worker("bad")), Outcome.NEVER_STARTED)
    make_worker("good", now=LATER)
    second = make_job()
    assert given("bad") == [second.pk]


@pytest.mark.parametrize("other", ["none", "too small", "disabled", "draining", "gone", "silent"])
def test_where_no_other_could_it_is_tried_again(other: str) -> None:
    job = make_job(gpus=2)
    finish(claim(make_worker("bad", gpus=2)), Outcome.NEVER_STARTED)
    if other != "none":
        seen = after(-100) if other == "silent" else LATER
        make_worker("other", gpus=1 if other == "too small" else 2, now=seen)
    if other in ("disabled", "draining"):
        getattr(workers, f"set_{other}")("other", True, actor="ada", now=LATER)
    if other == "gone":
        workers.unregister("other", now=LATER)
    assert given("bad", gpus=2) == [job.pk]


def test_where_it_failed_everywhere_anybody_may_try_again() -> None:
    job = make_job()
    for at, name in ((0, "one"), (30, "two")):
        finish(
            claim(make_worker(name, now=after(at)), now=after(at)),
            Outcome.NEVER_STARTED,
            now=after(at),
        )
    worker = make_worker("one", now=after(60))
    assert [order.job.pk for order in sync(worker, now=after(60)).jobs] == [job.pk]


def test_five_attempts_that_never_started_are_enough_wherever_they_were() -> None:
    job = make_job()
    for number in range(5):
        at = after(1000 * number)
        finish(claim(make_worker(f"node{number}", now=at), now=at), Outcome.NEVER_STARTED, now=at)
    assert statuses([job]) == ["failed"]


def test_a_failure_of_its_own_is_no_reason_to_shun_a_worker() -> None:
    job = make_job(retries=1)
    finish(claim(make_worker("bad")), exit_code=1)
    make_worker("good", now=LATER)
    assert given("bad") == [job.pk]
