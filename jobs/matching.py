"""Which worker can take what. Plain comparisons, shared by claiming and by the explanations of why a job waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jobs.models import Requirement, Worker


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


def place_for(need: Requirement, worker: Worker, free: Free) -> Place | None:
    """The smallest place in `free` that serves `need`, or None where there is none now."""
    if not set(need.tags) <= set(worker.tags):
        return None
    count = need.gpus
    if count is None:
        count = 1 if worker.gpus or need.min_memory_mb else 0  # who asks for GPU memory wants a GPU
    if count == 0:
        return Place(slots=1) if free.slots > 0 else None
    fitting = sorted(
        (gpu.get("memory_mb") or 0, gpu["index"])
        for gpu in worker.gpus
        if gpu["index"] in free.gpus and (gpu.get("memory_mb") or 0) >= need.min_memory_mb
    )
    return Place(gpus=[index for _, index in fitting[:count]]) if len(fitting) >= count else None


def take(place: Place, free: Free) -> None:
    """Subtract a place from what is free."""
    free.gpus = [index for index in free.gpus if index not in place.gpus]
    free.slots -= place.slots


def fitting(needs: Iterable[Requirement], worker: Worker, free: Free) -> list[Requirement]:
    """The needs that this worker could serve right now."""
    return [need for need in needs if place_for(need, worker, free) is not None]
