"""Jobs that were handed back go first to the worker that ran them last: their checkpoints are on its disk.

Bounded, so that nobody starves: for PATIENCE after the job may run again, and only while that worker is there and takes
jobs. It is two columns of the job, which the claim reads together with the others (`jobs.lanes`).
"""

from datetime import datetime, timedelta
from typing import Any

from jobs.models import Attempt, Job, Worker
from jobs.states import AttemptStatus, JobStatus
from runs import feed

PATIENCE = timedelta(seconds=60)
NOBODY: dict[str, Any] = {"prefers": None, "prefers_until": None}


def after(attempt: Attempt, *, started: bool, now: datetime, runs_from: datetime) -> dict[str, Any]:
    """Columns of the job whose `attempt` has just ended, and which may run again from `runs_from` on.

    One that never `started` has left nothing there.
    """
    if not started or attempt.status != AttemptStatus.PREEMPTED or attempt.worker_id is None:
        return NOBODY
    takes_jobs = Worker.objects.filter(draining=False, disabled=False, online=True)
    worker = takes_jobs.filter(pk=attempt.worker_id).first()
    if worker is None or worker.disk_full or not worker.is_online(now=now):
        return NOBODY
    return {"prefers": worker, "prefers_until": runs_from + PATIENCE}


def forget(worker: Worker) -> None:
    """It takes nothing any more: what waited for it goes anywhere, at once."""
    waiting = Job.objects.filter(prefers=worker, status=JobStatus.QUEUED)
    if waiting.update(**NOBODY):
        feed.ring(feed.WORK)
