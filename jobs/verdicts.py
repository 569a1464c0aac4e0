"""What each worker says to a job, in words that name the numbers. Whether it fits is asked of `matching` and of what a
claim asks besides; here are only the words for the answer."""

from dataclasses import dataclass, replace

from django.db.models import TextChoices

from jobs import matching, unfit
from jobs.lanes import Head
from jobs.models import Requirement, Worker
from jobs.phrases import plural, some, span
from jobs.reserving import Reservation
from jobs.states import WorkerStatus
from jobs.unfit import wish
from jobs.world import World


class Verdict(TextChoices):
    """The most hopeful first. Part of the API: values are added, never renamed."""

    COULD_START = "could_start", "could start it now"
    HAS_ROOM = "has_room", "has room, but the job itself may not start yet"
    QUOTA = "quota", "has room, but a quota is used up"
    BUSY = "busy", "could run it, and has too little free now"
    RESERVED = "reserved", "keeps its GPUs for another job"
    ELSEWHERE = (
        "elsewhere",
        "the job's checkpoints are on another worker, which is waited for a moment",
    )
    FAILED_THERE = "failed_there", "the job failed to start there, and others can take it"
    DRAINING = "draining", "could run it, but takes nothing new"
    DISABLED = "disabled", "could run it, but somebody disabled it"
    DISK_FULL = "disk_full", "could run it, but its disk is full"
    OFFLINE = "offline", "could run it, but is not there"
    UNFIT = "unfit", "could never run it"


HOPE = {verdict: place for place, verdict in enumerate(Verdict)}
AWAY = {
    WorkerStatus.DRAINING: Verdict.DRAINING,
    WorkerStatus.DISABLED: Verdict.DISABLED,
    WorkerStatus.OFFLINE: Verdict.OFFLINE,
}


@dataclass(frozen=True, slots=True)
class Fit:
    """What one worker says. `text` stands alone, `short` after the worker's name; `free`: GPUs that would serve."""

    worker: Worker
    verdict: Verdict
    text: str
    short: str
    free: int = 0

    @property
    def rank(self) -> tuple[int, int, str]:
        return HOPE[self.verdict], -self.free, self.worker.worker_id


class Judge:
    """Asks every worker about jobs. What holds for a need holds for all its jobs, and is found out once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._special = world.by_job()
        self._by_need: dict[int, list[Fit]] = {}

    def fits(self, head: Head, *, ready: bool = True) -> list[Fit]:
        """One a worker, the most hopeful first. `ready`: nothing about the job itself keeps it from starting."""
        general = self._by_need.get(head.need.pk)
        if general is None:
            general = sorted(
                (_general(head.need, worker, self._world) for worker in self._world.workers),
                key=lambda fit: fit.rank,
            )
            self._by_need[head.need.pk] = general
        away = self._special.get(head.job_id, set())
        home = head.waits_for(now=self._world.now)
        if not (away or self._world.kept or home) and ready:
            return general
        own = [self._own(head, fit, ready=ready) for fit in general]
        return sorted(own, key=lambda fit: fit.rank)

    def _own(self, head: Head, fit: Fit, *, ready: bool) -> Fit:
        """What is different for this very job."""
        if HOPE[fit.verdict] > HOPE[Verdict.BUSY]:
            return fit
        world, worker = self._world, fit.worker
        if (failed := world.shunned.get((head.job_id, worker.pk))) is not None:
            return _failed_there(fit, failed)
        if head.waits_for(now=world.now) not in (None, worker.pk):
            text = "its checkpoints are on another worker, which is waited for a moment"
            return replace(
                fit, verdict=Verdict.ELSEWHERE, text=text, short="has not its checkpoints"
            )
        kept = world.kept.get(worker.pk)
        if kept is not None:
            fit = _with_reservation(head, fit, kept, world)
        if fit.verdict == Verdict.COULD_START and not ready:
            return replace(fit, verdict=Verdict.HAS_ROOM, text="has room for it")
        return fit


def _general(need: Requirement, worker: Worker, world: World) -> Fit:
    whole = matching.place_for(need, worker, matching.everything(worker))
    status = world.status[worker.pk]
    if whole is None:
        found = unfit.why(need, worker)
        gone = f" (and is {status})" if status in AWAY else ""
        return Fit(worker, Verdict.UNFIT, found.text + gone, found.short)
    if status in AWAY:
        return _away(worker, status, world)
    if worker.disk_full:
        full = "out of disk space: it takes no jobs until there is room"
        return Fit(worker, Verdict.DISK_FULL, full, "is out of disk space")
    place = matching.place_for(need, worker, world.free[worker.pk])
    if place is None:
        return _busy(need, worker, len(whole.gpus), world)
    if refusal := world.caps.refusal(need, len(place.gpus)):
        return Fit(worker, Verdict.QUOTA, f"has room, but {refusal}", "has room")
    return Fit(worker, Verdict.COULD_START, "could start it now", "could start it now")


def _away(worker: Worker, status: WorkerStatus, world: World) -> Fit:
    texts = {
        WorkerStatus.DRAINING: "draining: it ends what it has and takes nothing new",
        WorkerStatus.DISABLED: "disabled: it is given nothing until somebody enables it",
        WorkerStatus.OFFLINE: f"offline for {span((world.now - worker.heartbeat_at).total_seconds())}",
    }
    return Fit(worker, AWAY[status], texts[status], f"is {status}")


def _busy(need: Requirement, worker: Worker, count: int, world: World) -> Fit:
    if count == 0:
        taken = "its CPU slot is taken"
        if worker.slots > 1:
            taken = f"all {plural(worker.slots, 'CPU slot')} are taken"
        return Fit(worker, Verdict.BUSY, taken, "is busy")
    serving = matching.gpus_for(need, worker, matching.everything(worker).gpus)
    free = len(matching.gpus_for(need, worker, world.free[worker.pk].gpus))
    text = f"needs {wish(need, count)}: {_free_words(free)} of {len(serving)} {'is' if free < 2 else 'are'} free"
    short = f"has {free} free" if free else "is busy"
    out = [each.text for each in world.blocked[worker.pk] if each.index in serving]
    if out:  # nobody but those who hold it can do anything about that
        text, short = f"{text}; {some(out, most=8, sep='; ')}", f"{short} ({some(out, most=1)})"
    return Fit(worker, Verdict.BUSY, text, short, free)


def _free_words(free: int) -> str:
    return str(free) if free else "none"


def _failed_there(fit: Fit, message: str) -> Fit:
    said = f": {message}" if message else ""
    return replace(
        fit,
        verdict=Verdict.FAILED_THERE,
        text=f"it failed to start there{said}; other workers can take it",
        short="failed to start it",
    )


def _with_reservation(head: Head, fit: Fit, kept: Reservation, world: World) -> Fit:
    worker, need = fit.worker, head.need
    at = worker.reserved_at
    since = f" (for {span((world.now - at).total_seconds())})" if at else ""
    if kept.job.pk == head.job_id:
        return replace(fit, text=f"keeps its GPUs for this job{since}; {fit.text}")
    free = world.free[worker.pk]
    everything = matching.everything(worker)
    now_left = matching.place_for(need, worker, kept.leaves(free, head, now=world.now))
    ever_left = matching.place_for(need, worker, kept.leaves(everything, head, now=world.now))
    if now_left is not None or (ever_left is not None and fit.verdict == Verdict.BUSY):
        return fit
    return replace(
        fit,
        verdict=Verdict.RESERVED,
        text=f"its GPUs are kept for job {kept.job.pk}{since}",
        short=f"is kept for job {kept.job.pk}",
    )
