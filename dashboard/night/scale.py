"""Moments as places on a line of time, in per cent of its width."""

from dataclasses import dataclass
from datetime import datetime, timedelta

THINNEST = 0.25  # per cent of the width: thinner than that nothing is drawn
STEPS = tuple(  # between two marks of the time
    timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880)
)
MARKS = 9


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the axis."""

    left: float
    at: datetime
    label: str


class Scale:
    """A stretch of time that fills the width."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until
        self._whole = max((until - since).total_seconds(), 1.0)

    def at(self, moment: datetime) -> float:
        """Where it is, from 0 to 100; what lies outside is at the edge."""
        part = (moment - self.since).total_seconds() / self._whole
        return round(100.0 * min(max(part, 0.0), 1.0), 3)


def marks(scale: Scale) -> list[Mark]:
    """Moments at even distances, a handful whatever the length."""
    whole = scale.until - scale.since
    step = next((step for step in STEPS if whole / step <= MARKS), whole / MARKS)
    seconds = step.total_seconds()
    first = -(-scale.since.timestamp() // seconds) * seconds
    told, long = [], whole > timedelta(hours=23)
    at = datetime.fromtimestamp(first, tz=scale.since.tzinfo)
    while at <= scale.until:
        told.append(Mark(scale.at(at), at, f"{at:%a %H:%M}" if long else f"{at:%H:%M}"))
        at += step
    return told
