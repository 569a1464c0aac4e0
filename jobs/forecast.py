"""The queue played forward: running jobs end after their usual time, and those that wait take what becomes free."""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from jobs import history, matching, requirements
from jobs.history import History, Like
from jobs.matching import Free, Place
from jobs.models import Attempt, Requirement, Worker
from jobs.quotas import Caps
from jobs.states import AttemptStatus
from jobs.world import World

SLACK = 1.2  # a job that outlasted all before it is taken to need so much more of its time so far


@dataclass(frozen=True, slots=True)
class Waiter:
    """A job that waits, in its place of the order; `limit` in seconds; it may not start before `ready_at`."""

    job_id: int
    need: Requirement
    limit: int | None
    ready_at: datetime
    like: Like


@dataclass(slots=True)
class _Spot:
    """A worker of the play."""

    worker: Worker
    free: Free


@dataclass(frozen=True, slots=True)
class Planned:
    """Where and when the play starts a job; `until` is None where nothing is known of such jobs."""

    job_id: int
    worker: str
    gpus: list[int]
    at: datetime
    until: datetime | None


# When, a tie-breaker, where, of what; and whether it stands on a job that outlasted its usual time already.
End = tuple[datetime, int, _Spot, Place, Requirement, bool]


class _TooLong(Exception):
    """The play is broken off."""


class Forecast:
    """One play. `now` is its clock, `started`: what it started, `started_later`: that after the first moment.

    `starts`: where and when each of those started, by the job's number. `slipped`: those that wait for a job which
    takes longer than it was first guessed to, so that each look moves them.
    """

    def __init__(self, world: World, caps: Caps, history: History, *, most_looks: int) -> None:
        self._world, self._caps, self._history = world, caps, history
        self._looks = most_looks
        self._spots = {
            worker.pk: _Spot(worker, _copy(world.free[worker.pk]))
            for worker in world.workers
            if world.takes_jobs(worker)
        }
        self._tie = count()
        self._ends: list[End] = []
        self._lanes: dict[int, deque[tuple[int, Waiter]]] = {}
        self.now = world.now
        self.started = self.started_later = 0
        self.starts: dict[int, Planned] = {}
        self.slipped: set[int] = set()
        self._late = False

    def start_of(self, mine: Waiter, everybody: Iterable[Waiter]) -> datetime | None:
        """When `mine` starts, the last of `everybody` or not among them; None where the play does not get there."""
        try:
            self._queue_up(everybody)
            return self._play(mine)
        except _TooLong:
            return None

    def _queue_up(self, everybody: Iterable[Waiter]) -> None:
        """In lanes of equal needs; what could run nowhere is before nobody."""
        hopeless: set[int] = set()
        for place, waiter in enumerate(everybody):
            pk = waiter.need.pk
            if pk not in self._lanes and pk not in hopeless:
                if self._fits_somewhere(waiter.need):
                    self._lanes[pk] = deque()
                else:
                    hopeless.add(pk)
            if pk in self._lanes:
                self._lanes[pk].append((place, waiter))
        if self._history:
            self._running()

    def _fits_somewhere(self, need: Requirement) -> bool:
        for spot in self._spots.values():
            self._look()
            if matching.place_for(need, spot.worker, matching.everything(spot.worker)) is not None:
                return True
        return False

    def _running(self) -> None:
        """When what runs now will end."""
        attempts = Attempt.objects.filter(
            status=AttemptStatus.RUNNING, worker__in=list(self._spots)
        )
        rows = list(
            attempts.order_by().values_list(
                *("worker_id", "gpus", "started_at", "job__timeout_seconds"),
                *history.columns("job__"),
            )
        )
        found = [(*row[:4], Like(*row[4:])) for row in rows]
        needs = requirements.by_id({like.need for *_, like in found})
        for worker, gpus, start, limit, like in found:
            end, late = self._end_of(like, start, limit)
            place = Place(gpus=gpus, slots=0 if gpus else 1)
            spot = self._spots[worker]
            self._will_end(max(end, self.now), spot, place, needs[like.need], late=late)

    def _end_of(self, like: Like, start: datetime, limit: int | None) -> tuple[datetime, bool]:
        """Given that it runs since then and still does; and whether that is later than it was guessed at its start."""
        times, gone = self._history.any(like), max(0.0, (self.now - start).total_seconds())
        seconds = times.expected(gone, limit) or gone * SLACK
        if limit is not None:
            seconds = min(seconds, limit)
        return start + timedelta(seconds=seconds), gone > times.usual * SLACK

    def _will_end(
        self, at: datetime, spot: _Spot, place: Place, need: Requirement, *, late: bool
    ) -> None:
        heapq.heappush(self._ends, (at, next(self._tie), spot, place, need, late))

    def _play(self, mine: Waiter) -> datetime | None:
        if mine.ready_at > self.now:  # a moment at which everything is looked at again
            for spot in self._spots.values():
                self._will_end(mine.ready_at, spot, Place(), mine.need, late=False)
        freed = list(self._spots.values())
        while True:
            for spot in freed:
                if self._fill(spot, mine):
                    return self.now
            if not self._ends or not self._lanes:
                return None
            freed = self._next()

    def _next(self) -> list[_Spot]:
        """To the next moment at which something ends; where things are free now."""
        freed = {}
        self._late = False
        self.now = self._ends[0][0]
        while self._ends and self._ends[0][0] <= self.now:
            _, _, spot, place, need, late = heapq.heappop(self._ends)
            self._late = self._late or late
            if place.gpus or place.slots:
                matching.give_back(place, spot.free)
                self._caps.started(need, len(place.gpus), times=-1)
            freed[spot.worker.pk] = spot
        return list(self._spots.values()) if self._caps else list(freed.values())

    def _fill(self, spot: _Spot, mine: Waiter) -> bool:
        """Start what fits there, in order. Whether `mine` was among it."""
        while spot.free:
            found = self._first(spot)
            if found is None:
                return False
            waiter, place = found
            self._start(waiter, place, spot)
            if waiter.job_id == mine.job_id:
                return True
        return False

    def _first(self, spot: _Spot) -> tuple[Waiter, Place] | None:
        for lane in sorted(self._lanes.values(), key=lambda lane: lane[0][0]):
            waiter = lane[0][1]
            place = self._place(waiter, spot)
            if place is not None:
                lane.popleft()
                if not lane:
                    del self._lanes[waiter.need.pk]
                return waiter, place
        return None

    def _place(self, waiter: Waiter, spot: _Spot) -> Place | None:
        self._look()
        away = (waiter.job_id, spot.worker.pk) in self._world.shunned
        if away or waiter.ready_at > self.now:
            return None
        place = matching.place_for(waiter.need, spot.worker, spot.free)
        if place is None or self._caps.refusal(waiter.need, len(place.gpus)):
            return None
        return place

    def _start(self, waiter: Waiter, place: Place, spot: _Spot) -> None:
        matching.take(place, spot.free)
        self._caps.started(waiter.need, len(place.gpus))
        self.started += 1
        self.started_later += self.now > self._world.now
        seconds = self._history.any(waiter.like).expected(-1.0, waiter.limit)
        end = None if seconds is None else self.now + timedelta(seconds=seconds)
        self.starts[waiter.job_id] = Planned(
            waiter.job_id, spot.worker.worker_id, place.gpus, self.now, end
        )
        if self._late:
            self.slipped.add(waiter.job_id)
        if end is not None:
            self._will_end(end, spot, place, waiter.need, late=self._late)

    def _look(self) -> None:
        self._looks -= 1
        if self._looks < 0:
            raise _TooLong


def _copy(free: Free) -> Free:
    return Free(list(free.gpus), free.slots)
