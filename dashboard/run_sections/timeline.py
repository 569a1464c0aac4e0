"""What happened to a job, the newest last: who did what, when, and why."""

from dataclasses import dataclass

from jobs.models import Job, JobEvent

SHOWN = 200
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest events; `earlier` are left out until somebody asks for all."""

    events: list[JobEvent]
    earlier: int


def timeline(job: Job | None, *, whole: bool = False) -> Timeline:
    """Two queries; a direct run has no events of a queue."""
    if job is None:
        return Timeline([], 0)
    newest = list(job.events.order_by("-id")[: MOST if whole else SHOWN])
    count = len(newest) if len(newest) < SHOWN else job.events.count()
    return Timeline(newest[::-1], count - len(newest))
