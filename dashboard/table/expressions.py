"""What the database sorts and groups runs by."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import (
    F,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, NullIf, TruncDate
from django.db.models.lookups import Exact, IsNull

from dashboard.table.job_fields import JOB_COLUMNS, gpu_count, worker_name
from dashboard.table.specs import DATES, Spec, sorting
from runs import facts, storable
from runs.models import Run
from runs.query.functions import AsJson, Without, canonical
from runs.query.json_values import JsonFlag, JsonSame, JsonText
from runs.query.sorting import in_order, terms

COLUMNS = {
    "name": "name",
    "state": "status",
    "host": "hostname",
    "user": "user",
    "project": "project",
    "kind": "kind",
}
LARGEST_WHOLE = 2**31 - 1  # of numbers of arrays and GPUs; databases refuse far larger ones
TIMES = {"created": "created_at", "started": "started_at", "ended": "finished_at"}


def ordered(runs: QuerySet[Run], words: Iterable[str], *, now: datetime) -> QuerySet[Run]:
    """Sorted in the database, runs without a value last whichever way, and the newest first where all else is equal."""
    found = [order for word in words if (order := sorting(word))]
    columns = [((spec.kind, spec.name, spec.which), down) for spec, down in found]
    return in_order(runs, columns, now=now)


def sort_terms(spec: Spec, now: datetime) -> list[Any]:
    """What a column is sorted by, one after the other."""
    return terms(spec.kind, spec.name, spec.which, now=now)


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
    if spec.is_fact:
        read = JsonFlag if spec.name == "dirty" else JsonText
        return read(f"{run}facts", facts.key_of(spec.name))
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
        return canonical(json.loads(value)) if value is not None else "null"
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    return json.dumps(value, ensure_ascii=False)


def in_group(spec: Spec, text: str) -> Q:
    """The condition of being in the group that `group_text` named. Raises ValueError for a text that names none."""
    value = storable.json(json.loads(text))
    term = group_term(spec)
    if value is None:
        return Q(IsNull(term, True))  # noqa: FBT003
    if spec.kind != "fixed":
        return Q(Exact(term, AsJson(canonical(value))))
    if spec.name in ("gpus", "array"):
        if type(value) is not int or abs(value) > LARGEST_WHOLE:
            raise ValueError("no group is called that")
    elif not isinstance(value, str):
        raise ValueError("no group is called that")
    return Q(Exact(term, date.fromisoformat(value) if spec.name in DATES else value))
