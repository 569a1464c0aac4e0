"""Wishing a job gone."""

import contextlib
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from jobs import following, refusing
from jobs.errors import IllegalMove
from jobs.locking import locked
from jobs.models import Job
from jobs.moving import Move, Note, move, move_all, note, note_all
from jobs.states import FINAL, JobStatus, Reason
from runs import again, feed

AT_ONCE = 500  # jobs in one transaction


@again.after_deadlock
@transaction.atomic
def cancel(job_id: int, *, actor: str, now: datetime) -> str:
    """Cancel a job and return the status it had.

    A job that does not run yet ends here. A running one gets a flag, its agent is rung at once, and the agent's report
    ends it; asking twice is asking once. Raises NotFound, or IllegalMove where the job has ended already.
    """
    job = locked(job_id, "worker")
    previous = job.status
    if previous == JobStatus.CANCELLED:  # asked for again, since the first answer was lost
        return previous
    if why_not := refusing.to_cancel(job):
        raise IllegalMove(why_not)
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
        following.after([job], now=now)
    return previous


def cancel_all(jobs: QuerySet[Job], *, actor: str, now: datetime) -> tuple[list[int], list[int]]:
    """Cancel those of the jobs that have not ended: numbers of the cancelled, and of those that run and will be.

    The newest first: of an array, members that wait go before those whose end would let them start.
    """
    unfinished = jobs.exclude(status__in=FINAL).order_by("-pk")
    numbers = list(unfinished.values_list("pk", flat=True))
    ended: list[int] = []
    asked: list[int] = []
    for at in range(0, len(numbers), AT_ONCE):
        some = numbers[at : at + AT_ONCE]
        ended += _end_pending(some, actor=actor, now=now)
        asked += _ask_running(sorted(set(some) - set(ended)), actor=actor, now=now)
        for job_id in sorted({*some}.difference(ended, asked)):
            with contextlib.suppress(IllegalMove):  # it moved meanwhile
                running = cancel(job_id, actor=actor, now=now) == JobStatus.RUNNING
                (asked if running else ended).append(job_id)
    return sorted(ended), sorted(asked)


def cancel_queued(*, actor: str, now: datetime) -> list[int]:
    """Cancel every job that does not run yet; the numbers of those that were."""
    pending = Job.objects.filter(status__in=[JobStatus.WAITING, JobStatus.QUEUED])
    return cancel_all(pending, actor=actor, now=now)[0]


@again.after_deadlock
@transaction.atomic
def _end_pending(numbers: list[int], *, actor: str, now: datetime) -> list[int]:
    pending = Job.objects.filter(pk__in=numbers, status__in=[JobStatus.WAITING, JobStatus.QUEUED])
    jobs = list(pending.select_for_update(of=("self",)).select_related("run").order_by("pk"))
    wish = {"cancel_requested_at": now, "cancel_requested_by": actor}
    why = f"cancelled by {actor}"
    move_all(
        [
            Move(job, JobStatus.CANCELLED, actor, Reason.CANCELLED_BY, why, changes=dict(wish))
            for job in jobs
        ],
        now=now,
    )
    following.after(jobs, now=now)
    return [job.pk for job in jobs]


@again.after_deadlock
@transaction.atomic
def _ask_running(numbers: list[int], *, actor: str, now: datetime) -> list[int]:
    """Tell the agents of those that run, all at once; their numbers, those that were asked before included."""
    running = Job.objects.filter(pk__in=numbers, status=JobStatus.RUNNING)
    jobs = list(
        running.select_for_update(of=("self",)).select_related("run", "worker").order_by("pk")
    )
    fresh = [job for job in jobs if not job.cancel_requested]
    Job.objects.filter(pk__in=[job.pk for job in fresh]).update(
        cancel_requested_at=now, cancel_requested_by=actor
    )
    note_all([Note(job, "cancel_requested", actor) for job in fresh], now=now)
    feed.ring(*{feed.worker_group(job.worker.worker_id) for job in fresh if job.worker})
    return [job.pk for job in jobs]
