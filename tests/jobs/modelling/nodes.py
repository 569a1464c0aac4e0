"""Hardware, needs and quotas as the contract tells them, in plain Python."""

from dataclasses import dataclass
from datetime import datetime, timedelta

OFFLINE_AFTER = timedelta(seconds=75)


@dataclass(frozen=True)
class Need:
    """What a job asks for, and for whom: jobs that agree in it stand in one line."""

    gpus: int | None
    memory: int
    tags: frozenset[str]
    user: str
    project: str

    def accounts(self) -> list[tuple[str, str]]:
        mine = [("user", self.user)]
        return [*mine, ("project", self.project)] if self.project else mine


@dataclass
class Node:
    """A worker. `birth` tells it from an earlier one of its name that was deleted."""

    name: str
    gpus: dict[int, int]  # index: memory
    slots: int
    tags: frozenset[str]
    there: bool = False
    online: bool = True
    draining: bool = False
    disabled: bool = False
    seen: datetime | None = None
    birth: int = 0

    def is_online(self, now: datetime) -> bool:
        recent = self.seen is not None and now - self.seen < OFFLINE_AFTER
        return self.there and self.online and recent

    def takes_jobs(self) -> bool:
        return not (self.draining or self.disabled)

    def size(self, need: Need) -> int:
        """GPUs that a job of this need is given here; 0 is a slot."""
        if need.gpus is not None:
            return need.gpus
        return 1 if self.gpus or need.memory else 0

    def fits(self, need: Need, gpus: set[int], slots: int) -> bool:
        """Whether these free GPUs and slots of it would do."""
        if not need.tags <= self.tags:
            return False
        count = self.size(need)
        if count == 0:
            return slots > 0
        return len([index for index in gpus if self.gpus[index] >= need.memory]) >= count

    def could_ever(self, need: Need) -> bool:
        return self.fits(need, set(self.gpus), 0 if self.gpus else self.slots)


@dataclass(frozen=True)
class Limit:
    """A quota; None: no limit."""

    gpus: int | None = None
    jobs: int | None = None
    queued: int | None = None


class Limits(dict[tuple[str, str], Limit]):
    """Quotas by (scope, name); an empty name is for everybody who has none of his own."""

    def of(self, account: tuple[str, str]) -> Limit:
        return self.get(account) or self.get((account[0], "")) or Limit()

    def allows(self, account: tuple[str, str], *, jobs: int, gpus: int) -> bool:
        limit = self.of(account)
        over_jobs = limit.jobs is not None and jobs > limit.jobs
        return not over_jobs and (limit.gpus is None or gpus <= limit.gpus)
