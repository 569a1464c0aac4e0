"""Lists of runs and experiments: filtered, sorted, and in pages of a bounded size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from mlflow_api.filters import conditions
from mlflow_api.filters.conditions import (
    EXPERIMENT_TEXTS,
    EXPERIMENT_TIMES,
    RUN_TEXTS,
    RUN_TIMES,
)
from mlflow_api.filters.language import Name, order
from mlflow_api.metrics import TAKEN
from mlflow_api.models import Experiment, Param, RunTag
from mlflow_api.refusals import invalid
from runs.api.pages import CursorField, write
from runs.models import Series
from runs.parsing import RESERVED

RUN_ORDER = RUN_TEXTS | RUN_TIMES | {"status": "status"}
FARTHEST = 2**40
EXPERIMENT_ORDER = EXPERIMENT_TEXTS | EXPERIMENT_TIMES | {"experiment_id": "id"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for. `view` is ACTIVE_ONLY, DELETED_ONLY or ALL; `token` that of an earlier page."""

    text: str = ""
    order_by: Sequence[str] = ()
    view: str = "ACTIVE_ONLY"
    limit: int = 1000
    token: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    token: str | None


def search_runs(chosen: Sequence[Experiment], wish: Wish) -> Page:
    """Runs of these experiments, those that began last first unless the order says otherwise."""
    gone = [each.project for each in chosen if each.deleted_at]
    found = conditions.runs().filter(project__in=[each.project for each in chosen])
    found = found.filter(deleted_at__isnull=True)  # what is in the trash can still be restored
    deleted = Q(trashed_at__isnull=False) | Q(project__in=gone)
    if wish.view != "ALL":
        found = found.filter(deleted if wish.view == "DELETED_ONLY" else ~deleted)
    found = conditions.filtered_runs(found, wish.text)
    found = _sorted(found, wish.order_by, _run_column, ("-begun", "-id"))
    return _page(found.select_related("mlflow"), "mlflow-runs", wish)


def search_experiments(wish: Wish) -> Page:
    """Experiments, the newest first unless the order says otherwise."""
    found = conditions.experiments()
    if wish.view != "ALL":
        found = found.filter(deleted_at__isnull=wish.view == "ACTIVE_ONLY")
    found = conditions.filtered_experiments(found, wish.text)
    found = _sorted(found, wish.order_by, _experiment_column, ("-id",))
    return _page(found, "mlflow-experiments", wish)


Column = Callable[[Name], Any]


def _sorted(
    found: QuerySet[Any], order_by: Sequence[str], column: Column, last: tuple[str, ...]
) -> QuerySet[Any]:
    """What has no value comes last, whichever way."""
    columns = []
    for number, each in enumerate(order_by):
        name, downwards = order(each)
        alias = f"order{number}"
        found = found.alias(**{alias: column(name)})
        way = F(alias).desc if downwards else F(alias).asc
        columns.append(way(nulls_last=True))
    return found.order_by(*columns, *last)


def _run_column(name: Name) -> Any:
    mine = {"run": OuterRef("pk"), "key": name.key}
    if name.kind == "metric":
        mine["key"] = TAKEN + name.key if name.key in RESERVED else name.key
        series = Series.objects.filter(**mine, attempt=OuterRef("attempt"))
        return Subquery(series.order_by("writer").values("last")[:1])
    if name.kind in ("param", "tag"):
        model: Any = Param if name.kind == "param" else RunTag
        return Subquery(model.objects.filter(**mine).values("value")[:1])
    return _field(name, RUN_ORDER)


def _experiment_column(name: Name) -> Any:
    if name.kind != "attribute":
        raise invalid("Experiments are sorted by attributes alone.")
    return _field(name, EXPERIMENT_ORDER)


def _field(name: Name, known: dict[str, str]) -> Any:
    if name.key not in known:
        raise invalid(f"Invalid order_by key '{name.key[:80]}': known are {', '.join(known)}.")
    return F(known[name.key])


def _page(found: QuerySet[Any], listing: str, wish: Wish) -> Page:
    begin = read_token(wish.token, listing)
    rows = list(found[begin : begin + wish.limit + 1])
    more = len(rows) > wish.limit
    return Page(rows[: wish.limit], write(listing, begin + wish.limit) if more else None)


def read_token(token: str, listing: str) -> int:
    """Where the page of a token begins. Raises DRF's ValidationError, or Refusal, for one that is none of this list."""
    begin = int(CursorField(listing).run_validation(token) or 0)
    if begin > FARTHEST:
        raise invalid("The page token leads behind the end of every list.")
    return begin
