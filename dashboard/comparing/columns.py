"""One column of many runs, by its name in a URL: a setting, a summary's entry, a metric, or a fact about the run."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dashboard.comparing import numbers
from dashboard.comparing.directions import Directions
from dashboard.differences import flat
from runs import facts
from runs.errors import Invalid
from runs.models import Run

WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
FACTS: dict[str, Callable[[Run], Any]] = {
    "id": lambda run: run.key,
    "name": lambda run: run.name,
    "state": lambda run: run.status,
    "user": lambda run: run.user,
    "project": lambda run: run.project,
    "host": lambda run: run.hostname,
    "tags": lambda run: ", ".join(map(str, run.tags)),
    "created": lambda run: _seconds(run.created_at),
    "started": lambda run: _seconds(run.started_at),
    "ended": lambda run: _seconds(run.finished_at),
    "duration": lambda run: run.duration_seconds,
    **{name: partial(facts.of_run, name=name) for name in facts.NAMES},
}


@dataclass(frozen=True, slots=True)
class Column:
    """`values` has an entry for each run: a number, a text, or None."""

    name: str
    values: list[float | str | None]

    @property
    def is_numeric(self) -> bool:
        """Whether all that is there are numbers; a bool is a word."""
        return all(isinstance(each, float) for each in self.values if each is not None)

    @property
    def numbers(self) -> list[float]:
        """The values, NaN where there is no finite number."""
        return [
            each if isinstance(each, float) and math.isfinite(each) else math.nan
            for each in self.values
        ]


def split(name: str) -> tuple[str, str, str]:
    """Kind, key and, of a metric, which of its values: ("metric", "loss", "min"). Raises Invalid for no column."""
    kind, _, key = name.partition(".")
    if name in FACTS:
        return "fact", name, ""
    if kind in ("config", "summary") and key:
        return kind, key, ""
    if kind == "metric" and key:
        head, colon, which = key.rpartition(":")
        return (kind, head, which) if colon and which in numbers.SHOWN else (kind, key, "last")
    known = [each for each in FACTS if not each.startswith(facts.PACKAGE)]
    raise Invalid(
        f"there is no column {name[:100]!r}; columns are config.KEY, summary.KEY, metric.KEY:last (min, max, best), "
        f"{', '.join(known)} and {facts.PACKAGE}NAME"
    )


def of_runs(
    names: Sequence[str], runs: Sequence[Run], directions: Directions | None = None
) -> list[Column]:
    """These columns; at most one query. Raises Invalid for a name that is none."""
    parsed = [split(name) for name in names]
    metrics = {key for kind, key, _ in parsed if kind == "metric"}
    logged = {line.key: line for line in numbers.lines(runs, keys=metrics)} if metrics else {}
    ways = directions or Directions()
    documents = {
        kind: [
            flat(getattr(run, kind)) for run in runs
        ]  # once, however many of its keys are asked for
        for kind in {"config", "summary"} & {kind for kind, _, _ in parsed}
    }
    found = []
    for name, (kind, key, which) in zip(names, parsed, strict=True):
        if kind == "metric":
            mine = logged[key].numbers if key in logged else {}
            way = ways.of_key(key)
            values = [mine[run.pk].value(which, way) if run.pk in mine else None for run in runs]
            found.append(Column(name, list(values)))
        elif kind == "fact":
            found.append(Column(name, [plain(FACTS[key](run)) for run in runs]))
        else:
            found.append(Column(name, [plain(each.get(key)) for each in documents[kind]]))
    return found


def plain(value: Any) -> float | str | None:
    """A number, a text, or None for nothing; what is neither is said as a config would be typed."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, str):
        return WORDS.get(value, value)
    return _text(value)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _text(value: Any) -> str:
    from_list = isinstance(value, list) and all(isinstance(each, (int, str)) for each in value)
    return ", ".join(map(str, value)) if from_list else str(value)


def _seconds(moment: Any) -> float | None:
    return moment.timestamp() if moment else None


def ordered(places: list[int], column: Column, *, down: bool) -> list[int]:
    """These places of runs sorted by a column, equal ones as they were; what has no value stands last either way."""
    there = [at for at in places if not _is_nothing(column.values[at])]
    absent = [at for at in places if _is_nothing(column.values[at])]
    return [*sorted(there, key=lambda at: _rank(column.values[at]), reverse=down), *absent]


def _is_nothing(value: float | str | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _rank(value: float | str | None) -> tuple[bool, float, str]:
    """Numbers before words."""
    return (False, value, "") if isinstance(value, float) else (True, 0.0, str(value))
