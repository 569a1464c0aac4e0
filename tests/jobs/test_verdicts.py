"""What each worker says to a job that does not run, and which of them is heard first."""

from typing import Any

import pytest

from jobs import explaining, workers
from jobs.finishing import Outcome
from jobs.models import Job, Worker
from jobs.verdicts import Verdict
from tests.jobs.explained import GIB, codes, explain, small_gpus, verdicts
from tests.jobs.factories import (
    NOON,
    after,
    claim,
    finish,
    gpu,
    make_job,
    make_worker,
    sync,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"gpus": 8}, "has 2 GPUs, 8 needed"),
        ({"min_memory_mb": 80 * GIB}, "largest GPU has 40 GiB, 80 GiB needed"),
        ({"gpus": 2, "min_memory_mb": 30 * GIB}, "only 1 of 2 GPUs has 30 GiB, 2 needed"),
        ({"gpu_model": "H100"}, "no GPU named H100, but A100"),
        ({"require_tags": ["fast-disk"]}, "lacks tag fast-disk"),
        ({"require_tags": ["b", "a"]}, "lacks tags a, b"),
        ({"kind": "container"}, "runs kind command only"),
        ({"project": "speech"}, "serves project vision only"),
        ({"gpus": 0}, "has GPUs alone, and no CPU slot"),
    ],
)
def test_a_worker_that_could_never_run_it_says_what_is_missing(
    wish: dict[str, Any], text: str
) -> None:
    make_worker("node1", [gpu(0, 24 * GIB), gpu(1, 40 * GIB)])
    if "project" in wish:
        workers.set_projects("node1", ["vision"], actor="ada", now=NOON)

    found = explain(make_job(**wish))

    assert verdicts(found) == {"node1": ("unfit", text)}
    assert codes(found)[0] == "impossible"
    assert found.is_hopeless
    assert found.summary.startswith("no worker could ever run it")
    assert f"node1: {text}" in found.summary
    assert found.estimate.at is None
    assert found.estimate.basis == "no worker could ever run it"


def test_gpus_are_asked_of_a_worker_without_any() -> None:
    make_worker("cpu", 0, slots=2)

    assert verdicts(explain(make_job(gpus=1))) == {"cpu": ("unfit", "has no GPU")}


def test_without_any_worker_nothing_is_called_impossible() -> None:
    found = explain(make_job())

    assert codes(found) == ["no_worker"]
    assert found.summary == "no worker has ever connected"
    assert found.estimate.basis == "no worker that could run it takes jobs"


def test_workers_that_take_nothing_say_why_and_since_when() -> None:
    for name in ("draining", "disabled", "offline"):
        make_worker(name)
    workers.set_draining("draining", True, actor="ada", now=NOON)
    workers.set_disabled("disabled", True, actor="ada", now=NOON)
    Worker.objects.filter(worker_id="offline").update(heartbeat_at=after(-7200))

    found = explain(make_job())

    assert verdicts(found) == {
        "draining": ("draining", "draining: it ends what it has and takes nothing new"),
        "disabled": ("disabled", "disabled: it is given nothing until somebody enables it"),
        "offline": ("offline", "offline for 2 h"),
    }
    assert codes(found) == ["no_worker"]
    assert "no worker that could run it takes jobs: draining is draining" in found.summary


def test_the_most_hopeful_worker_comes_first() -> None:
    make_worker("a-offline", now=after(-3600))
    make_worker("b-small", small_gpus())
    make_worker("c-busy", gpus=2)
    make_job(gpus=2, require_tags=[])
    sync(Worker.objects.get(worker_id="c-busy"))
    make_worker("d-free")

    found = explain(make_job(min_memory_mb=30 * GIB))

    assert [fit.worker.worker_id for fit in found.workers] == [
        "d-free",
        "c-busy",
        "a-offline",
        "b-small",
    ]
    assert found.summary == "could start now on d-free"
    assert found.estimate.at == NOON


def test_hundreds_of_workers_are_counted_and_not_listed() -> None:
    for number in range(explaining.SHOWN + 7):
        make_worker(f"node{number}", small_gpus())

    found = explain(make_job(gpus=2))

    assert len(found.workers) == explaining.SHOWN
    assert found.workers_more == 7


def test_gpus_that_are_kept_for_another_job_are_called_so() -> None:
    worker = make_worker(gpus=4)
    make_job()
    sync(worker)
    big = make_job(gpus=4)
    late = 3600
    sync(worker, now=after(late), gpus=[1, 2, 3])
    small = make_job(now=after(late))

    assert Worker.objects.get().reserved_for_id == big.pk
    found = explain(small, seconds=late + 60)
    mine = explain(big, seconds=late + 60)

    assert verdicts(found)["node1"] == (
        "reserved",
        f"its GPUs are kept for job {big.pk} (for 1 min)",
    )
    assert "reserved" in codes(found)
    assert f"node1 is kept for job {big.pk}" in found.summary
    assert verdicts(mine)["node1"][1].startswith("keeps its GPUs for this job (for 1 min); needs 4")


def test_a_worker_on_which_it_failed_to_start_says_what_it_said() -> None:
    bad = make_worker("bad")
    job = make_job()
    finish(claim(bad), Outcome.NEVER_STARTED, message="no such folder")
    good = make_worker("good", gpus=1)
    make_job(priority=1)
    sync(good)
    Job.objects.filter(pk=job.pk).update(not_before=None)

    found = explain(job)

    assert verdicts(found)["bad"] == (
        "failed_there",
        "it failed to start there: no such folder; other workers can take it",
    )
    assert codes(found)[0] == "busy"


def test_every_verdict_says_something_else_than_its_name() -> None:
    assert len({verdict.label for verdict in Verdict}) == len(Verdict)
