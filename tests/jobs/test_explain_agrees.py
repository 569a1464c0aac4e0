"""The words cannot drift from what happens: "could start now" is said exactly where a sync hands the job out."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobs import explaining, requirements, standing
from jobs.evidence import read
from jobs.finishing import Outcome
from jobs.models import Attempt, Job, Quota, Scope, Worker
from jobs.states import JobStatus
from jobs.verdicts import Fit, Verdict
from tests.jobs.factories import NOON, after, finish, gpu, make_job, make_worker, sync

pytestmark = pytest.mark.django_db
SOON = after(30)
LATER = after(1200)  # long enough for reservations

GPU = st.builds(
    lambda size, model: {"memory_mb": size, "name": model},
    *(
        st.sampled_from([24_000, 48_000]),
        st.sampled_from(["A100", "H100"]),
    ),
)
WORKERS = st.lists(
    st.fixed_dictionaries(
        {
            "gpus": st.lists(GPU, max_size=4),
            "slots": st.integers(0, 2),
            "tags": st.sampled_from([[], ["fast"]]),
            "labels": st.sampled_from([[], ["fast"]]),
            "projects": st.sampled_from([[], [], ["vision"]]),
            "state": st.sampled_from(["", "", "", "draining", "disabled"]),
        }
    ),
    min_size=1,
    max_size=3,
)
WISHES = st.fixed_dictionaries(
    {
        "gpus": st.sampled_from([None, 0, 1, 1, 2, 3, 4]),
        "gpu_model": st.sampled_from(["", "", "h100"]),
        "require_tags": st.sampled_from([[], [], ["fast"]]),
        "project": st.sampled_from(["", "vision", "speech"]),
        "priority": st.integers(0, 2),
        "timeout_seconds": st.sampled_from([None, 60, 5000]),
        "user": st.sampled_from(["ada", "grace"]),
    }
).filter(lambda wish: wish["gpus"] != 0 or not wish["gpu_model"])
QUOTAS = st.lists(
    st.tuples(
        st.sampled_from(Scope.values), st.sampled_from(["", "ada", "vision"]), st.integers(0, 3)
    ),
    max_size=2,
    unique_by=lambda quota: quota[:2],
)


def build(nodes: list[dict[str, Any]], quotas: list[tuple[str, str, int]]) -> list[Worker]:
    for scope, name, most in quotas:
        Quota.objects.create(scope=scope, name=name, running_gpus=most, running_jobs=most + 1)
    made = []
    for number, node in enumerate(nodes):
        gpus = [gpu(index) | each for index, each in enumerate(node["gpus"])]
        worker = make_worker(f"node{number}", gpus, slots=node["slots"], tags=node["tags"])
        worker.projects, worker.labels = node["projects"], node["labels"]
        if node["state"]:
            setattr(worker, node["state"], True)
        worker.save()
        made.append(worker)
    return made


def run_some(workers: list[Worker], fates: list[str], *, late: bool) -> None:
    """Hand out, and let some of it end: then there are failed starts and, when it is late, kept GPUs."""
    for worker in workers:
        sync(worker)
    for attempt, fate in zip(list(Attempt.objects.order_by("pk")), fates, strict=False):
        if fate:
            finish(attempt, Outcome(fate))
    Job.objects.update(not_before=None)
    for worker in workers if late else ():
        sync(worker, now=LATER)


def said(now: datetime) -> dict[tuple[int, int], Fit]:
    """What each worker says to each queued job."""
    jobs = list(standing.ready(now=now).select_related("requirement"))
    found = read(jobs, now=now)
    return {(job.pk, fit.worker.pk): fit for job in jobs for fit in explaining.fits_of(job, found)}


def first_given(worker: Worker, job: Job, now: datetime) -> int | None:
    """What a sync of the worker hands out first if nothing else is queued but what its GPUs are kept for."""
    kept = Worker.objects.get(pk=worker.pk).reserved_for_id
    with transaction.atomic():
        others = Job.objects.filter(status=JobStatus.QUEUED).exclude(pk__in=[job.pk, kept or 0])
        others.update(held_at=now, held_by="test")
        orders = sync(worker, now=now).jobs
        transaction.set_rollback(True)
    return orders[0].job.pk if orders else None


def stands_behind(
    job: Job, kept: int | None, verdicts: dict[tuple[int, int], Fit], at: int
) -> bool:
    """Whether the job that this worker keeps GPUs for is before this one, and could start there itself."""
    if kept in (None, job.pk) or (kept, at) not in verdicts:
        return False
    mine = Job.objects.get(pk=kept)
    before = (-mine.priority, mine.pk) < (-job.priority, job.pk)
    return before and verdicts[kept, at].verdict == Verdict.COULD_START


def node(gpus: int) -> dict[str, Any]:
    cards = [{"memory_mb": 24_000, "name": "A100"}] * gpus
    return {"gpus": cards, "slots": 0, "tags": [], "labels": [], "projects": [], "state": ""}


SMALL = {"gpus": 1, "priority": 2}
FAILED_THERE = {
    "nodes": [node(1), node(1)],
    "wishes": [SMALL, SMALL],
    "fates": ["never_started"],
    "quotas": [],
    "late": False,
}
KEPT = {
    "nodes": [node(2)],
    "wishes": [SMALL, SMALL, {"gpus": 2, "priority": 1}, {"gpus": 1, "priority": 1}],
    "fates": ["", "exited"],
    "quotas": [],
    "late": True,
}


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    nodes=WORKERS,
    wishes=st.lists(WISHES, min_size=1, max_size=6),
    fates=st.lists(st.sampled_from(["", "exited", "never_started", "never_started"]), max_size=4),
    quotas=QUOTAS,
    late=st.booleans(),
)
@example(**FAILED_THERE)
@example(**KEPT)
def test_could_start_is_said_exactly_where_a_sync_hands_it_out(
    nodes: list[dict[str, Any]],
    wishes: list[dict[str, Any]],
    fates: list[str],
    quotas: list[tuple[str, str, int]],
    late: bool,
) -> None:
    now = LATER if late else SOON
    with transaction.atomic():
        workers = build(nodes, quotas)
        for wish in wishes:
            make_job(**{key: each for key, each in wish.items() if each is not None})
        run_some(workers, fates, late=late)
        verdicts = said(now)
        for job in Job.objects.filter(pk__in={job for job, _ in verdicts}):
            for worker in workers:
                fit = verdicts[job.pk, worker.pk]
                kept = Worker.objects.get(pk=worker.pk).reserved_for_id
                if stands_behind(job, kept, verdicts, worker.pk):
                    continue  # it is not first in its order
                given_now = first_given(worker, job, now) == job.pk
                assert given_now == (fit.verdict == Verdict.COULD_START), (job, worker, fit)
        transaction.set_rollback(True)
    requirements.forget()


def test_it_looks_at_noon_as_it_looks_at_midnight() -> None:
    """The world that the test above builds is one in which jobs do start."""
    worker = make_worker()
    job = make_job()
    assert first_given(worker, job, NOON) == job.pk
    assert said(NOON)[job.pk, worker.pk].verdict == Verdict.COULD_START
