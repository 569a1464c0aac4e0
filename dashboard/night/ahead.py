"""What is to come: when running jobs may end, and where and when waiting ones may start. Guesses, and drawn as such."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import estimating, evidence, selectors
from jobs import history as histories
from jobs.attempted import Span
from jobs.forecast import Planned
from jobs.history import History
from jobs.models import Job

LOOKED_AT = 100  # of the jobs that wait, the first ones
UNKNOWN = timedelta(minutes=30)  # as long as a job is drawn of which nobody knows how long it takes


@dataclass(frozen=True, slots=True)
class Coming:
    """A job that waits, where it may start; `known`: whether such jobs ran before, so that its end is a guess too."""

    run: str
    label: str
    user: str
    worker: str
    gpus: list[int]
    at: datetime
    until: datetime
    known: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    """`ends` by the job's number."""

    ends: dict[int, datetime]
    coming: list[Coming]


NOTHING = Ahead({}, [])


def ahead(spans: Sequence[Span], *, now: datetime) -> Ahead:
    """A fixed number of queries, and a bounded number of looks at the queue."""
    return Ahead(_ends(spans, now=now), _coming(now=now))


def _ends(spans: Sequence[Span], *, now: datetime) -> dict[int, datetime]:
    running = {span.job_id: span for span in spans if span.is_running}
    if not running:
        return {}
    history, found = History.read(), {}
    for number, like in histories.likes_of(running).items():
        span = running[number]
        gone = max(0.0, (now - span.started).total_seconds())
        seconds = history.own(like).expected(gone, span.limit)
        if seconds is not None:
            found[number] = span.started + timedelta(seconds=seconds)
    return found


def _coming(*, now: datetime) -> list[Coming]:
    jobs = list(selectors.queue()[:LOOKED_AT])
    if not jobs:
        return []
    found = evidence.read(jobs, now=now)
    starts = estimating.starts(jobs, found, most_looks=estimating.MOST_LOOKS)
    coming = [_placed(job, starts[job.pk].planned) for job in jobs if job.pk in starts]
    return sorted(coming, key=lambda each: each.at)


def _placed(job: Job, planned: Planned) -> Coming:
    until = planned.until or planned.at + UNKNOWN
    label = job.name or job.run.key
    where = (planned.worker, planned.gpus, planned.at, until, planned.until is not None)
    return Coming(job.run.key, label, job.user, *where)


def side_by_side(
    coming: Iterable[Coming], rows: Sequence[Sequence[Span]], ends: dict[int, datetime]
) -> list[list[Coming]]:
    """Jobs without a GPU, each in the first row that is free by then, or else in the last one."""
    busy = [
        max((ends[span.job_id] for span in row if span.job_id in ends), default=None)
        for row in rows
    ]
    placed: list[list[Coming]] = [[] for _ in rows]
    for each in coming:
        free = (place for place, until in enumerate(busy) if until is None or until <= each.at)
        place = next(free, len(rows) - 1)
        busy[place] = each.until
        placed[place].append(each)
    return placed
