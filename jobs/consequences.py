"""What would happen, said before it does."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

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
    runs = Q(status=JobStatus.RUNNING)
    there = (
        jobs.exclude(status__in=FINAL)
        .order_by()
        .aggregate(
            total=Count("pk"),
            running=Count("pk", filter=runs),
            users=Count("user", distinct=True),
            grace=Max("grace_seconds", filter=runs),
        )
    )
    total, running, users = there["total"], there["running"], there["users"]
    parts = []
    if running:
        grace = span(there["grace"])
        parts.append(f"stops {plural(running, 'running job')}, up to {grace} after it is told")
    if waiting := total - running:
        parts.append(f"{plural(waiting, 'waiting job')} never start{'s' if waiting == 1 else ''}")
    if not total:
        return Told(0, "nothing of this is left to cancel")
    whose = f" (jobs of {users} users)" if users > 1 else ""
    return Told(total, "; ".join(parts) + whose)


def of_retrying(jobs: QuerySet[Job]) -> Told:
    """`queues 3 failed jobs again, as new ones; what they did before stays`"""
    count = jobs.filter(status=JobStatus.FAILED, retried_by__isnull=True).count()
    if not count:
        return Told(0, "nothing failed that was not retried already")
    again, before = ("as a new one", "it") if count == 1 else ("as new ones", "they")
    words = f"queues {plural(count, 'failed job')} again, {again}; what {before} did before stays"
    return Told(count, words)
