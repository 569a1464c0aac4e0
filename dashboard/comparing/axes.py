"""Which columns the pictures of many runs begin with, and which there are to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import differences
from dashboard.comparing import grids, numbers
from dashboard.comparing.columns import plain
from dashboard.differences import flat
from dashboard.metrics import CLOCKS
from runs.models import Run

AXES_AT_FIRST = 6
METRICS_AT_FIRST = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """Names of columns: what differs first. A setting is `numeric` where it is a number in all runs that have it."""

    config: list[str]
    constant: list[str]  # settings that are the same in all runs
    summary: list[str]
    metrics: list[str]
    numeric: frozenset[str]
    told_by: Sequence[str] = ()  # settings that differ, those that most runs have first

    @property
    def every(self) -> list[str]:
        return [*self.config, *self.metrics, *self.summary, *self.constant]

    @property
    def axes(self) -> list[str]:
        """Settings that differ on the left, how well it went on the right."""
        told = self.metrics[:METRICS_AT_FIRST]
        return [*self.told_by[: AXES_AT_FIRST - len(told)], *told]

    @property
    def target(self) -> str:
        """What a run is judged by: the most telling metric."""
        return next(iter(self.metrics), "")

    @property
    def pair(self) -> tuple[str, str]:
        """x and y of a scatter."""
        across = next((name for name in self.told_by if name in self.numeric), "")
        second = self.metrics[1] if len(self.metrics) > 1 else ""
        return across or second or self.target or "created", self.target or "duration"


def offer(runs: Sequence[Run]) -> Offer:
    """What these runs have; one query."""
    configs = [flat(run.config) for run in runs]
    rows = grids.rows([grids.texts(config) for config in configs])
    summaries = dict.fromkeys(key for run in runs for key in flat(run.summary))
    found = [line.key for line in numbers.lines(runs)]
    telling = [key for key in found if key.rpartition("/")[2].lower() not in CLOCKS]
    numeric = {
        f"config.{row.key}"
        for row in rows
        if all(isinstance(plain(c.get(row.key)), (float, type(None))) for c in configs)
    }
    differing = {row.key for row in rows if row.differs}
    return Offer(
        config=[f"config.{row.key}" for row in rows if row.differs],
        constant=[f"config.{row.key}" for row in rows if not row.differs],
        summary=[f"summary.{key}" for key in summaries],
        metrics=[f"metric.{key}:last" for key in (telling or found)],
        numeric=frozenset(numeric),
        told_by=[f"config.{key}" for key in differences.telling(configs) if key in differing],
    )
