"""Which runs are compared: ids, a stored selection or a filter, any number of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard import naming, palette
from dashboard.comparing import columns
from dashboard.comparing.asked import Asked
from dashboard.table import selections
from runs import selectors
from runs.errors import DomainError, NotFound
from runs.models import Run
from runs.query import finding
from runs.query.limits import bounded
from runs.query.scope import Scope

IDS_AT_ONCE = 10_000  # of one query: databases take no longer lists of values
MOST = 10_000  # runs of a filter: each is read with its config


@dataclass(frozen=True, slots=True)
class Chosen:
    """The runs in the order in which they stand; `trouble` says why there are none, or why they are unsorted."""

    runs: list[Run]
    missing: list[str] = field(default_factory=list)  # asked for, and not there
    trouble: str = ""

    @property
    def keys(self) -> list[str]:
        return [run.key for run in self.runs]

    @property
    def few_missing(self) -> str:
        """The first of those that are not there, by name."""
        rest = len(self.missing) - 10
        return ", ".join(self.missing[:10]) + (f" and {rest} more" if rest > 0 else "")


def chosen(asked: Asked, *, person: str, now: datetime) -> Chosen:
    """The runs that a URL means; one or two queries, and one more where they are sorted by a metric."""
    if asked.filter and not (asked.runs or asked.selection):
        found = _filtered(asked.filter, person=person, now=now)
    elif asked.selection and not asked.runs:
        found = _selected(asked.selection)
    else:
        found = _named(asked.runs)
    return _sorted(found, asked) if asked.sort and found.runs else found


def _named(keys: Sequence[str]) -> Chosen:
    there: dict[str, Run] = {}
    for start in range(0, len(keys), IDS_AT_ONCE):
        rows = selectors.known(keys[start : start + IDS_AT_ONCE]).filter(trashed_at__isnull=True)
        there |= {run.key: run for run in rows.defer("notes")}
    return Chosen(
        [there[key] for key in keys if key in there], [key for key in keys if key not in there]
    )


def _selected(key: str) -> Chosen:
    try:
        return _named(selections.runs_of(key))
    except NotFound:
        return Chosen([], trouble=f"There is no selection {key!r}: choose the runs once more.")


def _filtered(text: str, *, person: str, now: datetime) -> Chosen:
    try:
        with bounded(text):
            found = finding.listed(selectors.runs(), text, Scope(now=now, me=person))
            runs = list(found.defer("notes")[: MOST + 1])
        left_out = f"Only the first {MOST:,} runs that match are here." if len(runs) > MOST else ""
        return Chosen(runs[:MOST], trouble=left_out)
    except DomainError as error:
        return Chosen([], trouble=f"The filter cannot be read: {error.detail}")


def _sorted(found: Chosen, asked: Asked) -> Chosen:
    """By several columns: each sort keeps the order of those behind it."""
    names = [name.removeprefix("-") for name in asked.sort]
    try:
        sorted_by = columns.of_runs(names, found.runs, asked.directions)
    except DomainError as error:
        return Chosen(found.runs, found.missing, f"Not sorted: {error.detail}.")
    places = list(range(len(found.runs)))
    for name, column in reversed(list(zip(asked.sort, sorted_by, strict=True))):
        places = columns.ordered(places, column, down=name.startswith("-"))
    return Chosen([found.runs[place] for place in places], found.missing, found.trouble)


def as_json(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The runs as the page's script knows them."""
    looks = palette.looks(run.key for run in runs)
    labels = naming.labels(runs)
    return [
        {
            "id": run.key,
            "label": labels[run.key],
            "state": run.status,
            "final": run.is_final,
            "attempt": run.attempt,
            "colour": looks[run.key].colour,
            "dash": looks[run.key].dash,
        }
        for run in runs
    ]
