"""Which of the agents that wait could take something that is queued now. A guess: the claim itself decides.

Without it each new job would make every waiting agent look at the database, and all but one in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs import lanes, matching
from jobs.lanes import Head
from jobs.matching import Free
from jobs.models import Requirement, Worker
from jobs.quotas import Caps


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agent that waits: its worker's row, what it called free, and jobs that it was called for in vain."""

    worker: Worker
    gpus: list[int]
    slots: int
    in_vain: frozenset[int] = frozenset()


def who(waiting: Sequence[Waiting], *, now: datetime) -> dict[int, set[int]]:
    """Those to wake, by their position in `waiting`, each with the jobs it is called for: the first ones that fit."""
    needs = [need for need in lanes.open_lanes() if _anybody(need, waiting)] if waiting else []
    if not needs:
        return {}
    caps = Caps.read(needs)
    most = sum(len(each.gpus) + max(0, each.slots) + len(each.in_vain) for each in waiting)
    workers = [each.worker.pk for each in waiting]
    queued = lanes.heads(needs, most=most, now=now, workers=workers)
    chosen = {}
    for at, each in enumerate(waiting):
        if jobs := _serve(each, queued, caps, now=now):
            chosen[at] = jobs
            queued = [lane for lane in queued if lane]
        if not queued:
            break
    return chosen


def _serve(waiting: Waiting, queued: list[list[Head]], caps: Caps, *, now: datetime) -> set[int]:
    """The jobs that it would get; they are taken off the lanes."""
    free = Free(list(waiting.gpus), waiting.slots)
    jobs: set[int] = set()
    for lane in queued:
        while free:
            head = next((head for head in lane if _may_have(waiting, head, now=now)), None)
            if head is None:
                break
            place = matching.place_for(head.need, waiting.worker, free)
            if place is None or caps.refusal(head.need, len(place.gpus)):
                break
            matching.take(place, free)
            caps.started(head.need, len(place.gpus))
            lane.remove(head)
            jobs.add(head.job_id)
    return jobs


def _may_have(waiting: Waiting, head: Head, *, now: datetime) -> bool:
    home = head.waits_for(now=now)
    return head.job_id not in waiting.in_vain and home in (None, waiting.worker.pk)


def _anybody(need: Requirement, waiting: Sequence[Waiting]) -> bool:
    return any(
        matching.place_for(need, each.worker, Free(list(each.gpus), each.slots)) is not None
        for each in waiting
    )
