"""Small charts of the last hour on a worker's card: lines as the points of an SVG polyline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobs.models import LoadSample

HOUR = timedelta(hours=1)
WIDTH, HEIGHT = 120, 24  # of the drawing's own units
GAP = timedelta(minutes=3)  # without a sample: the line is broken
HOTTEST = 100.0  # °C at the top

Rows = list[tuple[datetime, Mapping[str, Any]]]  # (minute, what was measured), the oldest first


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


@dataclass(frozen=True, slots=True)
class Past:
    """A worker's samples, told apart: of the machine, and of each GPU by its index."""

    machine: Rows
    gpus: Mapping[Any, Rows]


def past(samples: Iterable[LoadSample]) -> Past:
    """Each sample is gone through once, however many GPUs there are."""
    machine: Rows = []
    gpus: dict[Any, Rows] = {}
    for sample in samples:
        machine.append((sample.minute, sample.data))
        for row in sample.data.get("gpus") or []:
            gpus.setdefault(row.get("index"), []).append((sample.minute, row))
    return Past(machine, gpus)


def of_gpu(past: Past, index: int, *, now: datetime) -> Sparks:
    """The last hour of one GPU."""
    rows = past.gpus.get(index, [])
    return Sparks(
        use=spark(rows, "use", now=now),
        memory=spark(rows, "memory", now=now),
        heat=spark(rows, "celsius", now=now, top=HOTTEST, unit="°C"),
    )


def of_machine(past: Past, *, now: datetime) -> Sparks:
    """The last hour of the machine itself."""
    return Sparks(
        use=spark(past.machine, "cpu", now=now), memory=spark(past.machine, "memory", now=now)
    )


def spark(
    rows: Rows, name: str, *, now: datetime, top: float = 1.0, unit: str = "%"
) -> Spark | None:
    """The line of one number over the last hour; None for fewer than two values."""
    points = [
        (minute, found) for minute, row in rows if (found := _number(row.get(name))) is not None
    ]
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


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
