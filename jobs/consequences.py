"""What would happen, said before it does."""

from dataclasses import dataclass

from django.db.models import QuerySet

from jobs.models import Job
from jobs.phrases import plural, span
from jobs.states import FINAL, JobStatus


@dataclass(frozen=True, slots=True)
class Told:
    """How many jobs it concerns, and the sentence for them."""

    count: int
    words: str


def of_cancelling(jobs: QuerySet[Job]) -> Told:
    """`stops 3 running jobs of 2 users, which have up to 30 s to save; 4 waiting jobs never start`"""
    rows = list(
        jobs.exclude(status__in=FINAL).order_by().values_list("status", "user", "grace_seconds")
    )
    running = [(user, grace) for status, user, grace in rows if status == JobStatus.RUNNING]
    users = {user for _, user, _ in rows}
    parts = []
    if running:
        grace = span(max(grace for _, grace in running))
        parts.append(f"stops {plural(len(running), 'running job')}, up to {grace} after it is told")
    if waiting := len(rows) - len(running):
        parts.append(f"{plural(waiting, 'waiting job')} never start{'s' if waiting == 1 else ''}")
    if not rows:
        return Told(0, "nothing of this is left to cancel")
    whose = f" (jobs of {len(users)} users)" if len(users) > 1 else ""
    return Told(len(rows), "; ".join(parts) + whose)


def of_retrying(jobs: QuerySet[Job]) -> Told:
    """`queues 3 failed jobs again, as new ones; what they did before stays`"""
    count = jobs.filter(status=JobStatus.FAILED, retried_by__isnull=True).count()
    if not count:
        return Told(0, "nothing failed that was not retried already")
    again, before = ("as a new one", "it") if count == 1 else ("as new ones", "they")
    words = f"queues {plural(count, 'failed job')} again, {again}; what {before} did before stays"
    return Told(count, words)
