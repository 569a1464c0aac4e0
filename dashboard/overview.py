"""The first page: what runs, what waits, on which machines, and what ended last."""

from dataclasses import dataclass
from datetime import datetime

from dashboard import alerts, runs_table
from dashboard.alerts import Alerts
from dashboard.nodes import Node, node
from jobs import explaining
from jobs import selectors as queue
from jobs.models import Attempt, Job
from jobs.selectors import Counts
from runs import logged
from runs import selectors as record
from runs.models import Run, Series
from runs.models.run import FINAL

RECENT = 8
QUEUE_SHOWN = 12
RUNNING_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Waiter:
    """A job in the queue: where it stands and why."""

    position: int
    job: Job
    reason: str
    is_hopeless: bool


@dataclass(frozen=True, slots=True)
class Runner:
    """A running job and the attempt that runs it."""

    job: Job
    attempt: Attempt | None
    latest: list[Series]

    @property
    def state(self) -> str:
        return "cancelling" if self.job.cancel_requested else self.job.status


@dataclass(frozen=True, slots=True)
class Overview:
    counts: Counts
    running: list[Runner]
    waiting: list[Waiter]
    nodes: list[Node]
    recent: list[Run]
    alerts: Alerts  # of the last day
    marks: dict[int, dict[str, int]]  # alerts by level of the runs shown, by primary key

    @property
    def in_queue(self) -> int:
        return self.counts.by_status["queued"] + self.counts.by_status["waiting"]

    @property
    def more_waiting(self) -> int:
        return self.in_queue - len(self.waiting)

    @property
    def more_running(self) -> int:
        return self.counts.by_status["running"] - len(self.running)

    @property
    def is_fresh(self) -> bool:
        """Nothing was ever run here: the page shows how to begin."""
        return not self.recent and not self.in_queue and not self.running


def overview(*, now: datetime) -> Overview:
    """Everything on the first page, in a fixed number of queries."""
    workers = queue.workers(now=now)
    runners, recent = running(RUNNING_SHOWN), ended(RECENT)
    return Overview(
        counts=queue.counts(now=now),
        running=runners,
        waiting=waiters(list(queue.queue()[:QUEUE_SHOWN]), first=1, now=now),
        nodes=[node(view) for view in workers],
        recent=recent,
        alerts=alerts.lately(now=now),
        marks=logged.alert_counts([*(runner.job.run for runner in runners), *recent]),
    )


def ended(limit: int) -> list[Run]:
    """What ended last. A query for each final state: each walks an index, however long the queue is."""
    found = [run for status in sorted(FINAL) for run in record.runs(status=status)[:limit]]
    return sorted(found, key=lambda run: (run.finished_at, run.pk), reverse=True)[:limit]


def running(limit: int) -> list[Runner]:
    """Running jobs, the longest-running first."""
    jobs = list(queue.running()[:limit])
    latest = runs_table.latest([job.run for job in jobs])
    return [
        Runner(job, next(iter(job.attempts.all()), None), latest.get(job.run_id, []))
        for job in jobs
    ]


def waiters(jobs: list[Job], *, first: int, now: datetime) -> list[Waiter]:
    """Jobs that follow each other in the queue, from place `first` on, each with the reason why it waits."""
    said = explaining.summaries(jobs, now=now)
    return [
        Waiter(place, job, said[job.pk].text, said[job.pk].hopeless)
        for place, job in enumerate(jobs, start=first)
    ]
