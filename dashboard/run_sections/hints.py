"""What the header of a run warns of: numbers that ceased to be some, and data that is no longer fresh."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.metrics import is_system
from jobs.models import Attempt
from jobs.models.worker import OFFLINE_AFTER
from runs.models import Run, RunStatus, Series

QUIET = timedelta(minutes=2)
NAMED = 2


@dataclass(frozen=True, slots=True)
class FirstNaN:
    """The metric whose first NaN came at the earliest step, and how many others have some."""

    key: str
    step: int
    others: int


@dataclass(frozen=True, slots=True)
class Stale:
    """Since when nothing was heard. `worker` is the silent one, or empty where only its points are missing."""

    since: datetime
    worker: str


def first_nan(series: Sequence[Series]) -> FirstNaN | None:
    """Of what a script logged; None where everything is a number."""
    odd = [each for each in series if each.first_nan_step is not None and not is_system(each.key)]
    if not odd:
        return None
    worst = min(odd, key=lambda each: (each.first_nan_step or 0, each.key))
    others = len({each.key for each in odd} - {worst.key})
    return FirstNaN(worst.key, worst.first_nan_step or 0, others)


def stale(
    run: Run, attempt: Attempt | None, series: Sequence[Series], *, now: datetime
) -> Stale | None:
    """Why a run that runs shows what it showed before; None while it is fresh, and once it has ended."""
    if run.status != RunStatus.RUNNING:
        return None
    worker = attempt.worker if attempt is not None else None
    if worker is not None and now - worker.heartbeat_at > OFFLINE_AFTER:
        return Stale(worker.heartbeat_at, worker.worker_id)
    newest = max((each.last_time for each in series), default=0.0)
    if not newest:
        return None
    since = datetime.fromtimestamp(newest, tz=UTC)
    return Stale(since, "") if now - since > QUIET else None
