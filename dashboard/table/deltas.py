"""How far a run's metrics are from those of the baseline, and whether that is good."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard import writers
from runs import selectors
from runs.directions import guessed
from runs.models import Series


@dataclass(frozen=True, slots=True)
class Delta:
    """`percent` is None where the baseline is 0. `verdict`: better, worse, same, or "" where nobody can say."""

    by: float
    percent: float | None
    verdict: str


def of_baseline(key: str, metrics: Iterable[str]) -> dict[str, Series]:
    """What the baseline has under these metrics; two queries, none where there is no baseline or no metric."""
    wanted = set(metrics)
    run = selectors.runs().filter(key=key[:64]).first() if key and wanted else None
    if run is None:
        return {}
    found = list(run.series.filter(key__in=wanted, attempt=run.attempt).defer("breaks"))
    return {name: series for (_, name), series in writers.main_by_run(found).items()}


def delta(key: str, value: float, base: float | None) -> Delta | None:
    """From the baseline's value to this one; None where one of them is no number."""
    if base is None or not math.isfinite(value) or not math.isfinite(base):
        return None
    by = value - base
    if not math.isfinite(by):
        return None
    percent = 100 * by / abs(base) if base else None
    if by == 0:
        return Delta(by, percent or 0.0, "same")
    way = guessed(key)
    verdict = ("better" if (by < 0) == (way == "min") else "worse") if way else ""
    return Delta(by, percent if percent is None or math.isfinite(percent) else None, verdict)
