"""The backstop of time limits: an agent enforces them, and where one does not, the server ends the attempt."""

import logging
from datetime import datetime

from django.db import transaction

from jobs.ending import Ended, end
from jobs.leases import SWEEPER
from jobs.models import Job
from jobs.states import AttemptStatus, JobStatus, Reason
from runs import again

log = logging.getLogger(__name__)


def end_overdue(*, now: datetime, limit: int = 100) -> int:
    """End attempts that outran time limit, grace and patience, one short transaction each; how many.

    The agent is told to kill what it still runs when it syncs next; its own report then comes too late to matter.
    """
    overdue = Job.objects.filter(status=JobStatus.RUNNING, overdue_at__lt=now)
    ended = 0
    for job_id in list(overdue.order_by("pk").values_list("pk", flat=True)[:limit]):
        try:
            ended += _end(job_id, now=now)
        except Exception:
            log.exception("job %s: its time limit could not be enforced", job_id)
    return ended


@again.after_deadlock
@transaction.atomic
def _end(job_id: int, *, now: datetime) -> bool:
    job = (
        Job.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("run")
        .filter(pk=job_id, status=JobStatus.RUNNING, overdue_at__lt=now)
        .first()
    )
    if job is None:
        return False
    message = f"time limit of {job.timeout_seconds} s reached, and the worker did not stop it"
    ended = Ended(AttemptStatus.TIMED_OUT, Reason.TIME_LIMIT, message, overruled=True)
    end(job, job.attempts.get(number=job.attempt), ended, actor=SWEEPER, now=now)
    return True
