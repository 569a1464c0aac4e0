"""Which of the agents that wait could take something that is queued now. A guess: the claim itself decides.

Without it each new job would make every waiting agent look at the database, and all but one in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs import lanes, matching
from jobs.lanes import Head
from jobs.matching import Free
from jobs.models import Worker
from jobs.quotas import Caps


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agent that waits: its worker's row, and what it called free."""

    worker: Worker
    gpus: list[int]
    slots: int


def who(waiting: Sequence[Waiting], *, now: datetime) -> list[int]:
    """Positions, in `waiting`, of those to wake: the first ones that fit, until the queued jobs are spoken for."""
    needs = lanes.open_lanes() if waiting else []
    if not needs:
        return []
    caps = Caps.read(needs)
    queued = lanes.heads(needs, most=sum(_room(each) for each in waiting), now=now)
    chosen = []
    for at, each in enumerate(waiting):
        free = Free(list(each.gpus), each.slots)
        if _served(each.worker, free, queued, caps):
            chosen.append(at)
            queued = [lane for lane in queued if lane]
        if not queued:
            break
    return chosen


def _room(waiting: Waiting) -> int:
    return len(waiting.gpus) + max(0, waiting.slots)


def _served(worker: Worker, free: Free, queued: list[list[Head]], caps: Caps) -> bool:
    """Whether it would get something; what it would get is taken off the lanes."""
    found = False
    for lane in queued:
        while lane and free:
            need = lane[-1].need
            place = matching.place_for(need, worker, free)
            if place is None or caps.refusal(need, len(place.gpus)):
                break
            matching.take(place, free)
            caps.started(need, len(place.gpus))
            lane.pop()
            found = True
    return found
