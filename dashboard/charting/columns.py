"""What a run has in a column by which charts are coloured, dashed or set apart."""

from collections.abc import Sequence
from typing import Any

from dashboard.charting.shown import Shown
from dashboard.differences import flat
from runs.errors import Invalid
from runs.models import Run, Series

COLUMNS_AT_ONCE = 8
LONGEST = 120  # characters of a value that name a group
PLAIN = ("name", "project", "user")
STATS = {"last": "last", "min": "minimum", "max": "maximum"}
KNOWN = (*PLAIN, "id", "state", "host", "tags", "created", "started")


def values(shown: Sequence[Shown], columns: Sequence[str]) -> list[dict[str, Any]]:
    """For each run its value by column: a number, a short text, true or false, or None. Raises Invalid."""
    if len(columns) > COLUMNS_AT_ONCE:
        raise Invalid(f"a board reads at most {COLUMNS_AT_ONCE} columns, and not {len(columns)}")
    metrics = {column: _of_metric(shown, column) for column in columns if _is_metric(column)}
    found = []
    for each in shown:
        row = {
            column: _plain(_of_run(each.run, column)) for column in columns if column not in metrics
        }
        found.append(row | {column: by_run.get(each.run.pk) for column, by_run in metrics.items()})
    return found


def _is_metric(column: str) -> bool:
    return column.startswith("metric.")


def _of_run(run: Run, column: str) -> Any:
    kind, dot, key = column.partition(".")
    if dot and kind in ("config", "summary"):
        return flat(getattr(run, kind)).get(key)
    if column in PLAIN:
        return getattr(run, column) or None
    special = {"id": run.key, "state": run.status, "host": run.hostname, "tags": run.tags}
    if column in special:
        return special[column]
    if column in ("created", "started"):
        moment = getattr(run, f"{column}_at")
        return None if moment is None else moment.timestamp()
    raise Invalid(
        f"there is no column {column[:80]!r} to colour by; it is config.<key>, summary.<key>,"
        f" metric.<key>:<last|min|max>, or one of {', '.join(KNOWN)}"
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
    name = column.removeprefix("metric.")
    key, colon, stat = name.rpartition(":")
    if not colon or stat not in STATS:
        key, stat = name, "last"
    runs = {each.run.pk: each.attempt for each in shown}
    rows = Series.objects.filter(run__in=runs, key=key, writer="")
    found = rows.values_list("run", "attempt", STATS[stat])
    return {
        run: value for run, attempt, value in found if runs[run] == attempt and _is_number(value)
    }


def _is_number(value: float | None) -> bool:
    return value is not None and value - value == 0
