"""Every test of the queue has a data folder of its own, and leaves a history that agrees with the states."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import requirements
from jobs.models import Attempt, Job
from jobs.states import AttemptStatus, JobStatus
from runs.models import RunStatus
from tests.conftest import TOUCHING_THE_DATABASE

LEADS_TO = {
    "submitted": {"queued", "waiting"},
    "released": {"queued"},
    "held": {"queued", "waiting"},
    "unheld": {"queued", "waiting"},
    "priority": {"queued", "waiting"},
    "requeued": {"queued"},
    "claimed": {"running"},
    "reinstated": {"running"},
    "cancel_requested": {"running"},
    "completed": {"completed"},
    "failed": {"failed"},
    "cancelled": {"cancelled"},
}


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: Path) -> None:
    """Claims make folders. Requirements are kept in memory, and every test numbers them anew."""
    requirements.forget()


@pytest.fixture(autouse=True)
def history_agrees_with_state(request: pytest.FixtureRequest) -> Iterator[None]:
    """Checked when each test ends: events, attempts, runs and jobs tell one story."""
    touches = request.node.get_closest_marker("django_db")
    if touches is None and not TOUCHING_THE_DATABASE & set(request.fixturenames):
        yield
        return
    request.getfixturevalue(
        "transactional_db" if touches and touches.kwargs.get("transaction") else "db"
    )
    yield
    for job in Job.objects.select_related("run"):
        assert_consistent(job)


def assert_consistent(job: Job) -> None:
    last = job.events.order_by("pk").last()
    assert last is None or job.status in LEADS_TO[last.kind], (
        f"{job}: {last.kind}, but {job.status}"
    )
    running = [each.number for each in job.attempts.all() if each.status == AttemptStatus.RUNNING]
    assert running == ([job.attempt] if job.status == JobStatus.RUNNING else [])
    assert job.run.attempt == job.attempt
    pending = {JobStatus.WAITING, JobStatus.QUEUED}
    assert job.run.status == (RunStatus.PENDING if job.status in pending else job.status)
    assert not Attempt.objects.filter(job=job, number__gt=job.attempt).exists()
