"""The attempts of runs that a board shows, and the series they have."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from dashboard import writers
from runs import selectors
from runs.errors import Invalid
from runs.models import Run, Series

RUNS_AT_ONCE = 500  # as /api/v1/series reads them


@dataclass(frozen=True, slots=True)
class Shown:
    """An attempt of a run that charts show."""

    run: Run
    attempt: int


def newest(runs: Sequence[Run]) -> list[Shown]:
    """The newest attempt of each."""
    return [Shown(run, run.attempt) for run in runs]


def chosen(wanted: dict[str, int | None]) -> list[Shown]:
    """The runs with these ids that there are, in this order; an attempt of None is the newest. Raises Invalid."""
    if len(wanted) > RUNS_AT_ONCE:
        raise Invalid(f"a board shows at most {RUNS_AT_ONCE} runs at once, and not {len(wanted)}")
    there = {run.key: run for run in selectors.known(list(wanted))}
    return [
        Shown(there[key], attempt or there[key].attempt)
        for key, attempt in wanted.items()
        if key in there
    ]


def condition(shown: Sequence[Shown]) -> Q:
    """Series of these attempts: one clause for those that are newest, one for each that is not."""
    by_attempt: dict[int, list[int]] = {}
    for each in shown:
        by_attempt.setdefault(each.attempt, []).append(each.run.pk)
    found = Q(pk__in=())
    for attempt, runs in by_attempt.items():
        found |= Q(attempt=attempt, run__in=runs)
    return found


def series(shown: Sequence[Shown], *, keys: Sequence[str] | None = None) -> list[Series]:
    """The series of these attempts, by key and run, the main writer's first; one query."""
    runs = {each.run.pk: each.run for each in shown}
    found = Series.objects.filter(condition(shown))
    if keys is not None:
        found = found.filter(key__in=keys)
    mine = list(found)
    for each in mine:
        each.run = runs[each.run_id]
    return sorted(mine, key=lambda each: (each.key, each.run_id, writers.order(each.writer)))
