"""A large job gets its node, though small ones keep coming; and nothing is kept free in vain."""

from typing import Any

import pytest

from jobs import changing, workers
from jobs.finishing import Outcome
from jobs.models import Attempt, Job, Quota, Worker
from tests.jobs.factories import (
    after,
    cancel,
    claim,
    expire,
    finish,
    gpu,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db

PATIENT = 61  # seconds: longer than WHIRR_RESERVE_AFTER


class Node:
    """A node and its agent: what runs there, and what it is given when it asks."""

    def __init__(self, name: str = "node1", gpus: int = 2) -> None:
        self.name, self.all = name, set(range(gpus))
        self.worker = make_worker(name, gpus=gpus)
        self.foreign: set[int] = set()  # GPUs that somebody else's process holds
        self.running: list[Attempt] = []
        self.small = self.large = Job()  # where the fixture puts its two jobs

    def asks(self, second: float) -> list[int]:
        busy = {index for attempt in self.running for index in attempt.gpus} | self.foreign
        pairs = [(attempt.job_id, attempt.number) for attempt in self.running]
        told = sync(self.worker, now=after(second), gpus=sorted(self.all - busy), running=pairs)
        self.running += [order.attempt for order in told.jobs]
        return [order.job.pk for order in told.jobs]

    def ends(self, job: Job, second: float) -> None:
        (attempt,) = [each for each in self.running if each.job_id == job.pk]
        self.running.remove(attempt)
        finish(attempt, now=after(second))

    @property
    def kept_for(self) -> int | None:
        return Worker.objects.get(worker_id=self.name).reserved_for_id


@pytest.fixture
def node() -> Node:
    """Two GPUs, one of which runs a small job; a large one for both waits since noon."""
    node = Node()
    node.small = make_job(user="bob")
    node.asks(0)
    node.large = make_job(gpus=2)
    return node


def small(**told: Any) -> Job:
    wanted: dict[str, Any] = {"user": "bob", "now": after(10)} | told
    return make_job(**wanted)


def test_a_stream_of_small_jobs_does_not_starve_a_large_one() -> None:
    node = Node(gpus=4)
    large = make_job(gpus=4)
    stream = [make_job(user="bob", priority=int(number < 4)) for number in range(12)]
    assert len(node.asks(0)) == 4
    at = 0
    while large.pk not in {attempt.job_id for attempt in node.running}:
        at += 30
        assert at < 600, f"starved; the node is kept for {node.kept_for}"
        node.ends(next(job for job in stream if job.pk == node.running[0].job_id), at)
        node.asks(at)


def test_nothing_is_kept_before_it_has_waited_a_minute(node: Node) -> None:
    other = small()
    assert node.asks(50) == [other.pk]
    assert node.kept_for is None


def test_after_a_minute_a_free_gpu_is_kept(node: Node) -> None:
    small()
    assert node.asks(PATIENT) == []
    assert node.kept_for == node.large.pk
    node.ends(node.small, 70)
    assert node.asks(71) == [node.large.pk]
    assert node.kept_for is None


class TestWhoMayPass:
    def test_a_higher_priority(self, node: Node) -> None:
        node.asks(PATIENT)
        urgent = small(priority=1)
        assert node.asks(70) == [urgent.pk]

    @pytest.mark.parametrize(("limit", "passes"), [(100, True), (400, False), (None, False)])
    def test_one_that_ends_before_the_gpus_can_be_free(
        self, limit: int | None, passes: bool
    ) -> None:
        node = Node()
        make_job(timeout_seconds=470, grace_seconds=30)  # ends by 500
        node.asks(0)
        large = make_job(gpus=2)
        node.asks(PATIENT)
        assert node.kept_for == large.pk
        other = small(timeout_seconds=limit, grace_seconds=30)
        assert node.asks(100) == ([other.pk] if passes else [])

    def test_none_where_nobody_knows_when_they_will_be_free(self, node: Node) -> None:
        node.asks(PATIENT)
        small(timeout_seconds=1, grace_seconds=0)
        assert node.asks(70) == []


class TestItIsGivenUp:
    @pytest.mark.parametrize("how", ["cancel", "hold", "elsewhere"])
    def test_when_the_job_waits_no_more(self, node: Node, how: str) -> None:
        node.asks(PATIENT)
        large: Job = node.large
        if how == "cancel":
            cancel(large)
        elif how == "hold":
            changing.hold(large.pk, actor="ada", now=after(65))
        else:
            claim(make_worker("other", gpus=2, now=after(65)), now=after(65))
        other = small()
        assert node.asks(70) == [other.pk]
        assert node.kept_for is None

    def test_when_a_quota_forbids_the_job(self, node: Node) -> None:
        node.asks(PATIENT)
        Quota.objects.create(scope="user", name="ada", running_gpus=1)
        other = small()
        assert node.asks(70) == [other.pk]

    def test_when_a_gpu_is_in_the_hands_of_a_stranger(self, node: Node) -> None:
        node.asks(PATIENT)
        node.ends(node.small, 65)
        node.foreign = {0}
        other = small()
        assert node.asks(70) == [other.pk]

    @pytest.mark.parametrize("how", ["disabled", "draining", "silent"])
    def test_when_its_worker_takes_no_jobs_another_keeps_gpus(self, node: Node, how: str) -> None:
        other = Node("other")
        first = small(priority=1)
        assert other.asks(11) == [first.pk]
        node.asks(PATIENT)
        other.asks(PATIENT)
        assert (node.kept_for, other.kept_for) == (node.large.pk, None)
        if how == "silent":
            expire(now=after(150))
        else:
            getattr(workers, f"set_{how}")("node1", True, actor="ada", now=after(65))
            node.asks(140)
        other.asks(150)
        assert (node.kept_for, other.kept_for) == (None, node.large.pk)


class TestNothingIsKept:
    def test_for_a_job_that_the_worker_could_never_run(self) -> None:
        node = Node()
        make_job()
        node.asks(0)
        make_job(gpus=3)
        make_job(gpus=2, require_tags=["other"])
        other = small()
        assert node.asks(PATIENT + 10) == [other.pk]
        assert node.kept_for is None

    def test_for_a_job_that_a_quota_forbids(self, node: Node) -> None:
        Quota.objects.create(scope="user", name="ada", running_gpus=1)
        other = small()
        assert node.asks(PATIENT) == [other.pk]
        assert node.kept_for is None

    def test_for_a_job_that_could_not_be_started_there(self) -> None:
        node = Node()
        large = make_job(gpus=2)
        finish(claim(node.worker), Outcome.NEVER_STARTED)
        make_worker("other", gpus=2, now=after(60))
        first = small(now=after(0))
        assert node.asks(PATIENT) == [first.pk]
        second = small()
        assert node.asks(PATIENT + 5) == [second.pk]
        assert node.kept_for is None and large.pk

    def test_of_gpus_that_the_job_could_not_use(self) -> None:
        mixed = [gpu(0, 16_000), gpu(1, 80_000), gpu(2, 80_000)]
        worker = make_worker(gpus=mixed)
        first = make_job(min_memory_mb=80_000, gpus=1)
        claim(worker)
        make_job(gpus=2, min_memory_mb=80_000)
        tiny = make_job(gpus=1, user="bob")
        told = sync(worker, now=after(PATIENT), gpus=[0, 2], running=[(first.pk, 1)])
        assert [(o.job.pk, o.attempt.gpus) for o in told.jobs] == [(tiny.pk, [0])]

    def test_on_a_second_worker(self, node: Node) -> None:
        other = Node("other")
        first = small(priority=1)
        assert other.asks(11) == [first.pk]
        node.asks(PATIENT)
        second = small()
        assert other.asks(PATIENT) == [second.pk]
        assert other.kept_for is None
