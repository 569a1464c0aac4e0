"""The first steps on a new server: a list that ticks by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import words
from jobs.models import Job
from jobs.selectors import WorkerView
from jobs.states import WorkerStatus
from runs.models import Run

LEARNT = 3  # runs after which nobody needs the list any more


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What was done already. `online`: names of workers that are there now."""

    online: list[str]
    worker: bool
    run: str  # the id of the first one; empty before
    job: str  # the id of the first one's run
    learnt: bool

    @property
    def is_needed(self) -> bool:
        return not self.learnt and not (self.worker and self.run and self.job)

    @property
    def done(self) -> int:
        return sum(map(bool, (self.worker, self.run, self.job)))


def first_steps(workers: Sequence[WorkerView]) -> FirstSteps:
    """Three small queries."""
    runs = Run.objects.order_by("pk").values_list("key", flat=True)[:LEARNT]
    direct = Run.objects.filter(kind="direct").order_by("pk").values_list("key", flat=True).first()
    job = Job.objects.order_by("pk").values_list("run__key", flat=True).first()
    online = [each.worker.worker_id for each in workers if each.status != WorkerStatus.OFFLINE]
    return FirstSteps(
        online=online,
        worker=bool(workers),
        run=direct or (runs[0] if runs else ""),
        job=job or "",
        learnt=len(runs) >= LEARNT,
    )


@dataclass(frozen=True, slots=True)
class Deserted:
    """Jobs wait and no worker is online. `last` is the one that was seen last, and how long ago."""

    jobs: int
    last: str

    @property
    def words(self) -> str:
        waits = f"{words.plural(self.jobs, 'job')} wait{'s' if self.jobs == 1 else ''}"
        return f"{waits}; no worker is online. {self.last}"


def deserted(workers: Sequence[WorkerView], *, jobs: int, now: datetime) -> Deserted | None:
    """None while nothing waits, or while somebody is there to take it."""
    if not jobs or any(each.status != WorkerStatus.OFFLINE for each in workers):
        return None
    newest = max(workers, key=lambda each: each.worker.heartbeat_at, default=None)
    if newest is None:
        return Deserted(jobs, "None has ever connected.")
    ago = words.ago((now - newest.worker.heartbeat_at).total_seconds())
    return Deserted(jobs, f"Last seen: {newest.worker.worker_id}, {ago}.")
