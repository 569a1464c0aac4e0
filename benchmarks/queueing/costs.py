"""What one measurement says: a rate, how long each call took, and whose CPU time it was."""

import contextlib
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.measuring import Row, cpu_seconds, percentile
from benchmarks.queueing.load import Outcome

Pids = Callable[[], list[int]]


class Meter:
    """CPU seconds of some processes since it was made. One that ended meanwhile is left out."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids
        self._before = _cpu(pids())

    def read(self) -> float:
        now = _cpu(self._pids())
        return sum(max(0.0, cpu - self._before.get(pid, 0.0)) for pid, cpu in now.items())


def _cpu(pids: list[int]) -> dict[int, float]:
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):  # PostgreSQL's helpers come and go
            found[pid] = cpu_seconds(pid)
    return found


@dataclass(frozen=True)
class Figures:
    """`per_s` of what was counted (jobs); times of the calls; CPU time for each one counted."""

    per_s: float
    median_ms: float
    p99_ms: float
    web_cpu_ms: float
    postgres_cpu_ms: float
    generator_percent: float
    errors_percent: float

    def row(self) -> Row:
        """Everything but the rate."""
        return {
            "call_median_ms": self.median_ms,
            "call_p99_ms": self.p99_ms,
            "web_cpu_ms_a_job": self.web_cpu_ms,
            "postgres_cpu_ms_a_job": self.postgres_cpu_ms,
            "generator_%_of_a_core": self.generator_percent,
            "errors_%": self.errors_percent,
        }


def figures(outcome: Outcome, *, web: float, postgres: float) -> Figures:
    times = [answer.seconds for answer in outcome.answers]
    done = max(1, outcome.done)
    return Figures(
        per_s=outcome.done / outcome.seconds,
        median_ms=statistics.median(times) * 1e3,
        p99_ms=percentile(times, 99) * 1e3,
        web_cpu_ms=web / done * 1e3,
        postgres_cpu_ms=postgres / done * 1e3,
        generator_percent=outcome.own_cpu / outcome.seconds * 100,
        errors_percent=outcome.refused / len(outcome.answers) * 100,
    )


def middle(rounds: list[Figures]) -> Figures:
    """The round with the median rate."""
    return sorted(rounds, key=lambda each: each.per_s)[len(rounds) // 2]
