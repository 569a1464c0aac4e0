"""GPUs that an agent hands to no job, and why. What it tells is read with care: odd values are passed over.

The words come from "Blocked GPUs" in docs/wire-protocol.md; an unknown one is of a newer agent, and shown as it is.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from jobs.models import Worker
from jobs.phrases import memory, some

MOST_ENTRIES = 256
MOST_PROCESSES = 16  # of one GPU
MOST_TEXT = 200
NAMED = 3  # processes in a sentence


@dataclass(frozen=True, slots=True)
class Process:
    """Who holds a GPU; `user` and `name` are empty where the agent could not see them."""

    pid: int
    user: str
    name: str
    memory_mb: float | None

    @property
    def words(self) -> str:
        """`bob (pid 123, python, 20 GiB)`"""
        size = memory(self.memory_mb) if self.memory_mb else ""
        about = ", ".join(part for part in (f"pid {self.pid}", self.name, size) if part)
        return f"{self.user} ({about})" if self.user else about


@dataclass(frozen=True, slots=True)
class Blocked:
    """One reason why a GPU is handed to no job."""

    index: int
    why: str
    reason: str
    memory_used_mb: float | None
    processes: tuple[Process, ...]

    @property
    def text(self) -> str:
        """`GPU 1 is used by bob (pid 123, python, 20 GiB)`"""
        return f"GPU {self.index} {self.words}"

    @property
    def words(self) -> str:
        """The same without its number."""
        who = some([each.words for each in self.processes], most=NAMED)
        if self.why == "foreign":
            return f"is used by {who or 'somebody else'}"
        if self.why == "unkillable":
            return f"is held by processes that cannot be killed: {who or 'unknown'}"
        if self.why == "memory_held":
            used = memory(self.memory_used_mb) if self.memory_used_mb else "memory"
            return f"has {used} in use by {who or 'no process that can be seen'}"
        if self.why == "missing":
            return "is not there any more"
        word = "" if self.why == "error" else self.why
        said = ": ".join(part for part in (word, self.reason) if part)
        return f"is out of order ({said})" if said else "is out of order"

    def as_json(self) -> dict[str, Any]:
        """As an agent tells it."""
        return asdict(self) | {"processes": [asdict(each) for each in self.processes]}

    def for_people(self) -> dict[str, Any]:
        """As the API tells it."""
        named = [asdict(each) for each in self.processes]
        return {"index": self.index, "why": self.why, "text": self.text, "processes": named}


def of(worker: Worker) -> list[Blocked]:
    """What the worker's agent told last, by GPU; of the worker's own GPUs alone."""
    told = worker.load.get("blocked") if isinstance(worker.load, dict) else None
    if not told:
        return []
    known = {gpu.get("index") for gpu in worker.gpus if isinstance(gpu, dict)}
    return sorted((each for each in read(told) if each.index in known), key=lambda each: each.index)


def indices(found: Iterable[Blocked]) -> set[int]:
    return {each.index for each in found}


def read(told: Any) -> list[Blocked]:
    """From what came as JSON, bounded in number and size."""
    return [
        Blocked(
            index,
            _text(entry.get("why")),
            _text(entry.get("reason")),
            _size(entry.get("memory_used_mb")),
            tuple(_processes(entry.get("processes"))),
        )
        for entry in _rows(told, MOST_ENTRIES)
        if (index := _whole(entry.get("index"))) is not None
    ]


def _processes(told: Any) -> list[Process]:
    return [
        Process(pid, _text(row.get("user")), _text(row.get("name")), _size(row.get("memory_mb")))
        for row in _rows(told, MOST_PROCESSES)
        if (pid := _whole(row.get("pid"))) is not None
    ]


def _rows(told: Any, most: int) -> list[dict[str, Any]]:
    rows = told[:most] if isinstance(told, list) else []
    return [row for row in rows if isinstance(row, dict)]


def _whole(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if fits else None


def _text(value: Any) -> str:
    """One line of it."""
    return " ".join(value[:MOST_TEXT].split()) if isinstance(value, str) else ""


def _size(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40
    return value if fits else None
