"""Arrays: how far each is, what is the best so far, and its members with what differs between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet

from dashboard.differences import differing, flat
from dashboard.night import sweep
from dashboard.night.sweep import Numbers
from jobs import consequences, explaining, members
from jobs.consequences import Told
from jobs.history import History
from jobs.members import Standing
from jobs.models import Array, Job
from jobs.states import JobStatus
from runs.directions import guessed
from runs.errors import NotFound

PAGE_SIZE = 50
MEMBERS_SHOWN = 100
COLUMNS = 8  # config keys of the table
COMPARED = 500
METRICS = 200
WAITS = (JobStatus.QUEUED, JobStatus.WAITING)
DIRECTIONS = ("min", "max")
SORTS = ("index", "value", "state", "duration")


@dataclass(frozen=True, slots=True)
class Line:
    """One array in the list."""

    array: Array
    standing: Standing
    job: Job | None  # any of its members


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for: `metric` and `goal` (min, max) are chosen for whoever does not say."""

    metric: str = ""
    goal: str = ""
    sort: str = "index"
    page: str = "1"


@dataclass(frozen=True, slots=True)
class Member:
    """One row: `values` of the config keys that differ, `best` of the chosen metric, `last` beside it."""

    job: Job
    values: list[Any]
    best: float | None
    last: float | None
    has_nan: bool
    is_best: bool

    @property
    def is_held(self) -> bool:
        """It waits for somebody who releases it; what has ended is held no more."""
        return self.job.is_held and self.job.status in WAITS

    @property
    def held_words(self) -> str:
        return f"by {self.job.held_by or 'somebody'}, until it is released"


@dataclass(frozen=True, slots=True)
class ArrayPage:
    array: Array
    standing: Standing
    wish: Wish
    metrics: list[str]
    metrics_more: bool
    columns: list[str]
    columns_more: int
    is_part: bool  # the columns are those in which a part of the members differs
    rows: list[Member]
    page: Page[Any]
    best: Member | None
    ends: datetime | None  # a guess
    ended: datetime | None
    held: int  # members that wait until somebody releases them
    why: str  # none runs: what the first one that waits says
    retrying: Told
    cancelling: Told
    compare: str  # query string
    compare_left_out: int

    @property
    def name(self) -> str:
        first = self.rows[0].job.name if self.rows else ""
        return re.sub(r"\[\d+\]$", "", first) or f"A{self.array.pk}"

    @property
    def first(self) -> Job | None:
        return self.rows[0].job if self.rows else None

    def query(self, **changes: str) -> str:
        told = {"metric": self.wish.metric, "goal": self.wish.goal, "sort": self.wish.sort}
        return urlencode({name: value for name, value in (told | changes).items() if value})

    @property
    def is_other_metric(self) -> bool:
        """The address names one that is not offered."""
        return bool(self.wish.metric) and self.wish.metric not in self.metrics

    @property
    def best_config(self) -> list[tuple[str, Any]]:
        """What the best one has of the keys that differ."""
        values = self.best.values if self.best else []
        return [
            (key, value)
            for key, value in zip(self.columns, values, strict=False)
            if value is not None
        ]

    @property
    def sorts(self) -> list[tuple[str, str, bool]]:
        return [(each, self.query(sort=each), self.wish.sort == each) for each in SORTS]

    @property
    def here(self) -> str:
        return self.query(page=str(self.page.number))

    @property
    def earlier(self) -> str:
        return self.query(page=str(self.page.previous_page_number()))

    @property
    def later(self) -> str:
        return self.query(page=str(self.page.next_page_number()))


def wish(given: Mapping[str, str]) -> Wish:
    """Read an address. Raises NotFound for words that mean nothing."""
    goal, sort = given.get("goal", ""), given.get("sort", "") or "index"
    if goal and goal not in DIRECTIONS:
        raise NotFound(f"goal={goal[:20]!r}: min and max are goals")
    if sort not in SORTS:
        raise NotFound(f"sort={sort[:20]!r}: {', '.join(SORTS)} are orders")
    return Wish(given.get("metric", "")[:255], goal, sort, given.get("page", "1"))


def listed(number: str) -> tuple[list[Line], Page[Array]]:
    """A page of arrays, the newest first; a fixed number of queries."""
    page = Paginator(members.arrays(), PAGE_SIZE).get_page(number)
    some = list(page.object_list)
    standings, jobs = members.standings(some), members.first_jobs(some)
    return [Line(each, standings[each.pk], jobs.get(each.pk)) for each in some], page


def array_page(number: int, asked: Wish, *, now: datetime) -> ArrayPage:
    """One array. Raises NotFound. A fixed number of queries and of rows read, whatever the number of its members."""
    array = members.array(number)
    standing = members.standings([array])[number]
    metrics = sweep.metrics(number)
    chosen = _chosen(asked, metrics)
    order = sweep.ordered(number, chosen.sort, chosen.metric, chosen.goal)
    page = Paginator(order, MEMBERS_SHOWN).get_page(asked.page)
    keys, first = list(page.object_list), sweep.best(number, chosen.metric, chosen.goal)
    found = sweep.of(number, [*keys, *([first] if first else [])])
    jobs = [found[key] for key in keys if key in found]
    table = _table(array, jobs, found.get(first or 0), chosen)
    waiting = members.members(number).filter(status__in=WAITS)
    compared = list(members.members(number).values_list("run__key", flat=True)[:COMPARED])
    return ArrayPage(
        array=array,
        standing=standing,
        wish=chosen,
        metrics=metrics[:METRICS],
        metrics_more=len(metrics) > METRICS,
        columns=table.columns[:COLUMNS],
        columns_more=max(0, len(table.columns) - COLUMNS),
        is_part=standing.total > table.looked_at,
        rows=table.rows,
        page=page,
        best=table.best,
        ends=_ends(standing, jobs, now=now),
        ended=None if standing.left else members.last_end(number),
        held=waiting.filter(held_at__isnull=False).count(),
        why="" if standing.running else _why(waiting, now=now),
        retrying=consequences.of_retrying(members.failed(number)),
        cancelling=consequences.of_cancelling(members.unfinished(number)),
        compare="runs=" + ",".join(quote(key, safe="") for key in compared),
        compare_left_out=max(0, standing.total - COMPARED),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    columns: list[str]  # all keys that differ
    looked_at: int  # members
    rows: list[Member]
    best: Member | None


def _table(array: Array, jobs: Sequence[Job], best: Job | None, chosen: Wish) -> _Table:
    shown = list({job.pk: job for job in [*jobs, *([best] if best else [])]}.values())
    numbers = sweep.numbers(shown, chosen.metric)
    if best and _best_of(best, numbers, chosen.goal) is None:
        best = None
    configs = [flat(config) for config in sweep.configs(array, shown)]
    columns = [key for key in differing(configs) if key != "array_index"]

    def row(job: Job) -> Member:
        is_best = best is not None and job.pk == best.pk
        return _member(job, columns[:COLUMNS], numbers, chosen.goal, is_best=is_best)

    rows = [row(job) for job in jobs]
    return _Table(columns, len(configs), rows, row(best) if best else None)


def _chosen(asked: Wish, metrics: Sequence[str]) -> Wish:
    metric = asked.metric or (metrics[0] if metrics else "")
    goal = asked.goal or guessed(metric) or "max"
    return Wish(metric, goal, asked.sort, asked.page)


def _best_of(job: Job, numbers: Mapping[int, Numbers], goal: str) -> float | None:
    return numbers[job.run_id].best(goal) if job.run_id in numbers else None


def _member(
    job: Job,
    columns: Sequence[str],
    numbers: Mapping[int, Numbers],
    goal: str,
    *,
    is_best: bool,
) -> Member:
    found, config = numbers.get(job.run_id), flat(job.run.config)
    return Member(
        job=job,
        values=[config.get(key) for key in columns],
        best=_best_of(job, numbers, goal),
        last=found.last if found else None,
        has_nan=bool(found and found.nan_count),
        is_best=is_best,
    )


def _ends(standing: Standing, jobs: Sequence[Job], *, now: datetime) -> datetime | None:
    sample = jobs[0] if jobs and standing.left else None
    left = members.seconds_left(standing, sample, History.read()) if sample else None
    return None if left is None else now + timedelta(seconds=left)


def _why(waiting: QuerySet[Job], *, now: datetime) -> str:
    """Why the first member that waits does; of one that is held only where all are."""
    first = waiting.order_by(F("held_at").asc(nulls_first=True), *sweep.PLACE).first()
    return explaining.summaries([first], now=now)[first.pk].text if first else ""
