"""What this machine has, and how busy it is."""

from __future__ import annotations

import os
import sys
import time

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import children

if TYPE_CHECKING:
    from typing import Any

_FIELDS = ("index", "name", "uuid", "memory.total")
_LOAD_FIELDS = ("index", "utilization.gpu", "memory.used", "temperature.gpu", "power.draw")
_PATIENCE = 15.0  # nvidia-smi takes seconds on a large node, and for ever on a broken one


class Gpu:
    """One GPU, as nvidia-smi shows it."""

    def __init__(self, index: int, name: str, uuid: str, memory_mb: int) -> None:
        self.index = index
        self.name = name
        self.uuid = uuid
        self.memory_mb = memory_mb

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))


def gpus() -> list[Gpu] | None:
    """The GPUs that nvidia-smi shows; None where it cannot be asked."""
    rows = _nvidia_smi(_FIELDS)
    if rows is None:
        return None
    found = []
    for index, name, uuid, memory in rows:
        if index.isdigit():
            found.append(Gpu(int(index), name, uuid, int(_number(memory) or 0)))
    return found


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
    """The load since the last look. nvidia-smi is asked every few seconds at most."""

    def __init__(self, served: tuple[int, ...], fresh_for: float = 5.0) -> None:
        self._served = served
        self._fresh_for = fresh_for
        self._gpus: list[dict[str, Any]] = []
        self._asked_at: float | None = None
        self._ticks = _cpu_ticks()

    def now(self) -> dict[str, Any]:
        memory = _memory()
        used = memory.get("MemTotal", 0) - memory.get("MemAvailable", 0)
        return {
            "cpu_percent": self._cpu_percent(),
            "memory_used_mb": used // 1024,
            "gpus": self._gpu_load(),
        }

    def _cpu_percent(self) -> float:
        busy, total = _cpu_ticks()
        before_busy, before_total = self._ticks
        if total > before_total:
            self._ticks = (busy, total)
            return round(100.0 * (busy - before_busy) / (total - before_total), 1)
        return 0.0

    def _gpu_load(self) -> list[dict[str, Any]]:
        now = time.monotonic()
        stale = self._asked_at is None or now - self._asked_at >= self._fresh_for
        if self._served and stale:
            self._gpus = self._ask()
            self._asked_at = time.monotonic()
        return self._gpus

    def _ask(self) -> list[dict[str, Any]]:
        load = []
        for index, utilization, memory, temperature, power in _nvidia_smi(_LOAD_FIELDS) or []:
            if index.isdigit() and int(index) in self._served:
                load.append(
                    {
                        "index": int(index),
                        "utilization": _number(utilization),
                        "memory_used_mb": _number(memory),
                        "temperature_c": _number(temperature),
                        "power_w": _number(power),
                    }
                )
        return load


def _nvidia_smi(fields: tuple[str, ...]) -> list[list[str]] | None:
    """Rows of values. A hanging nvidia-smi is killed but not waited for: it may be in state D."""
    command = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    text = children.answer_of(command, _PATIENCE)
    if text is None:
        return None
    rows = [[value.strip() for value in line.split(",")] for line in text.splitlines()]
    return [row for row in rows if len(row) == len(fields)]


def _number(text: str) -> float | None:
    with suppress(ValueError):  # "[N/A]", "[Not Supported]"
        value = float(text)
        return int(value) if value.is_integer() else value
    return None


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
