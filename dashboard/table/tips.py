"""More for a tooltip of the table, asked for when somebody points at the cell: a page cannot afford all of them."""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from dashboard.table.specs import Spec, spec
from jobs.explaining import explain
from jobs.models import Job
from runs import selectors
from runs.errors import Invalid, NotFound
from runs.models import Run, RunStatus, Series
from runs.query.conditions import series_column
from runs.series import reading

WIDTH = 512  # buckets of a look
LOOKS = 6  # each is of one bucket of the one before: enough for 10^16 points
EXTREMES: dict[str, Callable[[reading.Reading], int]] = {
    "minimum": lambda found: int(np.nanargmin(found.thinned.minimum)),
    "maximum": lambda found: int(np.nanargmax(found.thinned.maximum)),
}


def tip(run: str, word: str, *, now: datetime) -> str:
    """More about a run's cell in the column that `word` names; "" where there is no more. Raises NotFound, Invalid."""
    column, mine = spec(word), selectors.run(run)
    if column is None:
        raise Invalid(f"{word[:100]!r} is no column")
    if column.key == "state":
        return _why(mine, now)
    if column.kind == "metric" and series_column(column.name, column.which) in EXTREMES:
        step = _step(mine, column)
        return "" if step is None else f"at step {step}"
    return ""


def _why(run: Run, now: datetime) -> str:
    """Why a run that waits does so."""
    job = Job.objects.filter(run=run).first() if run.status == RunStatus.PENDING else None
    return explain(job.pk, now=now).summary if job else ""


def _step(run: Run, column: Spec) -> int | None:
    mine = Series.objects.filter(run=run, attempt=run.attempt, key=column.name)
    series = selectors.of_first_writers(mine).first()
    if series is None:
        raise NotFound(f"{run.key} has no metric {column.name[:100]}")
    which = series_column(column.name, column.which)
    if getattr(series, which) is None:
        return None
    return step_of(series, which)


def step_of(series: Series, which: str) -> int | None:
    """The first step with the `minimum` or `maximum`; None where steps go back and that cannot be told."""
    start = end = None
    for _ in range(LOOKS):
        (found,) = reading.read([series], width=WIDTH, start=start, end=end)
        if not len(found.x):
            return None
        at, steps = EXTREMES[which](found), found.thinned.points.steps
        if found.thinned.exact or (start is not None and start == end):
            return int(steps[at])
        if not series.is_ordered:
            return None
        start, end = (float(steps[at - 1]) if at else None), float(steps[at])
    return None
