"""When a queued job will start: the queue played forward with the run times of the past. A guess, and said to be one.

Jobs take their places in the order of priority and age; fair share, reservations and what is yet to be submitted are
left out. The cost is bounded: beyond MOST_LOOKS comparisons the pace so far is drawn out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import history as histories
from jobs import requirements, standing
from jobs.evidence import Evidence
from jobs.forecast import Forecast, Planned, Waiter
from jobs.history import History, Like
from jobs.models import Job
from jobs.phrases import plural
from jobs.quotas import Caps
from jobs.states import JobStatus
from jobs.verdicts import Fit, Verdict

SIMULATED = 2000  # jobs before it that are looked at one by one
MOST_LOOKS = 15_000
COULD_TAKE = {
    Verdict.COULD_START,
    Verdict.HAS_ROOM,
    Verdict.QUOTA,
    Verdict.BUSY,
    Verdict.RESERVED,
    Verdict.ELSEWHERE,
    Verdict.FAILED_THERE,
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """`at` is None where nothing can be said; `basis` says why, or what the guess stands on.

    `slipped`: it waits for a job that takes longer than it was guessed to, so nobody should count on `at`.
    """

    at: datetime | None
    basis: str
    slipped: bool = False


NONE = Estimate(None, "")
SLIPPED = "a job before it runs longer than was guessed"


def estimate(job: Job, fits: list[Fit], found: Evidence) -> Estimate:
    """When the job will start."""
    if hindrance := _hindrance(job, fits) or _blocked(job, fits, found):
        return Estimate(None, hindrance)
    history = History.read()
    ahead = _ahead(job, found.now)
    total = max(found.ahead.get(job.pk, 0), len(ahead))
    like = histories.likes([job])[job.pk]
    mine = _waiter(job, like, found.now)
    everybody = [*ahead, mine] if total == len(ahead) else ahead
    caps = Caps.read({each.need.pk: each.need for each in everybody}.values())
    forecast = Forecast(found.world, caps, history, most_looks=MOST_LOOKS)
    at = forecast.start_of(mine, everybody)
    if at is None and not history:
        return Estimate(None, "no history yet: no job has succeeded here, so run times are unknown")
    if at is None:
        at = _drawn_out(forecast, total, found.now)
    if at is None:
        return Estimate(None, "too much is before it to tell")
    slipped = job.pk in forecast.slipped
    basis = _basis(like, at, history, total, found.now)
    return Estimate(at, basis + (f"; {SLIPPED}" if slipped else ""), slipped)


@dataclass(frozen=True, slots=True)
class Start:
    """As in `Estimate`."""

    planned: Planned
    slipped: bool


def starts(jobs: Sequence[Job], found: Evidence, *, most_looks: int) -> dict[int, Start]:
    """When those of the jobs will start of which it can be said, by number: one play for a page of the queue.

    They stand in the order of the queue. What lies beyond the bounded number of looks is left out.
    """
    ready = [job for job in jobs if standing.is_ready(job, now=found.now)]
    history = History.read() if ready else None
    if not ready or history is None:
        return {}
    last = ready[-1]
    mine = _waiter(last, histories.likes([last])[last.pk], found.now)
    everybody = [*_ahead(last, found.now), mine]
    caps = Caps.read({each.need.pk: each.need for each in everybody}.values())
    forecast = Forecast(found.world, caps, history, most_looks=most_looks)
    forecast.start_of(mine, everybody)
    asked = {job.pk for job in ready} & forecast.starts.keys()
    return {pk: Start(forecast.starts[pk], pk in forecast.slipped) for pk in asked}


def _waiter(job: Job, like: Like, now: datetime) -> Waiter:
    ready_at = max(job.not_before or now, now)
    return Waiter(job.pk, job.requirement, job.timeout_seconds, ready_at, like)


def _hindrance(job: Job, fits: list[Fit]) -> str:
    """Why nothing can be said, whatever the queue does."""
    verdicts = {fit.verdict for fit in fits}
    if verdicts == {Verdict.UNFIT}:
        return "no worker could ever run it"
    if job.is_held:
        return "it starts only after somebody releases it"
    if job.status == JobStatus.WAITING:
        return "it waits for other jobs first"
    if not verdicts & COULD_TAKE:
        return "no worker that could run it takes jobs"
    return ""


def _blocked(job: Job, fits: list[Fit], found: Evidence) -> str:
    able = [fit.worker for fit in fits if fit.verdict in COULD_TAKE]
    if any(found.world.serves(job.requirement, worker) for worker in able):
        return ""
    return "the GPUs that it needs are held by others or out of order"


def _ahead(job: Job, now: datetime) -> list[Waiter]:
    before = standing.before(job, now=now)
    rows = before.values_list("pk", "timeout_seconds", *histories.columns())[:SIMULATED]
    found = [(pk, limit, Like(*told)) for pk, limit, *told in rows]
    needs = requirements.by_id({like.need for *_, like in found})
    return [Waiter(pk, needs[like.need], limit, now, like) for pk, limit, like in found]


def _drawn_out(forecast: Forecast, total: int, now: datetime) -> datetime | None:
    """As if those that are left went on at the pace of those that were played."""
    seconds = (forecast.now - now).total_seconds()
    if seconds <= 0 or not forecast.started_later:
        return None
    left = max(0, total - forecast.started) + 1
    return forecast.now + timedelta(seconds=left * seconds / forecast.started_later)


def _basis(like: Like, at: datetime, history: History, total: int, now: datetime) -> str:
    if at <= now:
        return "a worker has room for it now"
    counted = f"more than {total} jobs" if total >= standing.MOST_COUNTED else plural(total, "job")
    return f"a guess: {history.any(like).words}, {counted} before it"
