"""Which queued job goes to which worker: priority first, then fair share, then age. Nothing is taken here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs import fairness, lanes, matching, reserving, shunning
from jobs.fairness import Shares
from jobs.lanes import Head
from jobs.matching import Place
from jobs.models import Requirement
from jobs.quotas import Caps
from jobs.reserving import Reservation
from jobs.taking import Taker


@dataclass(slots=True)
class Pick:
    """A job and the place that it would be given."""

    taker: Taker
    head: Head
    place: Place


class Market:
    """The front of the queue as one transaction sees it. Every pick changes it, so that no job is picked twice."""

    def __init__(
        self,
        takers: list[Taker],
        open_lanes: Collection[Requirement],
        *,
        now: datetime,
        without: Collection[int] = (),
    ) -> None:
        self._now = now
        needs = [need for need in open_lanes if _anybody(need, takers)]
        self._shares = Shares.read(now=now) if fairness.compete(needs) else None
        self._caps = Caps.locked(needs)
        most = sum(_wants(taker) for taker in takers)
        workers = [taker.worker.pk for taker in takers]
        heads = lanes.heads(needs, most=most, now=now, without=without, workers=workers)
        self._shunned = _shunned(heads, takers, now=now) | _of_another(heads, workers, now=now)
        if self._shunned:  # those behind them may move up
            most += len(self._shunned)
            heads = lanes.heads(needs, most=most, now=now, without=without, workers=workers)
            self._shunned |= _of_another(heads, workers, now=now)
        self._lanes = {lane[0].need.pk: lane for lane in heads}

    def picks(self, taker: Taker) -> list[Pick]:
        """Jobs for this worker, best first, until nothing fits or it has what it wants."""
        kept = self._kept(taker)
        picks: list[Pick] = []
        passed: set[int] = set()  # jobs that this worker cannot be given now
        closed: set[int] = set()  # lanes of which none fits
        while taker.free and len(picks) < taker.most:
            head = self._best(closed, passed)
            if head is None:
                break
            place = self._place(head, taker, kept)
            if place is not None and not self._caps.refusal(head.need, len(place.gpus)):
                kept = _kept_after(head, taker, kept)
                picks.append(self._pick(head, taker, place))
            elif self._fits_at_all(head, taker) or self._is_barred(head.job_id, head.need, taker):
                passed.add(head.job_id)  # this one job; another of its lane may go
            else:
                closed.add(head.need.pk)
                kept = kept or reserving.make(
                    taker.worker, head, taker.owned, taker.free, now=self._now
                )
        return picks

    def _kept(self, taker: Taker) -> Reservation | None:
        """What is kept there, unless it would be kept in vain."""
        kept = reserving.of(taker.worker, taker.owned, taker.free)
        if kept and self._is_barred(kept.job.pk, kept.job.requirement, taker):
            reserving.drop(taker.worker)
            return None
        return kept

    def _is_barred(self, job_id: int, need: Requirement, taker: Taker) -> bool:
        """Whether something other than room keeps it away: a failed start there, checkpoints elsewhere, a quota."""
        shunned = (job_id, taker.worker.pk) in self._shunned
        return shunned or bool(self._caps.refusal(need, need.gpus or 0))

    def _place(self, head: Head, taker: Taker, kept: Reservation | None) -> Place | None:
        if (head.job_id, taker.worker.pk) in self._shunned:
            return None
        free = kept.leaves(taker.free, head, now=self._now) if kept else taker.free
        return matching.place_for(head.need, taker.worker, free)

    def _fits_at_all(self, head: Head, taker: Taker) -> bool:
        """Then it is this one job that may not go there, and not every job of its lane."""
        return matching.place_for(head.need, taker.worker, taker.free) is not None

    def _best(self, closed: set[int], passed: set[int]) -> Head | None:
        fronts = (
            next((head for head in heads if head.job_id not in passed), None)
            for need, heads in self._lanes.items()
            if need not in closed
        )
        return min((head for head in fronts if head), key=self._rank, default=None)

    def _rank(self, head: Head) -> tuple[int, float, int]:
        share = self._shares.score(head.need) if self._shares else 0.0
        return (-head.priority, share, head.job_id)

    def _pick(self, head: Head, taker: Taker, place: Place) -> Pick:
        self._lanes[head.need.pk].remove(head)
        matching.take(place, taker.free)
        self._caps.started(head.need, len(place.gpus))
        if self._shares:
            self._shares.started(head.need, len(place.gpus))
        return Pick(taker, head, place)


def _kept_after(head: Head, taker: Taker, kept: Reservation | None) -> Reservation | None:
    """What stays kept when `head` is given its place: nothing, if it was kept for that."""
    if kept and kept.job.pk == head.job_id:
        reserving.drop(taker.worker)
        return None
    return kept


def _shunned(
    lanes: Iterable[list[Head]], takers: list[Taker], *, now: datetime
) -> set[shunning.Pair]:
    if not any(head.attempt for lane in lanes for head in lane):
        return set()
    return set(shunning.shunned([taker.worker for taker in takers], now=now))


def _of_another(
    lanes: Iterable[list[Head]], workers: Collection[int], *, now: datetime
) -> set[shunning.Pair]:
    """Jobs that wait for one of these workers, and so are not for the others."""
    waiting = [(head, head.waits_for(now=now)) for lane in lanes for head in lane if head.prefers]
    return {
        (head.job_id, worker)
        for head, home in waiting
        for worker in workers
        if home is not None and worker != home
    }


def _wants(taker: Taker) -> int:
    return min(taker.most, len(taker.free.gpus) + max(0, taker.free.slots))


def _anybody(need: Requirement, takers: list[Taker]) -> bool:
    """Whether one of them could run such a job on the whole of its hardware: a reservation may follow from that."""
    return any(
        matching.place_for(need, taker.worker, matching.everything(taker.worker)) is not None
        for taker in takers
    )
