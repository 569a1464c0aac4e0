"""Who asks for jobs."""

from dataclasses import dataclass

from jobs.matching import Free
from jobs.models import Worker
from jobs.owning import Owned


@dataclass(slots=True)
class Taker:
    """A worker that asks for jobs: what it has left, and how many it wants at most."""

    worker: Worker
    owned: list[Owned]
    free: Free
    claim_id: str
    lease_seconds: int
    most: int = 64
