"""The few numbers of a run that a row has room for."""

from collections.abc import Sequence

from django.db.models import F, QuerySet

from dashboard import writers
from dashboard.metrics import telling
from runs.models import Run, Series
from runs.storage import SYSTEM

SHOWN = 2
KEYS_LOOKED_AT = 20


def newest_series(runs: Sequence[Run]) -> QuerySet[Series]:
    """The series of each run's newest attempt, those about the machine left out."""
    found = Series.objects.filter(run__in=[run.pk for run in runs], attempt=F("run__attempt"))
    return found.exclude(key__startswith=SYSTEM)


def latest(runs: Sequence[Run]) -> dict[int, list[Series]]:
    """The most telling series of each run, by the run's primary key; two queries."""
    keys = newest_series(runs).values_list("key", flat=True).distinct()
    found: dict[int, list[Series]] = {}
    best = sorted(keys, key=telling)[:KEYS_LOOKED_AT]
    series = newest_series(runs).filter(key__in=best)
    for each in sorted(series, key=lambda one: (telling(one.key), writers.order(one.writer))):
        mine = found.setdefault(each.run_id, [])
        if len(mine) < SHOWN and each.key not in {one.key for one in mine}:
            mine.append(each)
    return found
