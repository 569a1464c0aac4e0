"""What stands in the cells of a page of runs; a fixed number of queries, whatever the number of runs and columns."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dashboard import writers
from dashboard.badges import badge
from dashboard.table import deltas
from dashboard.table.shown import Cell, Column, Row
from dashboard.table.specs import FACTS
from dashboard.words import plural
from jobs.models import Attempt, Job
from jobs.states import Reason
from runs import facts, logged
from runs.models import Run, RunStatus, Series
from runs.query.conditions import series_column


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for a page of runs, by the run's primary key."""

    series: dict[tuple[int, str], Series]
    jobs: dict[int, Job]
    attempts: dict[int, Attempt]
    alerts: dict[int, dict[str, int]]
    baseline: str  # the id of the run that others are compared with
    base: dict[str, Series]  # and what it has, by metric


def seen(runs: Sequence[Run], names: Sequence[tuple[str, str]]) -> list[bool]:
    """Of each column (kind, name), whether one of these runs surely has something in it; at most one query."""
    metrics = {name for kind, name in names if kind == "metric"}
    there: set[str] = set()
    if metrics:
        found = Series.objects.filter(run__in=[run.pk for run in runs], key__in=metrics)
        by_pk = {run.pk: run.attempt for run in runs}
        rows = found.values_list("run_id", "attempt", "key")
        there = {key for pk, attempt, key in rows if by_pk[pk] == attempt}
    return [_is_seen(runs, kind, name, there) for kind, name in names]


def _is_seen(runs: Sequence[Run], kind: str, name: str, metrics: set[str]) -> bool:
    if kind == "metric":
        return name in metrics
    if kind != "fixed":
        return any(value_at(getattr(run, kind), name) is not None for run in runs)
    return name in _of_run and any(_of_run[name](run)[1] not in (None, "", []) for run in runs)


def rows(
    runs: Sequence[Run],
    columns: Sequence[Column],
    names: Sequence[tuple[str, str]],
    baseline: str = "",
) -> list[Row]:
    """The rows of these runs; `names` are (kind, name) of the columns."""
    known = read(runs, [name for kind, name in names if kind == "metric"], baseline)
    return [_row(run, columns, names, known) for run in runs]


def read(runs: Sequence[Run], metrics: Sequence[str], baseline: str = "") -> Known:
    """At most six queries."""
    by_pk = {run.pk: run for run in runs}
    series: list[Series] = []
    if metrics:
        found = Series.objects.filter(run__in=by_pk, key__in=metrics).defer("breaks")
        series = [each for each in found if each.attempt == by_pk[each.run_id].attempt]
    queued = [run.pk for run in runs if run.kind == "job"]
    jobs = {
        job.run_id: job for job in Job.objects.filter(run__in=queued).select_related("requirement")
    }
    numbers = {job.pk: job for job in jobs.values()}
    attempts = {
        numbers[each.job_id].run_id: each
        for each in Attempt.objects.filter(job__in=numbers).select_related("worker")
        if each.number == numbers[each.job_id].attempt
    }
    base = deltas.of_baseline(baseline, metrics)
    alerts = logged.alert_counts(runs)
    return Known(writers.main_by_run(series), jobs, attempts, alerts, baseline, base)


def _row(
    run: Run, columns: Sequence[Column], names: Sequence[tuple[str, str]], known: Known
) -> Row:
    job = known.jobs.get(run.pk)
    cells = [
        _cell(run, column, kind, name, known)
        for column, (kind, name) in zip(columns, names, strict=True)
    ]
    return Row(
        run=run,
        cells=cells,
        alerts=known.alerts.get(run.pk, {}),
        reason=_since(run, known),
        job=job.pk if job else None,
    )


def _why(job: Job | None) -> str:
    if job is None or not job.reason or job.reason == Reason.OK:
        return ""
    label = str(Reason(job.reason).label) if job.reason in Reason.values else job.reason
    return f"{label}: {job.error_message[:300]}" if job.error_message else label


def _since(run: Run, known: Known) -> str:
    """Why it is in its state, and since when, where that is known."""
    word = _why(known.jobs.get(run.pk)) or badge(run.status).word
    when = _entered(run, known)
    return f"{word}, since {when.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if when else word


def _entered(run: Run, known: Known) -> datetime | None:
    """When it came into its state; a run's own `started_at` stays that of its first attempt."""
    if run.finished_at:
        return run.finished_at
    job, attempt = known.jobs.get(run.pk), known.attempts.get(run.pk)
    if run.status == RunStatus.PENDING:
        return (job.queued_at if job else None) if run.attempt else run.created_at
    if attempt:
        return attempt.started_at
    return run.started_at if run.attempt <= 1 else None


def _cell(run: Run, column: Column, kind: str, name: str, known: Known) -> Cell:
    if kind == "metric":
        base = None if run.key == known.baseline else known.base.get(name)
        return metric_cell(column, name, known.series.get((run.pk, name)), base)
    if kind != "fixed":
        return json_cell(column, value_at(getattr(run, kind), name))
    if name in _of_run:
        shown, value = _of_run[name](run)
    elif name == "alerts":
        shown, value = "alerts", known.alerts.get(run.pk)
    else:
        shown, value = _of_job(name, known.jobs.get(run.pk), known.attempts.get(run.pk))
    if value in (None, "", [], {}):
        return Cell(column)
    title = _since(run, known) if name == "state" else ""
    return Cell(column, shown, value, title=title)


def _elapsed(run: Run) -> tuple[datetime, datetime | None] | None:
    return (run.started_at, run.finished_at) if run.started_at else None


def _fact(name: str, run: Run) -> tuple[str, Any]:
    return {"commit": "commit", "dirty": "flag"}.get(name, "text"), facts.of_run(run, name)


_of_run: dict[str, Callable[[Run], tuple[str, Any]]] = {
    "name": lambda run: ("name", run.name or run.key),
    "id": lambda run: ("id", run.key),
    "state": lambda run: ("state", run.status),
    "created": lambda run: ("moment", run.created_at),
    "started": lambda run: ("moment", run.started_at),
    "ended": lambda run: ("moment", run.finished_at),
    "duration": lambda run: ("elapsed", _elapsed(run)),
    "user": lambda run: ("text", run.user),
    "project": lambda run: ("text", run.project),
    "host": lambda run: ("text", run.hostname),
    "tags": lambda run: ("tags", run.tags),
    "notes": lambda run: ("text", run.notes),
    "kind": lambda run: ("text", run.kind),
    "attempt": lambda run: ("number", run.attempt),
    **{name: partial(_fact, name) for name in FACTS},
}


def _of_job(name: str, job: Job | None, attempt: Attempt | None) -> tuple[str, Any]:
    if job is None:
        return "blank", None
    if name == "worker":
        return "text", attempt.worker_name if attempt else None
    if name == "gpus":
        return "gpus", gpu_words(job, attempt)
    if name == "array":
        return "text", f"A{job.array_id}" if job.array_id else None
    if name == "reason":
        return "text", job.reason
    return "number", {"exit": job.exit_code, "priority": job.priority}[name]


def gpu_words(job: Job, attempt: Attempt | None) -> str:
    """`2 x NVIDIA A100`: what it runs or ran on; before that, what it asks for."""
    if attempt is None:
        return str(job.requirement)
    if not attempt.gpus:
        return "no GPU"
    models = (
        {gpu.get("index"): str(gpu.get("name", "")) for gpu in attempt.worker.gpus}
        if attempt.worker
        else {}
    )
    names = list(dict.fromkeys(models.get(index, "") for index in attempt.gpus))
    model = ", ".join(name for name in names if name)
    count = len(attempt.gpus)
    if not model:
        return plural(count, "GPU")
    return model if count == 1 else f"{count} × {model}"  # noqa: RUF001


def metric_cell(
    column: Column, key: str, series: Series | None, base: Series | None = None
) -> Cell:
    """A metric's value and how far it is from the baseline's, or since when it is no number."""
    if series is None or series.count == 0:
        return Cell(column)
    which = series_column(key, column.which)
    value = getattr(series, which)
    nans, first = int(series.nan_count), series.first_nan_step
    if value is None or math.isnan(value):
        return Cell(column, "nan", step=first, nans=nans, first_nan=first)
    step = series.last_step if column.which in ("", "last") else None
    delta = deltas.delta(key, value, getattr(base, which)) if base is not None else None
    return Cell(column, "number", value, step=step, nans=nans, first_nan=first, delta=delta)


def json_cell(column: Column, value: Any) -> Cell:
    """A value of a config or a summary."""
    if value is None:
        return Cell(column)
    if isinstance(value, bool):
        return Cell(column, "flag", value)
    if isinstance(value, int | float):
        return Cell(column, "number", value)
    return Cell(column, "text" if isinstance(value, str) else "json", value)


def value_at(tree: Any, key: str) -> Any:
    """The value under a key, or where its dots lead."""
    if isinstance(tree, dict) and tree.get(key) is not None:
        return tree[key]
    for each in key.split("."):
        tree = tree.get(each) if isinstance(tree, dict) else None
    return tree
