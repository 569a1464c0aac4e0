"""Small charts of the last hour on a worker's card: lines as the points of an SVG polyline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobs.models import LoadSample

HOUR = timedelta(hours=1)
WIDTH, HEIGHT = 120, 24  # of the drawing's own units
GAP = timedelta(minutes=3)  # without a sample: the line is broken
HOTTEST = 100.0  # °C at the top


@dataclass(frozen=True, slots=True)
class Spark:
    """`lines` are points for polylines, one for each stretch without a gap; `told` says it in words."""

    lines: list[str]
    told: str


@dataclass(frozen=True, slots=True)
class Sparks:
    """Of one GPU, or of the machine; None where nothing was reported."""

    use: Spark | None
    memory: Spark | None
    heat: Spark | None = None


def of_gpu(samples: Sequence[LoadSample], index: int, *, now: datetime) -> Sparks:
    """The last hour of one GPU."""

    def told(name: str) -> Callable[[LoadSample], float | None]:
        return lambda sample: _number(_gpu(sample, index).get(name))

    return Sparks(
        use=spark(samples, told("use"), now=now),
        memory=spark(samples, told("memory"), now=now),
        heat=spark(samples, told("celsius"), now=now, top=HOTTEST, unit="°C"),
    )


def of_machine(samples: Sequence[LoadSample], *, now: datetime) -> Sparks:
    """The last hour of the machine itself."""
    return Sparks(
        use=spark(samples, lambda sample: _number(sample.data.get("cpu")), now=now),
        memory=spark(samples, lambda sample: _number(sample.data.get("memory")), now=now),
    )


def spark(
    samples: Sequence[LoadSample],
    value: Callable[[LoadSample], float | None],
    *,
    now: datetime,
    top: float = 1.0,
    unit: str = "%",
) -> Spark | None:
    """The line of one number over the last hour; None for fewer than two values."""
    points = [(sample.minute, found) for sample in samples if (found := value(sample)) is not None]
    if len(points) < 2:
        return None
    lines: list[list[str]] = []
    before = None
    for minute, found in points:
        if before is None or minute - before > GAP:
            lines.append([])
        lines[-1].append(f"{_across(minute, now)},{_up(found, top)}")
        before = minute
    values = [found for _, found in points]
    factor = 100 if unit == "%" else 1
    low, high = min(values) * factor, max(values) * factor
    return Spark([" ".join(line) for line in lines], f"{low:.0f} to {high:.0f} {unit}")


def _across(minute: datetime, now: datetime) -> float:
    return round(WIDTH * min(max(1 - (now - minute) / HOUR, 0.0), 1.0), 1)


def _up(value: float, top: float) -> float:
    return round(1 + (HEIGHT - 2) * (1 - min(max(value / top, 0.0), 1.0)), 1)


def _gpu(sample: LoadSample, index: int) -> dict[str, Any]:
    rows = sample.data.get("gpus") or []
    return next((row for row in rows if row.get("index") == index), {})


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
