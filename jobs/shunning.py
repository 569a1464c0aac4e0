"""Workers that a job is kept away from: it failed to start there, and another one that is online could take it.

Where there is no other, it is tried again, until the attempts that never started are too many.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from jobs import matching
from jobs.models import Attempt, Requirement, Worker
from jobs.states import JobStatus, Reason

Pair = tuple[int, int]  # (job id, worker's key)


def shunned(workers: Iterable[Worker], *, now: datetime) -> dict[Pair, str]:
    """The queued jobs that these workers are not given, each with what the failed start said. At most three queries."""
    failed = _failed(worker.pk for worker in workers)
    if not failed:
        return {}
    needs = {attempt.job_id: attempt.job.requirement for attempt in failed}
    tried = _tried(needs)
    takers = Worker.objects.filter(online=True, disabled=False, draining=False)
    others = [worker for worker in takers if worker.is_online(now=now)]
    bearable = {
        job_id for job_id, need in needs.items() if _could_go_elsewhere(need, others, tried[job_id])
    }
    return {
        (attempt.job_id, attempt.worker_id): attempt.error_message
        for attempt in failed
        if attempt.job_id in bearable and attempt.worker_id
    }


def _failed(workers: Iterable[int]) -> list[Attempt]:
    """The attempts of queued jobs that never started there, the oldest first."""
    return list(
        Attempt.objects.filter(
            worker__in=list(workers),
            reason=Reason.NEVER_STARTED,
            job__status=JobStatus.QUEUED,
        )
        .select_related("job__requirement")
        .order_by("pk")
    )


def _tried(jobs: Iterable[int]) -> dict[int, set[int | None]]:
    """Where else these jobs failed to start."""
    found: dict[int, set[int | None]] = defaultdict(set)
    attempts = Attempt.objects.filter(job__in=list(jobs), reason=Reason.NEVER_STARTED).order_by()
    for job_id, worker_id in attempts.values_list("job_id", "worker_id"):
        found[job_id].add(worker_id)
    return found


def _could_go_elsewhere(
    need: Requirement, others: Iterable[Worker], tried: Collection[int | None]
) -> bool:
    return any(
        worker.pk not in tried
        and matching.place_for(need, worker, matching.everything(worker)) is not None
        for worker in others
    )
