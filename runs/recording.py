"""The life of a run's row: opened, begun by an attempt, described by its documents, ended."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction

from runs import feed, storage
from runs.models import Run, RunKind, RunStatus


def open_for_job(**fields: Any) -> Run:
    """A pending run for a job that is being submitted; `name_after_job` gives it its id. Inside a transaction."""
    return Run.objects.create(kind=RunKind.JOB, key=f"new-{uuid4().hex}", **fields)


def name_after_job(run: Run, job_id: int) -> None:
    """The id by which a job's run is known everywhere."""
    run.key = f"job-{job_id}"
    run.save(update_fields=["key"])


def begin_attempt(run: Run, number: int, *, hostname: str, now: datetime) -> None:
    """From here on, whoever writes for an older attempt is refused."""
    run.attempt = number
    run.status = RunStatus.RUNNING
    run.hostname = hostname
    run.started_at = run.started_at or now
    run.save(update_fields=["attempt", "status", "hostname", "started_at"])
    # After the commit, so that no other claim waits for the disk.
    transaction.on_commit(partial(storage.show_newest, run, number), robust=True)
    feed.ring(feed.run_group(run.key))


def set_status(run: Run, status: RunStatus, *, now: datetime) -> None:
    """Follow the job: pending again after a requeue, or final."""
    run.status = status
    run.finished_at = now if status.is_final else None
    run.save(update_fields=["status", "finished_at"])
    feed.ring(feed.run_group(run.key))
