"""Groups of runs: how many, in which states, and the means of their metrics, by the database over all members."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet

from dashboard.differences import flat
from dashboard.table.cells import json_cell
from dashboard.table.expressions import group_term, group_text
from dashboard.table.shown import Cell, Column
from dashboard.table.specs import Spec, sorting
from dashboard.words import value as in_words
from runs import selectors
from runs.models import Run, Series
from runs.query.conditions import series_column
from runs.query.functions import Deviation

# Larger ones have no part in a mean, infinities among them: their squares are none that a database can add up.
LARGEST = 1e140
LABEL_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Mean:
    """Of `count` members that have a number; `spread` is their standard deviation."""

    mean: float
    spread: float | None
    count: int


@dataclass(slots=True)
class Bunch:
    """One group: `texts` name its value of each level as JSON, and `means` are by (metric, column of the series)."""

    texts: tuple[str, ...]
    count: int = 0
    states: dict[str, int] = field(default_factory=dict)
    means: dict[tuple[str, str], Mean] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Its value in the innermost level."""
        return self.texts[-1]


def bunches(
    found: QuerySet[Run], levels: Sequence[Spec], metrics: Sequence[tuple[str, str]]
) -> list[Bunch]:
    """The groups of these runs, which agree in all these levels; two queries."""
    by_texts: dict[tuple[str, ...], Bunch] = {}
    terms = {f"group{at}": group_term(level) for at, level in enumerate(levels)}
    row: Any
    rows = found.order_by().annotate(**terms).values(*terms, "status").annotate(n=Count("pk"))
    for row in rows:
        texts = _texts(levels, row)
        bunch = by_texts.setdefault(texts, Bunch(texts))
        bunch.count += row["n"]
        bunch.states[row["status"]] = bunch.states.get(row["status"], 0) + row["n"]
    if metrics:
        _add_means(by_texts, found, levels, metrics)
    return list(by_texts.values())


def _texts(levels: Sequence[Spec], row: Any) -> tuple[str, ...]:
    return tuple(group_text(level, row[f"group{at}"]) for at, level in enumerate(levels))


def _add_means(
    by_texts: dict[tuple[str, ...], Bunch],
    found: QuerySet[Run],
    levels: Sequence[Spec],
    metrics: Sequence[tuple[str, str]],
) -> None:
    columns = sorted({series_column(key, which) for key, which in metrics})
    wanted: dict[str, Any] = {}
    for column in columns:
        real = Q(**{f"{column}__gte": -LARGEST, f"{column}__lte": LARGEST})
        wanted[f"mean_{column}"] = Avg(column, filter=real)
        wanted[f"spread_{column}"] = Deviation(column, filter=real)
        wanted[f"count_{column}"] = Count(column, filter=real)
    mine = Series.objects.filter(
        run__in=found.order_by().values("pk"),
        key__in={key for key, _ in metrics},
        attempt=F("run__attempt"),
    )
    terms = {f"group{at}": group_term(level, of_series=True) for at, level in enumerate(levels)}
    rows = selectors.of_first_writers(mine).annotate(**terms).values(*terms, "key")
    row: Any
    for row in rows.annotate(**wanted).order_by():
        bunch = by_texts.get(_texts(levels, row))
        for column in columns if bunch else ():
            mean = row[f"mean_{column}"]
            if bunch and mean is not None and math.isfinite(mean):
                told = Mean(mean, row[f"spread_{column}"], row[f"count_{column}"])
                bunch.means[row["key"], column] = told


def in_order(found: list[Bunch], level: Spec, sort: Sequence[str]) -> list[Bunch]:
    """By the mean of the first metric that sorts, or by the group's value; else the largest first."""
    found = sorted(found, key=lambda each: (-each.count, each.text))
    for word in reversed(sort):
        order = sorting(word)
        if order is None:
            continue
        spec, down = order
        if spec.kind == "metric":
            place = (spec.name, series_column(spec.name, spec.which))
            have = [each for each in found if place in each.means]
            have.sort(key=lambda each: each.means[place].mean, reverse=down)
        elif spec.key == level.key:
            have = [each for each in found if each.text != "null"]
            have.sort(key=lambda each: _place(each.text), reverse=down)
        else:
            continue
        there = {each.text for each in have}
        found = have + [each for each in found if each.text not in there]
    return found


def _place(text: str) -> tuple[int, float, str]:
    value = json.loads(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, float(value), ""
    return 1, 0.0, str(value)


def cells(bunch: Bunch, columns: Sequence[Column], specs: Sequence[Spec]) -> list[Cell]:
    """The means under the metrics' columns; nothing under the others."""
    return [_mean_cell(bunch, column, spec) for column, spec in zip(columns, specs, strict=True)]


def _mean_cell(bunch: Bunch, column: Column, spec: Spec) -> Cell:
    if spec.kind != "metric":
        return Cell(column)
    mean = bunch.means.get((spec.name, series_column(spec.name, spec.which)))
    if mean is None:
        return Cell(column)
    title = f"mean of {mean.count}" + (" ± standard deviation" if mean.spread is not None else "")
    if mean.count < bunch.count:
        title += f"; {bunch.count - mean.count} of the group have no number below {LARGEST:g}"
    return Cell(column, "mean", mean.mean, title=title, spread=mean.spread, count=mean.count)


def labels(found: Sequence[Bunch], level: Spec, column: Column) -> list[Cell]:
    """What each group is called; of configs what differs between them."""
    if level.kind != "rest":
        return [label(each.text, level, column) for each in found]
    configs = [flat(json.loads(each.text) or {}) for each in found]
    keys = {key for config in configs for key in config}
    told = [key for key in sorted(keys) if len({repr(each.get(key)) for each in configs}) > 1]
    return [
        Cell(column, "text", _few({key: each[key] for key in told or sorted(each) if key in each}))
        for each in configs
    ]


def _few(entries: dict[str, Any]) -> str:
    text = " ".join(f"{key}={in_words(value)}" for key, value in entries.items())
    return text if len(text) <= LABEL_LONGEST else f"{text[: LABEL_LONGEST - 1]}…"


def label(text: str, level: Spec, column: Column) -> Cell:
    """The value of a group in one level."""
    value = json.loads(text)
    if value is None:
        return Cell(column)
    if level.kind == "rest":
        return Cell(column, "text", _few(flat(value)))
    if level.kind in ("config", "summary"):
        return json_cell(column, value)
    if level.name == "tags":
        return Cell(column, "tags", json.loads(value))
    if level.name == "array":
        return Cell(column, "text", f"A{value}")
    kind = {"state": "state", "gpus": "number", "commit": "commit"}.get(level.name, "text")
    return Cell(column, kind, value)
