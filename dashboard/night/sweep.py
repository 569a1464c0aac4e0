"""Members of an array in the order that somebody asks for: the database sorts, and no more is read than is shown.

What belongs to all members at once, such as the metrics that there are, is read of a part of them: of the newest that
began, and of some all over the array.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When

from dashboard.metrics import telling
from jobs import arrays as ranges
from jobs import members
from jobs.models import Array, Job
from runs.errors import Invalid
from runs.models import Series
from runs.storage import SYSTEM

SAMPLED = 200  # members that are looked at for what they have in common
MOST_KEYS = 5000  # metrics among which the telling ones are looked for
PLACE = ("array_index", "pk")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one run has of the chosen metric."""

    last: float | None
    minimum: float | None
    maximum: float | None
    nan_count: int

    def best(self, goal: str) -> float | None:
        return self.minimum if goal == "min" else self.maximum


def ordered(number: int, sort: str, metric: str, goal: str) -> QuerySet[Job, int]:
    """Primary keys of the members, by `index`, `value`, `state` or `duration`; what has none of it stands last."""
    found = members.members(number)
    if sort == "value":
        found = _by_value(found, metric, goal)
    elif sort == "state":
        states = [When(status=each, then=Value(at)) for at, each in enumerate(members.ORDER)]
        found = found.order_by(Case(*states, default=Value(len(states))), *PLACE)
    elif sort == "duration":
        took = F("finished_at") - F("started_at")
        found = found.annotate(took=took).order_by(F("took").desc(nulls_last=True), *PLACE)
    return found.values_list("pk", flat=True)


def best(number: int, metric: str, goal: str) -> int | None:
    """The member whose value is the best, or where none has one, any."""
    first = _by_value(members.members(number), metric, goal).values_list("pk", flat=True)
    return first.first() if metric else None


def _by_value(found: QuerySet[Job], metric: str, goal: str) -> QuerySet[Job]:
    series = Series.objects.filter(
        run=OuterRef("run"), attempt=OuterRef("run__attempt"), key=metric
    ).order_by("writer")
    value = Subquery(series.values("minimum" if goal == "min" else "maximum")[:1])
    by = F("value").asc(nulls_last=True) if goal == "min" else F("value").desc(nulls_last=True)
    return found.annotate(value=value).order_by(by, *PLACE)


def of(number: int, keys: Iterable[int]) -> dict[int, Job]:
    """Members by their primary keys."""
    found = members.members(number).defer("env", "config", "error_message")
    return {job.pk: job for job in found.filter(pk__in=set(keys))}


def numbers(jobs: Iterable[Job], metric: str) -> dict[int, Numbers]:
    """By the run's primary key, of its newest attempt; the main writer's, or else the first one's."""
    there = Series.objects.filter(
        key=metric, run__in=[job.run_id for job in jobs], attempt=F("run__attempt")
    ).order_by("-writer")
    columns = ("run", "last", "minimum", "maximum", "nan_count")
    return {run: Numbers(*told) for run, *told in there.values_list(*columns)}


def metrics(number: int) -> list[str]:
    """What the newest members that began have logged, the telling ones first."""
    begun = members.members(number).filter(started_at__isnull=False).order_by("-started_at", "-pk")
    runs = list(begun.values_list("run", flat=True)[:SAMPLED])
    there = Series.objects.filter(run__in=runs).exclude(key__startswith=SYSTEM)
    keys = there.order_by().values_list("key", flat=True).distinct()[:MOST_KEYS]
    return sorted(keys, key=_promising)


def _promising(key: str) -> tuple[tuple[int, str], bool, str]:
    place, name = telling(key)
    return (place, ""), not re.search(r"val|test|eval", key, re.I), name


def configs(array: Array, shown: Sequence[Job]) -> list[dict[str, Any]]:
    """Of the members shown, and of some others from all over the array."""
    others = members.members(array.pk).filter(array_index__in=_spread(array.spec))
    known = {job.pk for job in shown}
    rows = others.values_list("pk", "run__config")
    return [job.run.config for job in shown] + [each for pk, each in rows if pk not in known]


def _spread(spec: str) -> list[int]:
    """At most SAMPLED indices, as far from each other as can be."""
    try:
        indices = ranges.parse(spec).indices
    except Invalid:
        return []
    step = max(1, -(-len(indices) // SAMPLED))
    return list(indices[::step])
