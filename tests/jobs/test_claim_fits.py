"""What a worker can take: GPUs, memory, tags, slots."""

import pytest

from jobs.matching import Free, place_for
from jobs.models import Attempt, Job
from jobs.requirements import Needs, requirement_for
from tests.jobs.factories import (
    after,
    claim,
    expire,
    finish,
    fresh,
    gpu,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


class TestTheNumberOfGpus:
    def test_none_is_one_gpu_where_there_are_some(self) -> None:
        make_job(gpus=None)
        assert claim(make_worker(gpus=2)).gpus == [0]

    def test_none_is_a_slot_where_there_is_none(self) -> None:
        make_job(gpus=None)
        assert claim(make_worker(gpus=0)).gpus == []

    def test_zero_is_never_a_gpu(self) -> None:
        make_job(gpus=0)
        assert sync(make_worker(gpus=2, slots=0)).jobs == []
        assert claim(make_worker("cpu", gpus=0)).gpus == []

    def test_several_come_together_or_not_at_all(self) -> None:
        make_job(gpus=3)
        worker = make_worker(gpus=4)
        assert sync(worker, gpus=[0, 1]).jobs == []
        assert len(claim(worker, gpus=[0, 1, 3]).gpus) == 3

    def test_a_worker_without_gpus_takes_no_job_that_wants_one(self) -> None:
        make_job(gpus=1)
        assert sync(make_worker(gpus=0, slots=8), free_slots=8).jobs == []


class TestMemory:
    def test_only_gpus_that_are_large_enough_count(self) -> None:
        make_job(gpus=1, min_memory_mb=30_000)
        assert sync(make_worker(gpus=[gpu(0, 24_000)])).jobs == []
        assert claim(make_worker("big", gpus=[gpu(0, 24_000), gpu(1, 40_000)])).gpus == [1]

    def test_the_smallest_that_fits_is_taken(self) -> None:
        """So that a small job does not sit on the large GPU that the next job needs."""
        make_job()
        assert claim(make_worker(gpus=[gpu(0, 80_000), gpu(1, 24_000)])).gpus == [1]

    def test_a_job_that_asks_for_gpu_memory_never_runs_on_a_cpu(self) -> None:
        make_job(gpus=None, min_memory_mb=10_000)
        assert sync(make_worker(gpus=0)).jobs == []

    def test_a_gpu_of_unknown_size_serves_who_does_not_ask(self) -> None:
        unknown = {"index": 0, "name": "", "uuid": ""}
        make_job(gpus=1, min_memory_mb=1)
        small = make_job(gpus=1)
        assert claim(make_worker(gpus=[unknown])).job_id == small.pk


class TestTags:
    def test_the_worker_must_carry_all_of_them(self) -> None:
        make_job(require_tags=["fast-disk", "a100"])
        assert sync(make_worker(tags=["a100"])).jobs == []
        assert len(sync(make_worker("both", tags=["x", "a100", "fast-disk"])).jobs) == 1

    def test_their_order_and_repetition_make_no_new_kind_of_need(self) -> None:
        one = requirement_for(
            Needs(
                gpus=1,
                tags=(
                    "b",
                    "a",
                    "a",
                ),
            )
        )
        assert (
            requirement_for(
                Needs(
                    gpus=1,
                    tags=(
                        "a",
                        "b",
                    ),
                )
            ).pk
            == one.pk
        )
        assert (
            requirement_for(
                Needs(
                    gpus=None,
                    tags=(
                        "a",
                        "b",
                    ),
                )
            ).pk
            != one.pk
        )
        assert (
            requirement_for(
                Needs(
                    gpus=0,
                    tags=(
                        "a",
                        "b",
                    ),
                )
            ).pk
            != one.pk
        )


class TestAGpuIsNeverGivenTwice:
    def test_not_when_the_agent_says_that_it_is_free(self) -> None:
        for _ in range(2):
            make_job()
        worker = make_worker(gpus=1)
        first = claim(worker, gpus=[0])
        lying = sync(worker, gpus=[0], running=[(first.job_id, 1)], claim_id="next")
        assert lying.jobs == []
        assert sync(worker, gpus=[0, 0, 0], running=[]).jobs == []

    def test_not_within_one_claim(self) -> None:
        for _ in range(3):
            make_job()
        given = sync(make_worker(gpus=2), gpus=[0, 1, 1, 0]).jobs
        assert sorted(order.attempt.gpus for order in given) == [[0], [1]]

    def test_one_that_the_worker_does_not_have_is_not_given(self) -> None:
        make_job()
        assert sync(make_worker(gpus=1), gpus=[7]).jobs == []

    def test_slots_are_counted_here_too(self) -> None:
        for _ in range(5):
            make_job()
        worker = make_worker(gpus=0, slots=2)
        assert len(sync(worker, free_slots=1000).jobs) == 2
        assert sync(worker, free_slots=1000, claim_id="again").jobs == []

    def test_not_when_a_lost_attempt_comes_back_to_a_gpu_that_was_given_away(self) -> None:
        """The agent lost attempt 1 with its lease, called its GPU free, took a second job, and remembers the first."""
        first, second = make_job(), make_job(priority=-1)
        worker = make_worker(gpus=1)
        lost = claim(worker)
        expire(now=after(61))
        Job.objects.filter(pk=first.pk).update(not_before=after(1000))
        taken = claim(worker, now=after(62))
        assert taken.job_id == second.pk
        both = [(lost.job_id, 1), (taken.job_id, 1)]
        assert sync(worker, now=after(63), running=both).lost == [(first.pk, 1)]
        assert fresh(first).status == "queued"
        busy = Attempt.objects.filter(status="running").values_list("gpus", flat=True)
        assert [*busy] == [[0]]

    def test_it_is_given_again_once_its_attempt_ended(self) -> None:
        make_job()
        second = make_job()
        worker = make_worker(gpus=1)
        finish(claim(worker))
        assert claim(worker).job_id == second.pk


def test_a_place_is_the_answer_for_one_need() -> None:
    worker = make_worker(gpus=2)
    need = requirement_for(Needs(gpus=2, tags=()))
    assert place_for(need, worker, Free([0], 9)) is None
    place = place_for(need, worker, Free([0, 1], 0))
    assert place is not None
    assert place.gpus == [0, 1]
