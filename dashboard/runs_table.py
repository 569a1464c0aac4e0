"""The table of runs: which rows a filter leaves, in which order, and which columns are worth showing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce
from django.http import QueryDict

from dashboard import writers
from dashboard.differences import differing
from dashboard.metrics import telling
from runs import logged, selectors
from runs.models import Run, RunStatus, Series
from runs.storage import SYSTEM

PAGE_SIZES = (50, 100, 500)
METRICS_SHOWN = 4
CONFIG_SHOWN = 5
LATEST_SHOWN = 2
KEYS_LOOKED_AT = 20
FIXED = ("name", "status", "started", "duration", "user")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the URL asks for; the URL is the whole state of the page."""

    text: str = ""
    state: str = ""
    tag: str = ""
    sort: str = ""
    page: int = 1
    size: int = PAGE_SIZES[0]

    @classmethod
    def of(cls, query: QueryDict) -> "Wish":
        """Read the query string; what is no wish is left out."""
        size = query.get("size", "")
        state = query.get("state", "")
        page = query.get("page", "1")
        return cls(
            text=query.get("q", "").strip()[:200],
            state=state if state in RunStatus.values else "",
            tag=query.get("tag", "")[:100],
            sort=query.get("sort", "")[:300],
            page=int(page[:9]) if page.isdecimal() else 1,
            size=int(size) if size in map(str, PAGE_SIZES) else PAGE_SIZES[0],
        )

    def query(self, **changes: Any) -> str:
        """The query string of this wish with something changed; defaults are left out."""
        values: dict[str, Any] = {
            "q": self.text,
            "state": self.state,
            "tag": self.tag,
            "sort": self.sort,
            "page": self.page,
            "size": self.size,
        } | changes
        defaults = {"page": 1, "size": PAGE_SIZES[0]}
        query = QueryDict(mutable=True)
        query.update({k: v for k, v in values.items() if v and v != defaults.get(k)})
        return query.urlencode()

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.state or self.tag)


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is what `sort` says: name, started, …, config.lr, metric.loss."""

    key: str
    label: str
    kind: str  # fixed, config or metric
    sorted: str = ""  # "", "up" or "down"
    query: str = ""  # of the page sorted by this column


@dataclass(frozen=True, slots=True)
class Cell:
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Row:
    run: Run
    config: list[Cell]
    metrics: list[Series | None]
    alerts: dict[str, int]  # of the newest attempt, by level


@dataclass(frozen=True, slots=True)
class Table:
    wish: Wish
    fixed: dict[str, Column]
    config: list[Column]
    metrics: list[Column]
    rows: list[Row]
    page: Page[Run]

    @property
    def query(self) -> str:
        """Of this very page, to fetch it again."""
        return self.wish.query()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the filter's form keeps of the rest of the URL."""
        wish = self.wish
        fields = {"state": wish.state, "tag": wish.tag, "sort": wish.sort}
        return [(name, value) for name, value in fields.items() if value]

    @property
    def states(self) -> list[tuple[str, str]]:
        """Each state with the query string that shows it alone."""
        return [(state, self.wish.query(state=state, page=1)) for state in RunStatus.values]

    @property
    def any_state(self) -> str:
        return self.wish.query(state="", page=1)

    @property
    def without_tag(self) -> str:
        return self.wish.query(tag="", page=1)

    @property
    def tag_query(self) -> str:
        """To which a tag is appended."""
        rest = self.wish.query(tag="", page=1)
        return f"{rest}&tag=" if rest else "tag="

    @property
    def sizes(self) -> list[tuple[int, str]]:
        return [(size, self.wish.query(size=size, page=1)) for size in PAGE_SIZES]

    @property
    def earlier(self) -> str:
        return self.wish.query(page=self.page.number - 1)

    @property
    def later(self) -> str:
        return self.wish.query(page=self.page.number + 1)


def table(wish: Wish, *, now: datetime) -> Table:
    """One page of the table; a fixed number of queries."""
    page = Paginator(ordered(filtered(wish), wish.sort, now=now), wish.size).get_page(wish.page)
    runs = list(page.object_list)
    metrics = common_keys(runs, sorted_by=wish.sort)
    found = newest_series(runs).filter(key__in=metrics).order_by("-writer")
    series = {(each.run_id, each.key): each for each in found}  # the main writer's stands last
    marks = logged.alert_counts(runs)
    config = list(differing([run.config for run in runs]))[:CONFIG_SHOWN] if len(runs) > 1 else []
    rows = [
        Row(
            run,
            [Cell(key, run.config.get(key)) for key in config],
            [series.get((run.pk, key)) for key in metrics],
            marks.get(run.pk, {}),
        )
        for run in runs
    ]
    return Table(
        wish=wish,
        fixed={key: _column(wish, key, key.capitalize(), "fixed") for key in FIXED},
        config=[_column(wish, f"config.{key}", key, "config") for key in config],
        metrics=[_column(wish, f"metric.{key}", key, "metric") for key in metrics],
        rows=rows,
        page=page,
    )


def filtered(wish: Wish) -> QuerySet[Run]:
    """Each word must stand in the name, the id, the project or the user's name."""
    found = selectors.runs(status=wish.state, tag=wish.tag)
    for word in wish.text.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(key__icontains=word)
            | Q(project__icontains=word)
            | Q(user__icontains=word)
            | Q(tags__has=word)
        )
    return found


def ordered(runs: QuerySet[Run], sort: str, *, now: datetime) -> QuerySet[Run]:
    """Sorted in the database, runs without a value last, then newest first."""
    term = _term(sort.removeprefix("-"), now=now)
    if term is None:
        return runs.order_by("-id")
    down = sort.startswith("-")
    return runs.order_by(OrderBy(term, descending=down, nulls_last=True), "-id")


def _term(key: str, *, now: datetime) -> Any:
    """The expression behind a column's key; None for a column that does not exist."""
    kind, _, name = key.partition(".")
    if kind == "config" and name:
        return KeyTransform(name, "config")
    if kind == "metric" and name:
        newest = Series.objects.filter(run=OuterRef("pk"), attempt=OuterRef("attempt"), key=name)
        newest = newest.order_by("writer")  # the main one has no name
        return Subquery(newest.values("last")[:1], output_field=FloatField())
    length = ExpressionWrapper(
        Coalesce(F("finished_at"), Value(now)) - F("started_at"), output_field=DurationField()
    )
    fixed = {
        "name": F("name"),
        "status": F("status"),
        "started": F("started_at"),
        "duration": length,
        "user": F("user"),
    }
    return fixed.get(key)


def newest_series(runs: Sequence[Run]) -> QuerySet[Series]:
    """The series of each run's newest attempt, those about the machine left out."""
    found = Series.objects.filter(run__in=[run.pk for run in runs], attempt=F("run__attempt"))
    return found.exclude(key__startswith=SYSTEM)


def latest(runs: Sequence[Run]) -> dict[int, list[Series]]:
    """The few series of each run that a row has room for, by the run's primary key; two queries."""
    keys = newest_series(runs).values_list("key", flat=True).distinct()
    found: dict[int, list[Series]] = {}
    best = sorted(keys, key=telling)[:KEYS_LOOKED_AT]
    series = newest_series(runs).filter(key__in=best)
    for each in sorted(series, key=lambda one: (telling(one.key), writers.order(one.writer))):
        mine = found.setdefault(each.run_id, [])
        if len(mine) < LATEST_SHOWN and each.key not in {one.key for one in mine}:
            mine.append(each)
    return found


def common_keys(runs: Sequence[Run], *, sorted_by: str) -> list[str]:
    """The metrics that most of these runs have, the sorted one always among them; one query."""
    counted = dict(newest_series(runs).values_list("key").annotate(n=Count("run", distinct=True)))
    chosen = sorted(counted, key=lambda key: (-counted[key], telling(key)))[:METRICS_SHOWN]
    kind, _, wanted = sorted_by.removeprefix("-").partition(".")
    if kind == "metric" and wanted in counted and wanted not in chosen:
        chosen[-1] = wanted
    return chosen


def _column(wish: Wish, key: str, label: str, kind: str) -> Column:
    """A click sorts downwards first where large or late is what people look for."""
    state = {key: "up", f"-{key}": "down"}.get(wish.sort, "")
    first, second = (key, f"-{key}") if key in {"name", "status", "user"} else (f"-{key}", key)
    following = {"": first, first: second}.get(wish.sort if state else "", "")
    return Column(key, label, kind, state, wish.query(sort=following, page=1))
