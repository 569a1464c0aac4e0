"""The first steps on a new server: a list that ticks by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import words
from dashboard.night import visits
from jobs.demo import marks
from jobs.models import Job
from jobs.selectors import WorkerView
from jobs.states import WorkerStatus
from runs.models import Series
from runs.storage import SYSTEM

STEPS = 4


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What was done already, demo data aside. `online`: names of workers that are there now."""

    online: list[str]
    worker: bool
    job: str  # the id of the run of the first job that ran; empty before
    queued: str  # where none ran yet: that of the first one in the queue
    metric: str  # the id of the first run with a metric
    closed: bool  # by whoever asks

    @property
    def reached(self) -> bool:
        """Some machine knows the server's address, and has a token."""
        return self.worker or bool(self.job or self.queued or self.metric)

    @property
    def is_whole(self) -> bool:
        return self.worker and bool(self.job and self.metric)

    @property
    def is_needed(self) -> bool:
        return not self.closed and not self.is_whole

    @property
    def says_how(self) -> bool:
        """The list has the line that starts a worker, so nothing else needs to say it."""
        return self.is_needed and not self.worker

    @property
    def done(self) -> int:
        return sum(map(bool, (self.reached, self.worker, self.job, self.metric)))

    @property
    def count(self) -> int:
        return STEPS


def first_steps(workers: Sequence[WorkerView], name: str) -> FirstSteps:
    """For the visitor of that name. Four small queries at most."""
    own = [each for each in workers if each.worker.kinds != [marks.KIND]]
    jobs = Job.objects.exclude(requirement__kind=marks.KIND).order_by("pk")
    keys = jobs.values_list("run__key", flat=True)
    job = keys.filter(started_at__isnull=False).first() or ""
    metrics = Series.objects.exclude(key__startswith=SYSTEM).order_by("pk")
    made_up = {"run__project": marks.PROJECT, "run__user": marks.USER}
    metric = metrics.exclude(**made_up).values_list("run__key", flat=True).first() or ""
    return FirstSteps(
        online=[each.worker.worker_id for each in own if each.status != WorkerStatus.OFFLINE],
        worker=bool(own),
        job=job,
        queued="" if job else keys.first() or "",
        metric=metric,
        closed=not (own and job and metric) and visits.has_closed_steps(name),
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
