"""What workers hold now, read lean: it is looked at in every exchange, and whole rows cost ten times as much."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from jobs.models import Attempt, Job, Worker
from runs import rows


@dataclass(frozen=True, slots=True)
class Owned:
    """A running attempt. `ends_by`: when its time limit and grace are over at the latest, None without a limit."""

    job_id: int
    number: int
    gpus: list[int]
    claim_id: str
    cancel_requested: bool
    ends_by: datetime | None
    watched_until: datetime | None = None  # its run, by somebody

    @property
    def pair(self) -> tuple[int, int]:
        return self.job_id, self.number


def owned_by(attempt: Attempt) -> Owned:
    """The same of an attempt whose row and job are at hand."""
    job = attempt.job
    ends_by = _ends_by(attempt.started_at, job.timeout_seconds, job.grace_seconds)
    return Owned(
        attempt.job_id,
        attempt.number,
        attempt.gpus,
        attempt.claim_id,
        job.cancel_requested,
        ends_by,
    )


_RUNNING = """
SELECT attempt.worker_id, attempt.job_id, attempt.number, attempt.gpus, attempt.claim_id, attempt.started_at,
  job.cancel_requested_at IS NOT NULL, job.timeout_seconds, job.grace_seconds,
  run.watched_until
FROM jobs_attempt AS attempt JOIN jobs_job AS job ON job.id = attempt.job_id JOIN runs_run AS run ON run.id = job.run_id
WHERE attempt.status = 'running' AND attempt.worker_id IN ({}) ORDER BY attempt.id
"""


def running_on(workers: list[Worker]) -> dict[int, list[Owned]]:
    """The running attempts of these workers, by the worker's key; one query."""
    owned: dict[int, list[Owned]] = {worker.pk: [] for worker in workers}
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING.format(rows.among(list(owned))), list(owned))
        found = cursor.fetchall()
    for worker, job, number, gpus, claim_id, started, cancel, limit, grace, watched in found:
        ends_by = _ends_by(rows.when(started), limit, grace)
        until = None if watched is None else rows.when(watched)
        owned[worker].append(
            Owned(job, number, json.loads(gpus), claim_id, bool(cancel), ends_by, until)
        )
    return owned


# Seconds beyond time limit and grace before the server steps in. Long: an agent reports the end of a job after it has
# delivered what the job wrote, and after an outage that may be much.
OVERDUE_AFTER = 900


def overdue_at(job: Job, started: datetime) -> datetime | None:
    """When the server ends an attempt that its agent should have ended; None without a time limit."""
    ends_by = _ends_by(started, job.timeout_seconds, job.grace_seconds)
    return ends_by + timedelta(seconds=OVERDUE_AFTER) if ends_by else None


def _ends_by(started: datetime, limit: int | None, grace: int) -> datetime | None:
    return started + timedelta(seconds=limit + grace) if limit is not None else None
