"""Leases: renewed by those who work, taken from those who fell silent."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from jobs import fairness
from jobs.ending import Ended, end
from jobs.models import Attempt, Job, Worker
from jobs.moving import move, move_attempt
from jobs.owning import Owned, overdue_at, owned_by, running_on
from jobs.states import MOVES, AttemptStatus, JobStatus, Reason
from runs import again, recording

log = logging.getLogger(__name__)

Pair = tuple[int, int]  # (job id, attempt number)


SWEEPER = "whirr"  # the actor of what is done to a job because its worker was silent


@dataclass(frozen=True, slots=True)
class Renewal:
    """What an agent has to hear about the attempts it named: not its own any more, or ended by others meanwhile."""

    lost: list[Pair] = field(default_factory=list)
    cancelled: list[Pair] = field(default_factory=list)


@dataclass(slots=True)
class Holder:
    """A worker, the attempts that it says it holds, and those that the server knows to be running there."""

    worker: Worker
    held: set[Pair]
    owned: list[Owned]
    lease_seconds: int


def renew_all(holders: list[Holder], *, now: datetime) -> list[Renewal]:
    """Renew what the workers hold, in a transaction that holds the workers' rows; one answer for each.

    An attempt whose lease ran out is taken back as long as nobody else has claimed its job, and joins `owned`. One
    that ended in order is neither renewed nor called lost: its agent may still be delivering. One that is not this
    worker's, or not known at all, is lost.
    """
    by_length: dict[int, list[int]] = {}
    for holder in holders:
        mine = [each.job_id for each in holder.owned if each.pair in holder.held]
        by_length.setdefault(holder.lease_seconds, []).extend(mine)
    workers = [holder.worker.pk for holder in holders]
    is_all = True
    for seconds, job_ids in by_length.items():
        if job_ids:
            # Since that look a sweep may have come: what it took away is not renewed here. Locked in order, since
            # a submit locks the jobs that it waits for.
            rows = Job.objects.filter(
                pk__in=job_ids, worker__in=workers, status=JobStatus.RUNNING
            ).order_by("pk")
            renewed = Job.objects.filter(pk__in=rows.select_for_update().values("pk")).update(
                lease_expires_at=now + timedelta(seconds=seconds), lease_seconds=seconds
            )
            is_all = is_all and renewed == len(job_ids)
    if not is_all:
        _look_again(holders)
    return [_judge_others(holder, now=now) for holder in holders]


def _look_again(holders: list[Holder]) -> None:
    """Something was taken away since that look. Unheard of in this answer, its agent would run it on beside the next
    attempt; what was renewed is locked, and nobody can take that away any more.
    """
    running = running_on([holder.worker for holder in holders])
    for holder in holders:
        still = {each.pair for each in running[holder.worker.pk]}
        holder.owned = [each for each in holder.owned if each.pair in still]


def _judge_others(holder: Holder, *, now: datetime) -> Renewal:
    """What became of the attempts that the worker names and the server does not know to run there."""
    others = holder.held - {each.pair for each in holder.owned}
    if not others:
        return Renewal()
    found = Attempt.objects.filter(
        job_id__in=[job_id for job_id, _ in others], worker_name=holder.worker.worker_id
    ).select_related("job__run")
    known = {(each.job_id, each.number): each for each in found}
    lost, cancelled = [], []
    gone = (AttemptStatus.LOST, AttemptStatus.PREEMPTED)
    for pair in sorted(others):
        attempt = known.get(pair)
        if attempt is None:
            lost.append(pair)
        elif attempt.status == AttemptStatus.CANCELLED or attempt.overruled:
            cancelled.append(pair)
        elif attempt.status in gone and not _taken_back(attempt, holder, now=now):
            lost.append(pair)
    return Renewal(lost, cancelled)


def _taken_back(attempt: Attempt, holder: Holder, *, now: datetime) -> bool:
    if not _may_come_back(attempt, holder.worker):
        return False
    came = reinstate(attempt, holder.worker, lease_seconds=holder.lease_seconds, now=now)
    if came:
        holder.owned.append(owned_by(attempt))
    return came


def _may_come_back(attempt: Attempt, worker: Worker) -> bool:
    """Not where the agent itself said that it is lost, nor where its place was given to another job since."""
    requeued = attempt.job.events.filter(kind=MOVES[JobStatus.RUNNING, JobStatus.QUEUED])
    last = requeued.order_by("-pk").values_list("actor", flat=True).first()
    if last != SWEEPER:
        return False
    running = Attempt.objects.filter(worker=worker, status=AttemptStatus.RUNNING)
    places = list(running.values_list("gpus", flat=True))
    if attempt.gpus:
        return {index for gpus in places for index in gpus}.isdisjoint(attempt.gpus)
    return sum(1 for gpus in places if not gpus) < max(worker.slots, 1)


def reinstate(
    attempt: Attempt,
    worker: Worker | None,
    *,
    lease_seconds: int,
    now: datetime,
    though_held: bool = False,
) -> bool:
    """Take back a loss, if the job still waits for its next attempt and nobody wants it cancelled, or held."""
    if attempt.status != AttemptStatus.LOST:
        return False
    job = Job.objects.select_for_update(of=("self",)).select_related("run").get(pk=attempt.job_id)
    waits = job.status == JobStatus.QUEUED and job.attempt == attempt.number
    if not waits or job.cancel_requested or (job.is_held and not though_held):
        return False
    message = "the worker came back before anybody else claimed the job"
    restore(job, attempt, worker, message=message, lease_seconds=lease_seconds, now=now)
    return True


def restore(
    job: Job,
    attempt: Attempt,
    worker: Worker | None,
    *,
    message: str,
    lease_seconds: int,
    now: datetime,
) -> None:
    """The job runs on, as this attempt of it. Inside a transaction that holds its row, still queued and unclaimed."""
    move(
        job,
        JobStatus.RUNNING,
        now=now,
        actor=attempt.worker_name,
        kind="reinstated",
        message=message,
        worker=worker,
        lease_seconds=lease_seconds,
        lease_expires_at=now + timedelta(seconds=lease_seconds),
        overdue_at=overdue_at(job, attempt.started_at),
        not_before=None,
    )
    attempt.job = job
    fairness.refund(attempt, now=now)
    attempt.worker = worker  # its row may be another one since, of the same name
    move_attempt(attempt, AttemptStatus.RUNNING, now=now)
    recording.begin_attempts([(job.run, attempt.number, job.run.hostname)], now=now)


def requeue_expired(*, now: datetime, limit: int = 100) -> int:
    """Take jobs from workers whose lease ran out, one short transaction each. Safe to run twice at once.

    Walks by cursor: a row that cannot be handled is logged and passed over, and never stops the rest.
    """
    rescued, cursor = 0, 0
    while rescued < limit:
        job_id = (
            Job.objects.filter(_expired(now), pk__gt=cursor)
            .order_by("pk")
            .values_list("pk", flat=True)
            .first()
        )
        if job_id is None:
            break
        cursor = job_id
        try:
            rescued += _take_away(job_id, now=now)
        except Exception:
            log.exception("job %s: its expired lease could not be handled", job_id)
    return rescued


def _expired(now: datetime) -> Q:
    return Q(status=JobStatus.RUNNING, lease_expires_at__lt=now)


@again.after_deadlock
@transaction.atomic
def _take_away(job_id: int, *, now: datetime) -> bool:
    job = (
        Job.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("run")
        .filter(_expired(now), pk=job_id)
        .first()
    )
    if job is None:  # renewed, ended, or in another sweeper's hands
        return False
    attempt = job.attempts.get(number=job.attempt)
    ended = Ended(
        AttemptStatus.LOST,
        Reason.WORKER_LOST,
        message=f"worker {attempt.worker_name} was not heard of for {job.lease_seconds} s",
    )
    end(job, attempt, ended, actor=SWEEPER, now=now)
    return True


def extend_all(*, grace: timedelta, now: datetime) -> int:
    """After a restart nobody could have renewed: every lease lasts at least `grace` from now. Returns how many grew.

    Likewise nobody could have reported: a job over its time limit may have ended long ago.
    """
    until = now + grace
    Job.objects.filter(status=JobStatus.RUNNING, overdue_at__lt=until).update(overdue_at=until)
    return Job.objects.filter(status=JobStatus.RUNNING, lease_expires_at__lt=until).update(
        lease_expires_at=until
    )
