"""Wishing a job gone."""

from datetime import datetime

from django.db import transaction

from jobs.errors import IllegalMove, NotFound
from jobs.models import Job
from jobs.moving import move, note
from jobs.states import JobStatus, Reason
from runs import feed


@transaction.atomic
def cancel(job_id: int, *, actor: str, now: datetime) -> str:
    """Cancel a job and return the status it had.

    A job that does not run yet ends here. A running one gets a flag, its agent is rung at once, and the agent's report
    ends it; asking twice is asking once. Raises NotFound, or IllegalMove where the job has ended already.
    """
    job = (
        Job.objects.select_for_update(of=("self",))
        .select_related("run", "worker")
        .filter(pk=job_id)
        .first()
    )
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    previous = job.status
    if job.is_final:
        raise IllegalMove(f"job {job_id} has ended already: it is {previous}")
    if job.cancel_requested:
        return previous
    job.cancel_requested_at = now
    job.cancel_requested_by = actor
    job.save(update_fields=["cancel_requested_at", "cancel_requested_by"])
    if previous == JobStatus.RUNNING:
        note(job, "cancel_requested", now=now, actor=actor)
        if job.worker is not None:
            feed.ring(feed.worker_group(job.worker.worker_id))
    else:
        message = f"cancelled by {actor}"
        move(
            job,
            JobStatus.CANCELLED,
            now=now,
            actor=actor,
            reason=Reason.CANCELLED_BY,
            message=message,
        )
    return previous


def cancel_queued(*, actor: str, now: datetime) -> list[int]:
    """Cancel every job that does not run yet; the numbers of those that were."""
    waiting = Job.objects.filter(status__in=[JobStatus.WAITING, JobStatus.QUEUED])
    cancelled = []
    for job_id in waiting.order_by("pk").values_list("pk", flat=True):
        try:
            if cancel(job_id, actor=actor, now=now) != JobStatus.RUNNING:
                cancelled.append(job_id)
        except IllegalMove:  # it ended meanwhile
            continue
    return cancelled
