"""What a run has in a column by which charts are coloured, dashed or set apart.

A bare name is what the filter takes it for: a key of config, else of the summary, else a metric.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.charting.shown import Shown
from dashboard.differences import flat
from runs import facts
from runs.errors import Invalid
from runs.models import Run, Series

COLUMNS_AT_ONCE = 8
LONGEST = 120  # characters of a value that name a group
PLAIN = ("name", "project", "user")
STATS = {"last": "last", "min": "minimum", "max": "maximum"}
JSON = ("config", "summary")
OF_RUN = (*PLAIN, "id", "state", "host", "tags", "created", "started")
KNOWN = (*OF_RUN, *facts.NAMES)

Flats = Mapping[
    str, Mapping[str, Any]
]  # config and summary of a run, by kind, each by its dotted keys


def values(shown: Sequence[Shown], columns: Sequence[str]) -> list[dict[str, Any]]:
    """For each run its value by column: a number, a short text, true or false, or None. Raises Invalid."""
    if len(columns) > COLUMNS_AT_ONCE:
        raise Invalid(f"a board reads at most {COLUMNS_AT_ONCE} columns, and not {len(columns)}")
    if not columns:
        return [{} for _ in shown]
    flats = [{kind: flat(getattr(each.run, kind)) for kind in JSON} for each in shown]
    whole = {column: _whole(column, shown, flats) for column in columns}
    metrics = {
        column: _of_metric(shown, name)
        for column, name in whole.items()
        if name.startswith("metric.")
    }
    found = []
    for each, of_json in zip(shown, flats, strict=True):
        row = {
            column: _plain(_of_run(each.run, of_json, name))
            for column, name in whole.items()
            if column not in metrics
        }
        found.append(row | {column: by_run.get(each.run.pk) for column, by_run in metrics.items()})
    return found


def _whole(column: str, shown: Sequence[Shown], flats: Sequence[Flats]) -> str:
    """The name with its kind. One that nothing has stays as it is."""
    if column in KNOWN or column.startswith(("config.", "summary.", "metric.")):
        return column
    for kind in JSON:
        if any(column in of_json[kind] for of_json in flats):
            return f"{kind}.{column}"
    runs = [each.run.pk for each in shown]
    is_metric = Series.objects.filter(run__in=runs, key=_metric_and_stat(column)[0]).exists()
    return f"metric.{column}" if is_metric else column


def _of_run(run: Run, of_json: Flats, column: str) -> Any:
    kind, dot, key = column.partition(".")
    if dot and kind in JSON:
        return of_json[kind].get(key)
    if column in PLAIN:
        return getattr(run, column) or None
    if column in facts.NAMES:
        return facts.of_run(run, column)
    special = {"id": run.key, "state": run.status, "host": run.hostname, "tags": run.tags}
    if column in special:
        return special[column]
    if column in ("created", "started"):
        moment = getattr(run, f"{column}_at")
        return None if moment is None else moment.timestamp()
    others = ", ".join((*OF_RUN, *facts.CODE, "gpu"))
    raise Invalid(
        f"there is no column {column[:80]!r} to colour by; it is a key of config or summary,"
        f" a metric as <key>:<last|min|max>, or one of {others} and {facts.PACKAGE}NAME"
    )


def _plain(value: Any) -> Any:
    """What names a group: numbers stay numbers, everything else is a short text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, list):
        value = ", ".join(str(each) for each in value)
    return str(value)[:LONGEST]


def _of_metric(shown: Sequence[Shown], column: str) -> dict[int, float | None]:
    """A metric of each run's main writer, by primary key; infinities and NaN are None."""
    key, stat = _metric_and_stat(column.removeprefix("metric."))
    runs = {each.run.pk: each.attempt for each in shown}
    rows = Series.objects.filter(run__in=runs, key=key, writer="")
    found = rows.values_list("run", "attempt", STATS[stat])
    return {
        run: value for run, attempt, value in found if runs[run] == attempt and _is_number(value)
    }


def _metric_and_stat(name: str) -> tuple[str, str]:
    key, colon, stat = name.rpartition(":")
    return (key, stat) if colon and stat in STATS else (name, "last")


def _is_number(value: float | None) -> bool:
    return value is not None and value - value == 0
