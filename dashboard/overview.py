"""The first page: what runs, what waits, on which machines, and what ended last."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Value, When

from dashboard import alerts
from dashboard.night.digest import Digest, digest
from dashboard.night.first_steps import Deserted, FirstSteps, deserted, first_steps
from dashboard.night.latest import latest
from dashboard.night.progress import UNKNOWN, Progress, progress
from dashboard.night.troubles import idle, troubles
from dashboard.night.visits import Since
from dashboard.nodes import Node, node
from jobs import attempted, demo, explaining, standing
from jobs import history as histories
from jobs import selectors as queue
from jobs.demo import Demo
from jobs.explaining import Outlook
from jobs.history import NOTHING, History
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

    position: int | None  # None: far behind
    job: Job
    reason: str
    is_hopeless: bool
    starts: datetime | None = None
    slipped: bool = (
        False  # what it waits for takes longer than guessed: `starts` is nothing to count on
    )


@dataclass(frozen=True, slots=True)
class Runner:
    """A running job and the attempt that runs it."""

    job: Job
    attempt: Attempt | None
    latest: list[Series]
    progress: Progress = UNKNOWN

    @property
    def state(self) -> str:
        return "cancelling" if self.job.cancel_requested else self.job.status


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the first page."""

    counts: Counts
    running: list[Runner]
    waiting: list[Waiter]
    nodes: list[Node]
    recent: list[Run]
    marks: dict[int, dict[str, int]]  # alerts by level of the runs shown, by primary key
    night: Digest
    steps: FirstSteps
    deserted: Deserted | None
    demo: Demo
    only_archived: bool = False  # all that ended here is archived

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
        there = self.recent or self.in_queue or self.running or self.only_archived
        return not there


def overview(since: Since, name: str, *, now: datetime) -> Overview:
    """Everything on the first page for the visitor of that name, in a fixed number of queries."""
    workers = queue.workers(now=now)
    nodes = [node(view) for view in workers]
    runners, recent = running(RUNNING_SHOWN, now=now), ended(RECENT)
    rows = waiters(list(queue.queue()[:QUEUE_SHOWN]), first=1, now=now)
    counts = queue.counts(now=now)
    there = counts.by_status
    return Overview(
        counts=counts,
        running=runners,
        waiting=rows,
        nodes=nodes,
        recent=recent,
        marks=logged.alert_counts([*(runner.job.run for runner in runners), *recent]),
        night=night(since, nodes, rows, ready=there["queued"], now=now),
        steps=first_steps(workers, name),
        deserted=deserted(workers, jobs=there["queued"] + there["waiting"], now=now),
        demo=demo.there(),
        only_archived=not recent and record.runs().exists(),
    )


def night(
    since: Since, nodes: list[Node], rows: list[Waiter], *, ready: int, now: datetime
) -> Digest:
    """What happened since then, and what is wrong now. `ready`: how many jobs are queued."""
    said = [row.reason for row in rows if row.job.status == "queued" and not row.job.is_held]
    held = sum(1 for row in rows if row.job.is_held)
    return digest(
        since,
        attempted.during(since.at, now),
        alerts=alerts.lately(now=now, since=since.at),
        troubles=troubles(nodes, since=since.at, now=now),
        idle=idle(nodes, said, jobs=ready - held),
        now=now,
    )


def ended(limit: int) -> list[Run]:
    """What ended last, without the archived. A query for each final state: each walks an index, whatever the queue."""
    there = (record.runs(status=status).filter(archived_at=None) for status in sorted(FINAL))
    found = [run for runs in there for run in runs[:limit]]
    return sorted(found, key=lambda run: (run.finished_at, run.pk), reverse=True)[:limit]


def running(
    limit: int, *, now: datetime, narrow: dict[str, str] | None = None, first: str = ""
) -> list[Runner]:
    """Running jobs, those of user `first` before others, the longest-running first; `narrow` by columns of the job."""
    there = queue.running().filter(**(narrow or {}))
    if first:
        others = Case(When(user=first, then=Value(0)), default=Value(1))
        there = there.order_by(others, "started_at", "id")
    jobs = list(there[:limit])
    numbers = latest([job.run for job in jobs])
    history, like = (History.read(), histories.likes(jobs)) if jobs else (History([]), {})
    found = []
    for job in jobs:
        attempt = next(iter(job.attempts.all()), None)
        times = history.own(like[job.pk]) if job.pk in like else NOTHING
        how_far = progress(job, attempt, times, now=now)
        found.append(Runner(job, attempt, numbers.get(job.run_id, []), how_far))
    return found


def waiters(jobs: list[Job], *, first: int, now: datetime) -> list[Waiter]:
    """Jobs that follow each other in the queue, from place `first` on: why each waits, and when it may start."""
    said = explaining.outlooks(jobs, now=now)
    return [_waiter(job, place, said[job.pk]) for place, job in enumerate(jobs, start=first)]


def waiters_apart(jobs: list[Job], *, now: datetime) -> list[Waiter]:
    """The same of jobs in the order of the queue between which others stand."""
    said = explaining.outlooks(jobs, now=now, apart=True)
    places = standing.places(jobs)
    return [_waiter(job, places.get(job.pk), said[job.pk]) for job in jobs]


def _waiter(job: Job, place: int | None, said: Outlook) -> Waiter:
    start = said.start
    at, slipped = (start.planned.at, start.slipped) if start else (None, False)
    return Waiter(place, job, said.summary.text, said.summary.hopeless, at, slipped)
