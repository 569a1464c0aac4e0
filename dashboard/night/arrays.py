"""Arrays: how far each is, what is the best so far, and its members with what differs between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.core.paginator import Page, Paginator
from django.db.models import F

from dashboard.differences import differing, flat
from dashboard.metrics import telling
from jobs import consequences, members
from jobs.consequences import Told
from jobs.history import History
from jobs.members import Standing
from jobs.models import Array, Job
from runs.directions import guessed
from runs.errors import NotFound
from runs.models import Series
from runs.storage import SYSTEM

PAGE_SIZE = 50
MEMBERS_SHOWN = 100
COLUMNS = 8  # config keys of the table
COMPARED = 500
METRICS = 200
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
    def seconds(self) -> float | None:
        if self.job.started_at is None or self.job.finished_at is None:
            return None
        return (self.job.finished_at - self.job.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class ArrayPage:
    array: Array
    standing: Standing
    wish: Wish
    metrics: list[str]
    metrics_more: bool
    columns: list[str]
    columns_more: int
    rows: list[Member]
    page: Page[Any]
    best: Member | None
    ends: datetime | None  # a guess
    ended: datetime | None
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
    """One array. Raises NotFound. A fixed number of queries, whatever the number of its members."""
    array = members.array(number)
    jobs = list(members.members(number).defer("env", "config", "error_message"))
    standing = members.standings([array])[number]
    metrics = _metrics(number)
    chosen = _chosen(asked, metrics)
    numbers = _numbers(number, chosen.metric)
    configs = {job.pk: flat(job.run.config) for job in jobs}
    columns = [key for key in differing(list(configs.values())) if key != "array_index"]
    best = _best(jobs, numbers, chosen.goal)
    order = _sorted(jobs, numbers, chosen)
    page = Paginator(order, MEMBERS_SHOWN).get_page(asked.page)
    shown = columns[:COLUMNS]

    def row(job: Job) -> Member:
        return _member(job, configs[job.pk], shown, numbers, chosen.goal, is_best=job is best)

    return ArrayPage(
        array=array,
        standing=standing,
        wish=chosen,
        metrics=metrics[:METRICS],
        metrics_more=len(metrics) > METRICS,
        columns=shown,
        columns_more=len(columns) - len(shown),
        rows=[row(job) for job in page.object_list],
        page=page,
        best=row(best) if best else None,
        ends=_ends(standing, jobs, now=now),
        ended=None if standing.left else members.last_end(number),
        retrying=consequences.of_retrying(members.failed(number)),
        cancelling=consequences.of_cancelling(members.unfinished(number)),
        compare=_compare(jobs),
        compare_left_out=max(0, len(jobs) - COMPARED),
    )


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one run has of the chosen metric."""

    last: float | None
    minimum: float | None
    maximum: float | None
    nan_count: int

    def best(self, goal: str) -> float | None:
        return self.minimum if goal == "min" else self.maximum


def _metrics(number: int) -> list[str]:
    """The metrics of its members, the telling ones first."""
    there = Series.objects.filter(run__job__array=number).exclude(key__startswith=SYSTEM)
    return sorted(there.order_by().values_list("key", flat=True).distinct(), key=_promising)


def _promising(key: str) -> tuple[tuple[int, str], bool, str]:
    place, name = telling(key)
    return (place, ""), not re.search(r"val|test|eval", key, re.I), name


def _chosen(asked: Wish, metrics: Sequence[str]) -> Wish:
    metric = asked.metric or (metrics[0] if metrics else "")
    goal = asked.goal or guessed(metric) or "max"
    return Wish(metric, goal, asked.sort, asked.page)


def _numbers(number: int, metric: str) -> dict[int, Numbers]:
    """By the run's primary key, of its newest attempt; the main writer's, or else the first one's."""
    if not metric:
        return {}
    there = Series.objects.filter(
        key=metric, run__job__array=number, attempt=F("run__attempt")
    ).order_by("-writer")
    columns = ("run", "last", "minimum", "maximum", "nan_count")
    return {run: Numbers(*told) for run, *told in there.values_list(*columns)}


def _best(jobs: Sequence[Job], numbers: Mapping[int, Numbers], goal: str) -> Job | None:
    values = {
        job.pk: value
        for job in jobs
        if job.run_id in numbers and (value := numbers[job.run_id].best(goal)) is not None
    }
    there = [job for job in jobs if job.pk in values]
    if not there:
        return None
    pick = min if goal == "min" else max
    return pick(there, key=lambda job: values[job.pk])


def _sorted(jobs: list[Job], numbers: Mapping[int, Numbers], chosen: Wish) -> list[Job]:
    if chosen.sort == "state":
        order = {status.value: at for at, status in enumerate(members.ORDER)}
        return sorted(jobs, key=lambda job: order[job.status])
    if chosen.sort == "duration":
        return sorted(jobs, key=_length, reverse=True)
    if chosen.sort == "value":
        sign = 1 if chosen.goal == "min" else -1

        def rank(job: Job) -> tuple[bool, float]:
            found = numbers.get(job.run_id)
            value = found.best(chosen.goal) if found else None
            return value is None, sign * (value or 0.0)

        return sorted(jobs, key=rank)
    return jobs


def _length(job: Job) -> float:
    if job.started_at is None or job.finished_at is None:
        return -1.0
    return (job.finished_at - job.started_at).total_seconds()


def _member(
    job: Job,
    config: Mapping[str, Any],
    columns: Sequence[str],
    numbers: Mapping[int, Numbers],
    goal: str,
    *,
    is_best: bool,
) -> Member:
    found = numbers.get(job.run_id)
    return Member(
        job=job,
        values=[config.get(key) for key in columns],
        best=found.best(goal) if found else None,
        last=found.last if found else None,
        has_nan=bool(found and found.nan_count),
        is_best=is_best,
    )


def _ends(standing: Standing, jobs: Sequence[Job], *, now: datetime) -> datetime | None:
    sample = jobs[0] if jobs and standing.left else None
    left = members.seconds_left(standing, sample, History.read()) if sample else None
    return None if left is None else now + timedelta(seconds=left)


def _compare(jobs: Sequence[Job]) -> str:
    return "runs=" + ",".join(quote(job.run.key, safe="") for job in jobs[:COMPARED])
