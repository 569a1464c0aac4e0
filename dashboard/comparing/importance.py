"""Which settings mattered for a metric: rank correlation, and what a forest loses without them.

Nothing of it is a proof: settings that always changed together cannot be told apart, and a setting that was hardly
varied cannot matter here.
"""

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dashboard.comparing import columns, forest
from dashboard.comparing.columns import Column
from dashboard.comparing.directions import Directions
from dashboard.differences import flat
from runs.models import Run

FEWEST = 20  # finished runs: below that a forest tells about chance alone
FEW = 50
COLUMNS_LOOKED_AT = 200
CATEGORIES_MOST = 30
SECONDS = 4.0
KEPT = 32

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """`correlation`: Spearman's, None for words. `importance`: share of the variance lost when it is shuffled."""

    name: str
    correlation: float | None
    importance: float
    spread: float

    share: float = 0.0  # of the most important one's, for a bar

    @property
    def label(self) -> str:
        return self.name.removeprefix("config.")


@dataclass(frozen=True, slots=True)
class Told:
    """`runs` finished ones have the metric. `refused` says why there are no settings; `warnings` what to beware of."""

    target: str
    runs: int
    settings: list[Setting] = field(default_factory=list)
    score: float = 0.0
    trees: int = 0
    refused: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def percent_explained(self) -> int:
        return round(100 * max(0.0, self.score))


_known: OrderedDict[bytes, forest.Importance] = OrderedDict()
_lock = threading.Lock()


def of_settings(runs: Sequence[Run], target: str, directions: Directions) -> Told:
    """The settings that vary among the finished runs, the most important first. Raises Invalid for no column."""
    finished = [run for run in runs if run.is_final]
    (column,) = columns.of_runs([target], finished, directions)
    y = np.array(column.numbers, dtype=np.float64)
    there = np.isfinite(y)
    mine = [run for run, known in zip(finished, there, strict=True) if known]
    y = y[there]
    if len(mine) < FEWEST:
        told = f"{FEWEST} finished runs with this metric are needed, and there are {len(mine)}"
        return Told(target, len(mine), refused=told)
    varied, warnings = _varied(mine)
    if not varied:
        return Told(target, len(mine), refused="no setting differs between these runs")
    if float(y.min()) == float(y.max()):
        return Told(target, len(mine), refused="all of these runs came to the same value")
    x = np.column_stack([_encoded(each) for each in varied])
    found = _cached(x, y)
    most = max(float(found.drops.max()), 1e-12)
    settings = [
        Setting(
            *(each.name, _spearman(each, y), float(found.drops[at]), float(found.spread[at])),
            share=max(0.0, float(found.drops[at]) / most),
        )
        for at, each in enumerate(varied)
    ]
    settings.sort(key=lambda each: -each.importance)
    return Told(
        *(target, len(mine), settings, found.score, found.trees),
        warnings=[*_warnings(len(mine), len(varied), found), *warnings],
    )


def _varied(runs: Sequence[Run]) -> tuple[list[Column], list[str]]:
    """The settings with more than one value, and what was left out."""
    configs = [flat(run.config) for run in runs]
    keys = dict.fromkeys(key for config in configs for key in config)
    found, wordy = [], []
    for key in keys:
        column = Column(f"config.{key}", [columns.plain(config.get(key)) for config in configs])
        kinds = set(column.values)
        if len(kinds) < 2:
            continue
        if not column.is_numeric and len(kinds) > CATEGORIES_MOST:
            wordy.append(key)
        else:
            found.append(column)
    warnings = []
    if wordy:
        told = f"not looked at, with more than {CATEGORIES_MOST} different words each"
        warnings.append(f"{_named(wordy)}: {told}")
    if len(found) > COLUMNS_LOOKED_AT:
        warnings.append(
            f"{len(found) - COLUMNS_LOOKED_AT} more settings differ and were not looked at"
        )
    return found[:COLUMNS_LOOKED_AT], warnings


def _named(keys: Sequence[str]) -> str:
    rest = len(keys) - 5
    return ", ".join(keys[:5]) + (f" and {rest} more" if rest > 0 else "")


def _encoded(column: Column) -> Floats:
    """Numbers by rank (no scale misleads a random threshold), words by their order; what is absent comes first."""
    if column.is_numeric:
        values = np.array(column.numbers, dtype=np.float64)
        ranks = np.full(len(values), -1.0)
        known = np.isfinite(values)
        ranks[known] = ranked(values[known])
        return ranks
    kinds = sorted({str(each) for each in column.values if each is not None})
    places = {kind: float(at) for at, kind in enumerate(kinds)}
    return np.array([-1.0 if each is None else places[str(each)] for each in column.values])


def ranked(values: Floats) -> Floats:
    """Ranks from 0 on; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean = last - (counts + 1) / 2
    return np.asarray(mean[inverse], dtype=np.float64)


def spearman(a: Floats, b: Floats) -> float | None:
    """Spearman's rank correlation; None where one of them does not vary or there are fewer than three pairs."""
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3:
        return None
    left, right = ranked(a[known]), ranked(b[known])
    if left.std() == 0 or right.std() == 0:
        return None
    return float(np.clip(np.corrcoef(left, right)[0, 1], -1, 1))


def _spearman(column: Column, y: Floats) -> float | None:
    if set(column.values) <= {"true", "false", None}:
        flags = {"true": 1.0, "false": 0.0}
        return spearman(np.array([flags.get(str(each), math.nan) for each in column.values]), y)
    return spearman(np.array(column.numbers), y) if column.is_numeric else None


def _warnings(runs: int, settings: int, found: forest.Importance) -> list[str]:
    told = []
    if runs < FEW:
        told.append(f"{runs} runs are few: take the order for a hint")
    if settings > runs / 3:
        told.append(f"{settings} settings vary among {runs} runs: some look important by chance")
    if found.score < 0.2:
        told.append("the forest hardly predicts runs that it has not seen: do not rely on it")
    return told


def _cached(x: Floats, y: Floats) -> forest.Importance:
    """The same question again costs nothing, in each web process."""
    size = repr(x.shape).encode()
    key = hashlib.sha256(size + x.tobytes() + y.tobytes()).digest()
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = forest.importance(x, y, seconds=SECONDS)
    with _lock:
        _known[key] = found
        while len(_known) > KEPT:
            _known.popitem(last=False)
    return found
