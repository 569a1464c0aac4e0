"""The reasons why a job does not run: a code for programs, a sentence for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices

from jobs import blocked, evidence, standing
from jobs.evidence import Evidence, Turn
from jobs.models import Attempt, Dependency, Job
from jobs.phrases import plural, some, span
from jobs.states import After, JobStatus, Reason
from jobs.unfit import wish
from jobs.verdicts import Fit, Verdict
from jobs.world import head_of


class Why(TextChoices):
    """Part of the API: values are added, never renamed. Listed in docs/explain.md; a test compares the two."""

    DEPENDENCY = "dependency", "it waits for another job to end"
    ARRAY_TURN = "array_turn", "its array lets no more of its members run at a time"
    HELD = "held", "somebody holds it back"
    CANCELLING = "cancelling", "it was asked to stop"
    BACK_OFF = "back_off", "it failed, and pauses before it is tried again"
    CHECKPOINTS = "checkpoints", "for a moment it waits for the worker where its checkpoints are"
    IMPOSSIBLE = "impossible", "no worker could ever run it"
    NO_WORKER = "no_worker", "no worker that could run it takes jobs"
    QUOTA = "quota", "its user or project has as much running as it may"
    BUSY = "busy", "what could run it is busy"
    RESERVED = "reserved", "GPUs are kept for another job"
    FAILED_THERE = "failed_there", "it failed to start where there is room"
    COULD_START = "could_start", "a worker could start it now"
    JOBS_AHEAD = "jobs_ahead", "other jobs come first"
    FAIR_SHARE = "fair_share", "how much its user had lately, and what that means"
    RUNNING = "running", "it runs"
    ENDED = "ended", "it has ended"


@dataclass(frozen=True, slots=True)
class Because:
    code: Why
    text: str


MUST = {
    After.OK: "to complete",
    After.ANY: "to end, however",
    After.NOT_OK: "to fail or be cancelled",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole in a sentence; `hopeless`: no worker that is known could ever run it."""

    text: str
    hopeless: bool


NAMED = 2  # workers in a sentence
PARENTS_TOLD = 20
TAKES_NOTHING = {Verdict.DRAINING, Verdict.DISABLED, Verdict.DISK_FULL, Verdict.OFFLINE}


def summary(job: Job, fits: Sequence[Fit], found: Evidence) -> Summary:
    """One sentence: the first reason, with what is worth adding to it."""
    return Summary(_sentence(job, fits, found), is_hopeless(fits))


def _sentence(job: Job, fits: Sequence[Fit], found: Evidence) -> str:
    own = of_itself(job, found)
    if own:
        hopeless = is_hopeless(fits)
        return own[0].text + (f"; {_impossible(job, fits)}" if hopeless else "")
    workers = of_workers(job, fits, found)
    ahead = standing.ahead_words(found.ahead.get(job.pk, 0))
    text = workers[0].text if workers else could_start_words(fits)
    return f"{text}; {ahead}" if ahead and not is_hopeless(fits) else text


def of_itself(job: Job, found: Evidence, *, every_parent: bool = False) -> list[Because]:
    """What keeps the job from starting wherever it would."""
    told = []
    if job.is_held and job.held_at is not None:
        since = span((found.now - job.held_at).total_seconds())
        text = f"held back by {job.held_by or 'somebody'} for {since}, until it is released"
        told.append(Because(Why.HELD, text))
    if job.status == JobStatus.WAITING:
        told += _parents(job, found, every=every_parent)
        if turn := found.turns.get(job.pk):
            told.append(Because(Why.ARRAY_TURN, _turn_words(turn)))
        if not told:
            told.append(
                Because(Why.DEPENDENCY, "waits to be released, which is a matter of seconds")
            )
    if evidence.is_pausing(job, now=found.now):
        told.append(Because(Why.BACK_OFF, _pause_words(job, found)))
    elif home := _home_words(job, found):
        told.append(Because(Why.CHECKPOINTS, home))
    return told


def _parents(job: Job, found: Evidence, *, every: bool) -> list[Because]:
    if not every:
        open_ = found.parents.get(job.pk)
        if open_ is None:
            return []
        more = f" and {plural(open_.count - 1, 'more job')}" if open_.count > 1 else ""
        return [Because(Why.DEPENDENCY, f"waits for job {open_.first}{more}")]
    edges = list(Dependency.objects.filter(job=job).select_related("on").order_by("on_id"))
    edges.sort(key=lambda edge: edge.on.is_final)
    told = [Because(Why.DEPENDENCY, _parent_words(edge)) for edge in edges[:PARENTS_TOLD]]
    if len(edges) > PARENTS_TOLD:
        told.append(Because(Why.DEPENDENCY, f"and {len(edges) - PARENTS_TOLD} more jobs"))
    return told


def _parent_words(edge: Dependency) -> str:
    must, status = MUST[After(edge.kind)], edge.on.status
    name = f" ({edge.on.name})" if edge.on.name else ""
    if After(edge.kind).is_met_by(JobStatus(status)):
        return f"waited for job {edge.on_id}{name} {must}: it is {status}"
    held = ", and held back" if edge.on.is_held else ""
    return f"waits for job {edge.on_id}{name} {must}: it is {status}{held}"


def _turn_words(turn: Turn) -> str:
    array, has = turn.array, turn.active
    return f"waits for its turn: array {array} has {has} of at most {array.max_active} jobs queued or running"


def _pause_words(job: Job, found: Evidence) -> str:
    left = span((job.not_before - found.now).total_seconds() + 1) if job.not_before else ""
    attempt = found.failed.get(job.pk)
    after = f", after attempt {attempt.number} ended: {_end_words(attempt)}" if attempt else ""
    return f"tries again in {left}{after}"


def _home_words(job: Job, found: Evidence) -> str:
    """Empty where any worker may have it."""
    home = head_of(job).waits_for(now=found.now)
    names = [str(worker) for worker in found.world.workers if worker.pk == home]
    if not names or job.prefers_until is None or job.status != JobStatus.QUEUED:
        return ""
    left = span((job.prefers_until - found.now).total_seconds() + 1)
    return f"waits up to {left} for {names[0]}, where its checkpoints are"


def _end_words(attempt: Attempt) -> str:
    label = Reason(attempt.reason).label if attempt.reason in Reason.values else attempt.status
    said = attempt.error_message
    if attempt.reason == Reason.PREEMPTED and said:
        return said
    return f"{label} ({said})" if said and said != label else str(label)


def is_hopeless(fits: Sequence[Fit]) -> bool:
    """Workers are known, and none of them could run it, not even an empty one."""
    return bool(fits) and all(fit.verdict == Verdict.UNFIT for fit in fits)


def of_workers(job: Job, fits: Sequence[Fit], found: Evidence) -> list[Because]:
    """Why no worker takes it; nothing where one could."""
    if is_hopeless(fits):
        return [Because(Why.IMPOSSIBLE, _impossible(job, fits))]
    here = [
        fit for fit in fits if fit.verdict != Verdict.UNFIT and fit.verdict not in TAKES_NOTHING
    ]
    if not here:
        return [Because(Why.NO_WORKER, _nobody(fits))]
    if any(fit.verdict in (Verdict.COULD_START, Verdict.HAS_ROOM) for fit in here):
        return []
    told = [each for each in (_quota(job, here, found),) if each]
    named = some([f"{fit.worker} {fit.short}" for fit in fits], most=NAMED)
    codes = {
        Verdict.BUSY: Why.BUSY,
        Verdict.RESERVED: Why.RESERVED,
        Verdict.ELSEWHERE: Why.CHECKPOINTS,
        Verdict.FAILED_THERE: Why.FAILED_THERE,
    }
    rest = dict.fromkeys(codes[fit.verdict] for fit in here if fit.verdict in codes)
    return (
        told + [Because(code, f"waits for {wish(job.requirement)}: {named}") for code in rest][:1]
    )


def _quota(job: Job, here: Sequence[Fit], found: Evidence) -> Because | None:
    refusals = [_refusal(job, fit, found) for fit in here]
    if not all(refusals):
        return None
    return Because(Why.QUOTA, f"waits for its quota: {refusals[0]}")


def _refusal(job: Job, fit: Fit, found: Evidence) -> str:
    gpus = job.requirement.gpus
    if gpus is None:
        gpus = 1 if fit.worker.gpus else 0
    return found.world.caps.refusal(job.requirement, gpus)


def could_start_words(fits: Sequence[Fit]) -> str:
    names = [str(fit.worker) for fit in fits if fit.verdict == Verdict.COULD_START]
    return f"could start now on {some(names, most=NAMED)}"


def _impossible(job: Job, fits: Sequence[Fit]) -> str:
    missing = some([f"{fit.worker}: {fit.text}" for fit in fits], most=NAMED, sep="; ")
    return f"no worker could ever run it (it needs {job.requirement}): {missing}"


def _nobody(fits: Sequence[Fit]) -> str:
    away = [fit for fit in fits if fit.verdict in TAKES_NOTHING]
    if not away:
        return "no worker has ever connected"
    named = some([f"{fit.worker} is {fit.text}" for fit in away], most=NAMED, sep="; ")
    return f"no worker that could run it takes jobs: {named}"


def running(job: Job, *, now: datetime) -> list[Because]:
    """Where it runs, and until when its lease is good."""
    attempt = job.attempts.filter(number=job.attempt).first()
    where = attempt.worker_name if attempt else "a worker"
    gpus = f" GPU {', '.join(map(str, attempt.gpus))}" if attempt and attempt.gpus else ""
    since = f" for {span((now - attempt.started_at).total_seconds())}" if attempt else ""
    told = [Because(Why.RUNNING, f"runs on {where}{gpus}{since}, as attempt {job.attempt}")]
    if job.cancel_requested_at:
        asked = span((now - job.cancel_requested_at).total_seconds())
        who = job.cancel_requested_by or "somebody"
        told.insert(0, Because(Why.CANCELLING, f"{who} asked it to stop {asked} ago"))
    if attempt and job.worker:
        out = [each for each in blocked.of(job.worker) if each.index in attempt.gpus]
        told += [Because(Why.RUNNING, each.text) for each in out]
    if job.lease_expires_at:
        told.append(
            Because(Why.RUNNING, _lease_words((job.lease_expires_at - now).total_seconds()))
        )
    return told


def _lease_words(left: float) -> str:
    if left > 0:
        return f"its worker renews the lease, which is good for another {span(left)}"
    return f"its worker has been silent, and the lease ran out {span(-left)} ago: it is queued again soon"


def ended(job: Job) -> list[Because]:
    """How it ended."""
    why = [str(job.status)]
    if job.status != JobStatus.COMPLETED:
        label = str(Reason(job.reason).label) if job.reason in Reason.values else ""
        said = job.error_message or label
        if job.status == JobStatus.CANCELLED and job.cancel_requested_by:
            said = f"by {job.cancel_requested_by}"
        code = f"exit code {job.exit_code}" if job.exit_code else ""
        why += [part for part in (said, "" if code in said else code) if part]
    return [Because(Why.ENDED, ": ".join(why[:2]) + "".join(f", {each}" for each in why[2:]))]
