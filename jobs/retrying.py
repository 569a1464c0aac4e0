"""Running again what has ended: a new job that names the old one."""

import contextlib
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from jobs import refusing
from jobs.errors import IllegalMove
from jobs.locking import locked
from jobs.models import Dependency, Job
from jobs.states import FINAL, After, JobStatus
from jobs.submitting import COPIED, Member, Submission, queue
from runs import again


@again.after_deadlock
@transaction.atomic
def retry(job_id: int, *, actor: str, now: datetime, once: bool = False) -> Job:
    """Queue the job once more. Raises NotFound; IllegalMove where it has not ended, or is being retried already.

    With `once` also where it was retried before: whoever repeats a call on many jobs means each of them once.
    """
    old = locked(job_id, "requirement", "array")
    if why_not := refusing.to_retry(old):
        raise IllegalMove(why_not)
    latest = newest(old)
    if latest.pk != old.pk and not latest.is_final:
        raise IllegalMove(f"job {job_id} is being retried already, as job {latest.pk}")
    if once and latest.pk != old.pk:
        raise IllegalMove(f"job {job_id} was retried already, as job {latest.pk}")
    wish = _as_submitted(old)
    member = Member(old.array_index, old.array, retry_of=old)
    return queue(wish, [member], user=actor or old.user, now=now)[0]


def retry_all(jobs: QuerySet[Job], *, actor: str, now: datetime) -> list[Job]:
    """Retry those of the jobs that failed or were cancelled and were not retried yet: oldest first.

    A transaction each: thousands in one would keep every agent waiting. Whoever is interrupted repeats it.
    """
    failed = jobs.filter(
        status__in=[JobStatus.FAILED, JobStatus.CANCELLED], retried_by__isnull=True
    )
    made = []
    for job_id in list(failed.order_by("pk").values_list("pk", flat=True)):
        # What waited for something that will not happen again has nothing to do.
        with contextlib.suppress(IllegalMove):
            made.append(retry(job_id, actor=actor, now=now))
    return made


def newest(job: Job) -> Job:
    """The last retry of the last retry …, or the job itself."""
    while (later := Job.objects.filter(retry_of=job).order_by("-pk").first()) is not None:
        job = later
    return job


def _as_submitted(old: Job) -> Submission:
    need = old.requirement
    return Submission(
        **{name: getattr(old, name) for name in COPIED},
        gpus=need.gpus,
        min_memory_mb=need.min_memory_mb,
        gpu_model=need.gpu_model,
        require_tags=need.tags,
        kind=need.kind,
        after=_still_needed(old),
    )


def _still_needed(old: Job) -> list[tuple[int, After]]:
    """What it has to wait for once more: its parents' retries, unless the parent itself ended well enough."""
    wanted: dict[int, After] = {}
    for edge in Dependency.objects.filter(job=old).select_related("on").order_by("on_id"):
        kind = After(edge.kind)
        if edge.on.status in FINAL and kind.is_met_by(JobStatus(edge.on.status)):
            continue
        parent = newest(edge.on)
        if parent.is_final and not kind.is_met_by(JobStatus(parent.status)):
            raise IllegalMove(
                f"job {old.pk} waits for job {parent.pk} to be {kind.label}, and that is {parent.status}: "
                f"retry job {parent.pk} first"
            )
        wanted[parent.pk] = kind
    return list(wanted.items())
