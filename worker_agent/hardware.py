"""What this machine has, and how busy it is."""

from __future__ import annotations

import os
import sys

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Any

    from worker_agent.watch import Watch


def cpu_count() -> int:
    return len(os.sched_getaffinity(0))


def memory_mb() -> int:
    return _memory().get("MemTotal", 0) // 1024


def facts() -> dict[str, Any]:
    """What a registration tells about this machine, GPUs aside."""
    system = os.uname()
    return {
        "hostname": system.nodename,
        "cpu_count": cpu_count(),
        "memory_mb": memory_mb(),
        "python": sys.version.split()[0],
        "platform": f"{system.sysname}-{system.release}-{system.machine}",
    }


class Load:
    """The load since the last look; of GPUs and disk, as the watch saw them last. Never waits for anything."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._ticks = _cpu_ticks()

    def now(self) -> dict[str, Any]:
        memory = _memory()
        used = memory.get("MemTotal", 0) - memory.get("MemAvailable", 0)
        return {
            "cpu_percent": self._cpu_percent(),
            "memory_used_mb": used // 1024,
            **self._watch.load(),
        }

    def _cpu_percent(self) -> float:
        busy, total = _cpu_ticks()
        before_busy, before_total = self._ticks
        if total > before_total:
            self._ticks = (busy, total)
            return round(100.0 * (busy - before_busy) / (total - before_total), 1)
        return 0.0


def _memory() -> dict[str, int]:
    """Kilobytes by name, from /proc/meminfo."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for line in files.read_text("/proc/meminfo").splitlines():
            name, _, rest = line.partition(":")
            amount = rest.split()
            if amount and amount[0].isdigit():
                found[name] = int(amount[0])
    return found


def _cpu_ticks() -> tuple[int, int]:
    """(busy, total) clock ticks of all processors since the start of the machine."""
    try:
        first = files.read_text("/proc/stat").partition("\n")[0]
    except OSError:
        return 0, 0
    ticks = [int(field) for field in first.split()[1:9]]
    return sum(ticks) - sum(ticks[3:5]), sum(ticks)
