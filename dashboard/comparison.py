"""Runs side by side: their looks, their configs, and what each metric came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard import charts, naming, palette, writers
from dashboard.differences import MISSING, differing, flat
from dashboard.metrics import is_system, telling
from dashboard.palette import Look
from runs import selectors
from runs.models import Run, Series

RUNS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Contender:
    run: Run
    label: str
    look: Look
    others: str  # ids of the rest, between commas


@dataclass(frozen=True, slots=True)
class Line:
    """One key and what each run says to it; None where a run says nothing."""

    key: str
    cells: list[Any]
    differs: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    contenders: list[Contender]
    missing: list[str]  # asked for, and not there
    sections: list[charts.Section]
    config: list[Line]
    summary: list[Line]
    metrics: list[Line]

    @property
    def keys(self) -> str:
        return ",".join(each.run.key for each in self.contenders)


def asked(text: str) -> list[str]:
    """Ids between commas, each once."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))[
        :RUNS_AT_ONCE
    ]


def runs_of(keys: Sequence[str]) -> list[Run]:
    """The runs with these ids, in this order; those that are missing are left out."""
    found = {run.key: run for run in selectors.known(keys).filter(trashed_at__isnull=True)}
    return [found[key] for key in keys if key in found]


def compare(keys: Sequence[str]) -> Comparison:
    """Everything on the compare page but the points; two queries."""
    runs = runs_of(keys)
    looks = palette.looks(run.key for run in runs)
    labels = naming.labels(runs)
    series = charts.series(charts.newest(runs))
    by_run = writers.main_by_run(series)
    there = {run.key for run in runs}
    return Comparison(
        contenders=[
            Contender(run, labels[run.key], looks[run.key], _without(run, runs)) for run in runs
        ],
        missing=[key for key in keys if key not in there],
        sections=charts.sections(series),
        config=lines([flat(run.config) for run in runs]),
        summary=lines([flat(run.summary) for run in runs]),
        metrics=metric_lines(runs, by_run),
    )


def _without(run: Run, runs: Sequence[Run]) -> str:
    return ",".join(each.key for each in runs if each.pk != run.pk)


def lines(documents: Sequence[dict[str, Any]]) -> list[Line]:
    """A line for each key of any document; those that differ come first."""
    unequal = set(differing(documents)) if documents else set()
    keys = dict.fromkeys(key for document in documents for key in document)
    found = [
        Line(key, [_cell(document, key) for document in documents], key in unequal) for key in keys
    ]
    return sorted(found, key=lambda line: not line.differs)


def _cell(document: dict[str, Any], key: str) -> Any:
    value = document.get(key, MISSING)
    return None if value is MISSING else (value,)


def metric_lines(runs: Sequence[Run], series: dict[tuple[int, str], Series]) -> list[Line]:
    """A line for each metric that any run has."""
    keys = sorted({key for _, key in series if not is_system(key)}, key=telling)
    return [Line(key, [series.get((run.pk, key)) for run in runs], differs=True) for key in keys]
