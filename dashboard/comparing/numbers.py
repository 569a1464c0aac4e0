"""What each metric of each run came to: one query for any number of runs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F

from dashboard import writers
from dashboard.comparing.directions import Direction, Directions
from dashboard.metrics import telling
from runs import storable
from runs.models import Run, Series
from runs.storage import SYSTEM

SHOWN = ("last", "min", "max", "best")


class Number(NamedTuple):
    """A metric of a run. `last` is NaN where the run ended so; `first_nan` is the step of the first NaN."""

    last: float
    minimum: float | None
    maximum: float | None
    nans: int
    first_nan: int | None

    def value(self, shown: str, direction: Direction) -> float | None:
        """One of `SHOWN`; the best is the last where no direction is better. None where no number was logged."""
        if shown == "best":
            shown = direction or "last"
        found = {"min": self.minimum, "max": self.maximum}.get(shown, self.last)
        return None if found is None or math.isnan(found) else found


@dataclass(frozen=True, slots=True)
class Line:
    """A metric, and what it came to in each run that has it, by the run's primary key."""

    key: str
    numbers: dict[int, Number]


def lines(runs: Sequence[Run], *, keys: Iterable[str] | None = None) -> list[Line]:
    """The metrics of the newest attempts, the most telling first; of several writers the main one's. One query."""
    found = Series.objects.filter(run__in=[run.pk for run in runs], attempt=F("run__attempt"))
    found = found.exclude(key__startswith=SYSTEM) if keys is None else found.filter(key__in=keys)
    rows = found.order_by().values_list(
        *("run_id", "key", "writer", "last", "minimum", "maximum", "nan_count", "first_nan_step")
    )
    by_key: dict[str, dict[int, tuple[str, Number]]] = {}
    for pk, key, writer, last, *rest in rows:
        mine = by_key.setdefault(key, {})
        if pk not in mine or writers.order(writer) < writers.order(mine[pk][0]):
            mine[pk] = writer, Number(math.nan if last is None else last, *rest)
    return [
        Line(key, {pk: number for pk, (_, number) in by_key[key].items()})
        for key in sorted(by_key, key=telling)
    ]


def as_json(found: Sequence[Line], runs: Sequence[Run], directions: Directions) -> list[Any]:
    """Columns for the browser: `last`, `min`, `max` of each run in the order of `runs`, null where there is none.

    What is no number is a word there. `nan` has [place, first step, count] for the runs that logged one.
    """
    return [
        {
            "key": line.key,
            "guess": directions.of_key(line.key),
            **_columns([line.numbers.get(run.pk) for run in runs]),
        }
        for line in found
    ]


def _columns(numbers: Sequence[Number | None]) -> dict[str, Any]:
    return {
        "last": [None if each is None else storable.number(each.last) for each in numbers],
        "min": [_said(each.minimum) if each else None for each in numbers],
        "max": [_said(each.maximum) if each else None for each in numbers],
        "nan": [
            [place, each.first_nan, each.nans]
            for place, each in enumerate(numbers)
            if each is not None and each.nans
        ],
    }


def _said(value: float | None) -> float | str | None:
    return None if value is None else storable.number(value)
