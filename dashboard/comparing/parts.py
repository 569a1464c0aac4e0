"""The tables of the compare page by their names: for the browser, for a spreadsheet, for a paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.comparing import grids, numbers, surroundings
from dashboard.comparing.asked import Asked
from dashboard.comparing.grids import Row
from dashboard.comparing.surroundings import Found
from dashboard.differences import flat
from runs.errors import NotFound
from runs.models import Run

METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of texts, or in `lines` of numbers. `trouble`: a run's id and what of it could not be read."""

    name: str
    rows: list[Row] = field(default_factory=list)
    lines: list[numbers.Line] = field(default_factory=list)
    trouble: list[tuple[str, str]] = field(default_factory=list)


def _config(runs: Sequence[Run]) -> Found:
    return Found(grids.rows([grids.texts(flat(run.config)) for run in runs]), [])


def _summary(runs: Sequence[Run]) -> Found:
    return Found(grids.rows([grids.texts(flat(run.summary)) for run in runs]), [])


READERS: dict[str, Callable[[Sequence[Run]], Found]] = {
    "config": _config,
    "summary": _summary,
    "environment": surroundings.environment,
    "packages": surroundings.packages,
    "git": surroundings.git,
}
NAMES = (METRICS, *READERS)


def part(name: str, runs: Sequence[Run]) -> Part:
    """One of the tables. Raises NotFound for a name that is none."""
    if name == METRICS:
        return Part(name, lines=numbers.lines(runs))
    if name not in READERS:
        raise NotFound(f"there is no table {name[:40]!r}; tables are {', '.join(NAMES)}")
    found = READERS[name](runs)
    return Part(name, rows=found.rows, trouble=found.trouble)


def as_json(found: Part, runs: Sequence[Run], asked: Asked) -> dict[str, Any]:
    """For the page's script; cells stand in the order of `runs`."""
    rows = (
        numbers.as_json(found.lines, runs, asked.directions)
        if found.name == METRICS
        else grids.as_json(found.rows)
    )
    return {
        "part": found.name,
        "runs": [run.key for run in runs],
        "rows": rows,
        "trouble": [{"run": run, "why": why} for run, why in found.trouble],
    }
