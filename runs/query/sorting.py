"""What runs are sorted by: `-metric.val/loss:min,config.lr,name`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import FloatField, OrderBy, QuerySet, Subquery

from runs.errors import Invalid
from runs.models import Run
from runs.query import fields
from runs.query.conditions import series_column, series_of
from runs.query.json_values import JsonFlag, JsonNumber, JsonText
from runs.query.nearest import did_you_mean

WHICH = ("last", "min", "max", "best")
MOST = 10  # columns that sort at once
NEVER = ("tag", "notes")


def by_words(runs: QuerySet[Run], words: Iterable[str], *, now: datetime) -> QuerySet[Run]:
    """Sorted by columns, a minus before one to go down. Raises Invalid for what is no column."""
    wanted = [word for word in words if word]
    if len(wanted) > MOST:
        raise Invalid(f"runs are sorted by at most {MOST} columns, not {len(wanted)}")
    return in_order(
        runs, [(_read(word.removeprefix("-")), word[0] == "-") for word in wanted], now=now
    )


def in_order(
    runs: QuerySet[Run], columns: Iterable[tuple[tuple[str, str, str], bool]], *, now: datetime
) -> QuerySet[Run]:
    """Sorted by ((kind, name, which), downwards): no value last whichever way, and the newest first at last."""
    order: list[Any] = []
    for column, down in columns:
        order += [
            OrderBy(term, descending=down, nulls_last=True) for term in terms(*column, now=now)
        ]
    return runs.order_by(*order, "-id")


def terms(kind: str, name: str, which: str, *, now: datetime) -> list[Any]:
    """What a column is sorted by, one after the other: numbers of a config come before texts."""
    if kind == "metric":
        values = series_of(name).order_by("writer").values(series_column(name, which))
        return [Subquery(values[:1], output_field=FloatField())]
    if kind in ("config", "summary"):
        return [each(kind, name) for each in (JsonNumber, JsonFlag, JsonText)]
    return [fields.known()[name].expression(now)]


def _read(word: str) -> tuple[str, str, str]:
    name = fields.ALSO.get(word, word)
    known = fields.known()
    if name in known and name not in NEVER:
        return "field", name, ""
    kind, _, key = word.partition(".")
    if kind in ("config", "summary") and key:
        return kind, key, ""
    if kind == "metric" and key:
        before, _, which = key.rpartition(":")
        return (kind, before, which) if before and which in WHICH else (kind, key, "last")
    candidates = [each for each in known if each not in NEVER]
    shown = [each for each in fields.names() if each not in NEVER]
    hint = fields.of_packages(word) or did_you_mean(word, candidates)
    hint = hint or f"it is one of {', '.join(shown)}, config.… or metric.…"
    raise Invalid(f"runs cannot be sorted by `{word[:100]}`: {hint}")
