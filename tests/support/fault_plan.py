"""Which fault hits which request: by chance from a seed, or as a test says."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

PLANTED = "planted_fault"  # the code in refusals that are the proxy's own


class Fault(StrEnum):
    NONE = "none"
    DROP_REQUEST = "request dropped"
    DROP_ANSWER = "answer dropped"
    DUPLICATE = "sent twice, second answer"
    LATE_COPY = "a copy follows later"
    DELAY = "delayed"
    REFUSE = "refused on the way"
    CUT_ANSWER = "answer cut"
    CUT_REQUEST = "request cut"


ALL_FAULTS = {
    Fault.NONE: 75.0,
    Fault.DROP_REQUEST: 4.0,
    Fault.DROP_ANSWER: 5.0,
    Fault.DUPLICATE: 5.0,
    Fault.LATE_COPY: 2.0,
    Fault.DELAY: 3.0,
    Fault.REFUSE: 2.0,
    Fault.CUT_ANSWER: 2.0,
    Fault.CUT_REQUEST: 2.0,
}


@dataclass(frozen=True, slots=True)
class Request:
    worker: str
    method: str
    path: str
    data: bytes  # as the server gets it
    head_size: int

    @property
    def is_sync(self) -> bool:
        return self.path.endswith("/sync")


Choose = Callable[[Request, int], Fault]


def by_chance(seed: int, weights: Mapping[Fault, float]) -> Choose:
    """A choice that is the same in every run for the n-th request of a worker."""
    faults, shares = list(weights), list(weights.values())

    def choose(request: Request, number: int) -> Fault:
        chance = random.Random(f"{seed}/{request.worker}/{number}")
        return chance.choices(faults, shares)[0]

    return choose


def never(request: Request, number: int) -> Fault:
    return Fault.NONE
