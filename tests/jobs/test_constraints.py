"""The database itself forbids nonsense: it holds for the shell, the admin and the next developer, too."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jobs.models import Attempt, Job, Pulse, Requirement
from tests.jobs.factories import NOON, claim, make_job, make_worker

pytestmark = pytest.mark.django_db


def must_refuse(rows: Any, **change: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"lease_expires_at": NOON},
        {"status": "running"},
        {"status": "running", "attempt": 1},
        {"status": "running", "lease_expires_at": NOON, "attempt": 0},
        {"status": "completed"},
        {"status": "cancelled"},
        {"finished_at": NOON},
        {"status": "waiting", "finished_at": NOON},
        {"status": "asleep"},
    ],
)
def test_a_queued_job_cannot_become_nonsense(change: dict[str, Any]) -> None:
    make_job()
    must_refuse(Job.objects.all(), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"lease_expires_at": None},
        {"finished_at": NOON},
        {"status": "queued"},
        {"status": "completed", "finished_at": NOON},
    ],
)
def test_a_running_job_cannot_become_nonsense(change: dict[str, Any]) -> None:
    make_job()
    claim(make_worker())
    must_refuse(Job.objects.all(), **change)


class TestAttempts:
    def another(self, job: Job, number: int, **values: Any) -> None:
        told = {"worker_name": "node2", "started_at": NOON} | values
        Attempt.objects.create(job=job, number=number, **told)

    def test_a_job_has_one_running_attempt(self) -> None:
        job = make_job()
        claim(make_worker())
        with pytest.raises(IntegrityError), transaction.atomic():
            self.another(job, 2)

    def test_a_number_is_used_once(self) -> None:
        job = make_job()
        claim(make_worker())
        with pytest.raises(IntegrityError), transaction.atomic():
            self.another(job, 1, status="failed", finished_at=NOON)

    def test_it_is_finished_exactly_when_it_does_not_run(self, now: datetime) -> None:
        make_job()
        claim(make_worker())
        must_refuse(Attempt.objects.all(), finished_at=now)
        must_refuse(Attempt.objects.all(), status="failed")


def test_there_is_one_pulse(now: datetime) -> None:
    Pulse.objects.create(pk=1, at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pulse.objects.create(pk=2, at=now + timedelta(seconds=1))


def test_a_need_without_a_gpu_asks_for_no_memory_of_one() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Requirement.objects.create(gpus=0, min_memory_mb=1000, digest="a")


def test_two_needs_that_are_equal_are_one_row() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        for _ in range(2):
            Requirement.objects.create(gpus=1, digest="a")
