"""How many jobs waited when: the lowest lane of the timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.night.scale import THINNEST, Scale
from jobs.attempted import Span


@dataclass(frozen=True, slots=True)
class Step:
    """So many jobs waited from `left` on, for `width` per cent; `height` is the part of the most that ever did."""

    left: float
    width: float
    count: int
    height: float

    @property
    def percent(self) -> float:
        return round(100 * self.height, 1)

    @property
    def top(self) -> float:
        return round(100 - self.percent, 1)


def waits(
    spans: Sequence[Span], waiting: Iterable[datetime], scale: Scale, *, now: datetime
) -> tuple[list[Step], int]:
    """How many jobs waited when: those that wait now, and those that ran here before their first start."""
    changes = [(queued, 1) for queued in waiting]
    for span in spans:
        if span.number == 1 and span.queued < span.started:
            changes += [(span.queued, 1), (span.started, -1)]
    end = min(now, scale.until)
    steps: list[tuple[float, float, int]] = []
    count, at = 0, scale.since
    for moment, change in sorted(changes):
        moment = min(max(moment, scale.since), end)
        _extend(steps, scale.at(at), scale.at(moment), count)
        count, at = count + change, moment
    _extend(steps, scale.at(at), scale.at(end), count)
    most = max((step[2] for step in steps), default=0)
    return [Step(left, width, n, round(n / most, 3)) for left, width, n in steps if n], most


def _extend(steps: list[tuple[float, float, int]], left: float, right: float, count: int) -> None:
    """Add a step; what is too thin to be seen joins the one before it, which then shows the larger count."""
    if right <= left:
        return
    if steps and steps[-1][1] < THINNEST:
        before, width, n = steps[-1]
        steps[-1] = (before, round(width + right - left, 3), max(n, count))
    else:
        steps.append((left, round(right - left, 3), count))
