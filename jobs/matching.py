"""Which worker can take what. Plain comparisons, shared by claiming and by the explanations of why a job waits."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from jobs.models import Requirement, Worker
from jobs.models.requirement import COMMAND


@dataclass(slots=True)
class Free:
    """What a worker has left: indices of GPUs, and CPU slots."""

    gpus: list[int]
    slots: int

    def __bool__(self) -> bool:
        return bool(self.gpus) or self.slots > 0


@dataclass(frozen=True, slots=True)
class Place:
    """What a job is given: GPU indices, or a slot."""

    gpus: list[int] = field(default_factory=list)
    slots: int = 0


def everything(worker: Worker) -> Free:
    """The worker as if nothing ran on it."""
    gpus = [gpu["index"] for gpu in worker.gpus]
    return Free(gpus=gpus, slots=0 if gpus else worker.slots)


def admits(need: Requirement, worker: Worker) -> bool:
    """Tags, kind and project: what does not change while jobs come and go."""
    return (
        set(need.tags) <= worker.carries
        and need.kind in (worker.kinds or [COMMAND])
        and (not worker.projects or need.project in worker.projects)
    )


def place_for(need: Requirement, worker: Worker, free: Free) -> Place | None:
    """The smallest place in `free` that serves `need`, or None where there is none now."""
    if not admits(need, worker):
        return None
    count = need.gpus
    if count is None:
        count = 1 if worker.gpus or need.wants_gpu else 0
    if count == 0:
        return Place(slots=1) if free.slots > 0 else None
    fitting = gpus_for(need, worker, free.gpus)
    return Place(gpus=fitting[:count]) if len(fitting) >= count else None


def gpus_for(need: Requirement, worker: Worker, among: Collection[int]) -> list[int]:
    """Indices of those GPUs among the given that are large enough and of the right model, the smallest first."""
    return [
        index
        for _, index in sorted(
            (gpu.get("memory_mb") or 0, gpu["index"])
            for gpu in worker.gpus
            if gpu["index"] in among and _serves(gpu, need)
        )
    ]


def _serves(gpu: dict[str, Any], need: Requirement) -> bool:
    large_enough = (gpu.get("memory_mb") or 0) >= need.min_memory_mb
    return large_enough and need.gpu_model.casefold() in str(gpu.get("name", "")).casefold()


def take(place: Place, free: Free) -> None:
    """Subtract a place from what is free."""
    free.gpus = [index for index in free.gpus if index not in place.gpus]
    free.slots -= place.slots


def give_back(place: Place, free: Free) -> None:
    """Undo `take`."""
    free.gpus = sorted({*free.gpus, *place.gpus})
    free.slots += place.slots
