"""What the database sorts and groups runs by."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import (
    F,
    FloatField,
    OrderBy,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, NullIf, TruncDate
from django.db.models.lookups import Exact, IsNull

from dashboard.table.job_fields import JOB_COLUMNS, gpu_count, worker_name
from dashboard.table.specs import DATES, Spec, sorting
from runs.models import Run
from runs.query import fields
from runs.query.conditions import series_column, series_of
from runs.query.functions import Without
from runs.query.json_values import JsonFlag, JsonNumber, JsonSame, JsonText

COLUMNS = {
    "name": "name",
    "state": "status",
    "host": "hostname",
    "user": "user",
    "project": "project",
    "kind": "kind",
}
TIMES = {"created": "created_at", "started": "started_at", "ended": "finished_at"}


def ordered(runs: QuerySet[Run], words: Iterable[str], *, now: datetime) -> QuerySet[Run]:
    """Sorted in the database, runs without a value last whichever way, and the newest first where all else is equal."""
    terms: list[Any] = []
    for word in words:
        found = sorting(word)
        if found is None:
            continue
        spec, down = found
        terms += [OrderBy(each, descending=down, nulls_last=True) for each in sort_terms(spec, now)]
    return runs.order_by(*terms, "-id")


def sort_terms(spec: Spec, now: datetime) -> list[Any]:
    """What a column is sorted by, one after the other: numbers of a config come before texts."""
    if spec.kind == "metric":
        values = (
            series_of(spec.name).order_by("writer").values(series_column(spec.name, spec.which))
        )
        return [Subquery(values[:1], output_field=FloatField())]
    if spec.kind != "fixed":
        kinds = (JsonNumber, JsonFlag, JsonText)
        return [kind(spec.kind, spec.name) for kind in kinds]
    return [fields.known()[spec.name].expression(now)]


def group_term(spec: Spec, *, of_series: bool = False) -> Any:
    """What runs of a group agree in; NULL where they have none of it. `of_series`: as their series see it."""
    run = "run__" if of_series else ""
    if spec.kind == "rest":
        return Without(f"{run}config", spec.without)
    if spec.kind != "fixed":
        return JsonSame(f"{run}{spec.kind}", spec.name)
    if spec.name in DATES:
        return TruncDate(f"{run}{TIMES[spec.name]}", tzinfo=UTC)
    if spec.name == "tags":
        return Cast(F(f"{run}tags"), TextField())
    if spec.name in JOB_COLUMNS:
        return _of_job[spec.name](run)
    return NullIf(F(f"{run}{COLUMNS[spec.name]}"), Value(""))


_of_job: dict[str, Callable[[str], Any]] = {
    "worker": worker_name,
    "gpus": gpu_count,
    "reason": lambda run: NullIf(F(f"{run}job__reason"), Value("")),
    "array": lambda run: F(f"{run}job__array_id"),
}


def group_text(spec: Spec, value: Any) -> str:
    """The value of a group as JSON text: how a URL names it."""
    if spec.kind != "fixed":  # the database gave JSON already
        return str(value) if value is not None else "null"
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    return json.dumps(value, ensure_ascii=False)


def in_group(spec: Spec, text: str) -> Q:
    """The condition of being in the group that `group_text` named. Raises ValueError for a text that names none."""
    value = json.loads(text)
    term = group_term(spec)
    if value is None:
        return Q(IsNull(term, True))  # noqa: FBT003
    if spec.kind != "fixed":
        return Q(Exact(term, text))
    if spec.kind == "fixed" and spec.name in DATES:
        return Q(Exact(term, date.fromisoformat(value)))
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("no group is called that")
    if (spec.name in ("gpus", "array")) != isinstance(value, int):
        raise ValueError("no group is called that")
    return Q(Exact(term, value))
