"""The attempts of a job as bars: how long each waited, and how long it ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.models import Attempt, Job

WIDE = 1000.0  # units of the drawing
LEAST = 4.0  # so that an attempt of a second can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """An attempt: it waited `waited` seconds, from `wait_from` on; then it ran. Positions are 0 to WIDE."""

    attempt: Attempt
    wait_from: datetime
    waited: float
    wait_x: float
    wait_width: float
    run_x: float
    run_width: float

    @property
    def tone(self) -> str:
        tones = {"running": "live", "succeeded": "good", "preempted": "warn", "cancelled": "still"}
        return tones.get(self.attempt.status, "bad")


def bars(job: Job | None, attempts: Sequence[Attempt], *, now: datetime) -> list[Bar]:
    """A bar for each attempt, oldest first, all on one scale from the submission to the end, or to now."""
    if job is None or not attempts:
        return []
    begin = min([job.created_at, *(each.started_at for each in attempts)])
    end = max([attempts[-1].finished_at or now, *(each.started_at for each in attempts)])
    scale = WIDE / max((end - begin).total_seconds(), 1e-3)
    free, drawn = begin, []
    for attempt in attempts:
        drawn.append(_bar(attempt, free, begin=begin, end=end, scale=scale))
        free = attempt.finished_at or end
    return drawn


def _bar(attempt: Attempt, free: datetime, *, begin: datetime, end: datetime, scale: float) -> Bar:
    free = min(free, attempt.started_at)
    waited = (attempt.started_at - free).total_seconds()
    ran = max(0.0, ((attempt.finished_at or end) - attempt.started_at).total_seconds())
    run_x = min((attempt.started_at - begin).total_seconds() * scale, WIDE - LEAST)
    return Bar(
        attempt,
        wait_from=free,
        waited=waited,
        wait_x=round((free - begin).total_seconds() * scale, 1),
        wait_width=round(waited * scale, 1),
        run_x=round(max(0.0, run_x), 1),
        run_width=round(min(max(ran * scale, LEAST), WIDE - max(0.0, run_x)), 1),
    )
