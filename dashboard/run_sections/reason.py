"""Why a run ended badly, in words, and what can be done about it."""

import re
import shlex
from dataclasses import dataclass

from dashboard.logs import failure as log_failure
from jobs.models import Attempt, Dependency, Job
from jobs.states import FINAL, After, JobStatus, Reason
from runs.models import Run, RunStatus

LAST_LINES = 40
TEXT_LONGEST = 160  # characters of what was raised
ERROR = re.compile(r"(?P<name>[A-Za-z_][\w.]*)(?::\s|$)")
SAID: dict[str, str] = {
    Reason.EXIT_NONZERO: "Mend the script, then run the same again:",
    Reason.OOM: "{where} ran out of memory: load less at once, or use a larger one. The same again:",
    Reason.SIGNAL: "Something on {where} killed it; its output may say what. The same again:",
    Reason.WORKER_LOST: "{where} went away, which is not the script's doing: nothing to mend. The same again:",
    Reason.WORKER_SHUTDOWN: "{where} was shut down: nothing to mend. The same again:",
    Reason.NEVER_STARTED: "{where} could not start it: look whether folder and program are there. The same again:",
    Reason.PREEMPTED: "It had to make room for another job: nothing to mend. The same again:",
    Reason.DEPENDENCY_FAILED: "Nothing is wrong with this one: retry what it waited for first. Then this one:",
    Reason.EVENT_FAILED: "The program itself said that it failed. When that is mended, the same again:",
}
BECAME: dict[str, str] = {
    JobStatus.RUNNING: "is running",
    JobStatus.COMPLETED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "was cancelled",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next: a sentence, and a command to copy where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """`headline` begins with the queue's words and ends with the program's; `lines` are the end of its output.

    `line` is the line of the log (from 1) that says what was raised; None where no line does. Where a `later` attempt
    took over, nothing is to be done about this one.
    """

    headline: str
    lines: list[str]
    line: int | None
    advice: Advice
    parents: list[Dependency]
    later: int | None = None


def failure(run: Run, job: Job | None, attempt: Attempt | None, number: int) -> Failure | None:
    """Of a run, or an earlier attempt of it, that did not end well; None for all others.

    Reads the end of the log, and for a job that depended on others one query.
    """
    reason = _reason(run, job, attempt, number)
    if reason is None:
        return None
    found = log_failure.failure(run, attempt=number) if number else None
    lines = log_failure.last_words(run, attempt=number, count=LAST_LINES) if number else []
    raised = found.text if found is not None else ""
    told = [_sentence(_words(job, attempt, reason), attempt), raised[:TEXT_LONGEST]]
    later = run.attempt if job is not None and number < run.attempt else None
    return Failure(
        headline=" · ".join(part for part in told if part) or "Failed",
        lines=lines,
        line=found.error_line if found is not None else None,
        advice=taken_over(job, later, after=number)
        if job is not None and later
        else advice(reason, run, job, attempt, error_of(raised)),
        parents=_parents(job) if reason == Reason.DEPENDENCY_FAILED else [],
        later=later,
    )


def _reason(run: Run, job: Job | None, attempt: Attempt | None, number: int) -> str | None:
    """The reason of a failure, empty where nobody knows it; None where nothing failed."""
    if job is None:
        return "" if run.status == RunStatus.FAILED else None
    if attempt is not None and number < run.attempt:
        return attempt.reason if attempt.finished_at else None
    if job.status == JobStatus.CANCELLED:
        return job.reason if job.reason == Reason.DEPENDENCY_FAILED else None
    return job.reason if job.status == JobStatus.FAILED else None


def _words(job: Job | None, attempt: Attempt | None, reason: str) -> str:
    """The queue's own words; an exit code says more than that there was one."""
    ended = attempt or job
    said = ended.error_message.strip() if ended is not None else ""
    code = ended.exit_code if ended is not None else None
    if reason == Reason.EXIT_NONZERO and code is not None:
        return said if str(code) in said else f"exit code {code}"
    label = str(Reason(reason).label) if reason in Reason.values else ""
    return said or label


def _sentence(words: str, attempt: Attempt | None) -> str:
    """A machine at the beginning is called what it is called."""
    name = attempt.worker_name if attempt is not None else ""
    return words if name and words.startswith(name) else words[:1].upper() + words[1:]


def error_of(raised: str) -> str:
    """The name of what was raised: `torch.OutOfMemoryError`. Empty where the line begins with none."""
    found = ERROR.match(raised)
    return found["name"] if found else ""


def taken_over(job: Job, later: int, *, after: int) -> Advice:
    """What became of the job: `later` is its newest attempt, which may not be the next one."""
    became = BECAME.get(job.status, "has ended, too: the job waits for another")
    if later == after + 1:
        return Advice(f"Attempt {later} took over and {became}.")
    return Advice(f"Attempt {after + 1} took over; attempt {later} {became}.")


def advice(
    reason: str, run: Run, job: Job | None, attempt: Attempt | None, error: str = ""
) -> Advice:
    """What to do next; `error` is the name of what its traceback ended with."""
    if job is None:
        said = "Its program ended with an error. To go on with this run in a new process:"
        return Advice(said, f'whirr.init(resume="{run.key}")')
    if error.endswith("OutOfMemoryError"):
        said = "Its GPU has too little memory: a smaller batch, or GPUs with more of it:"
        return Advice(said, _larger(job, attempt))
    where = f"the worker {attempt.worker_name}" if attempt and attempt.worker_name else "its worker"
    if reason == Reason.TIME_LIMIT:
        return Advice("Give it more time, or let it save checkpoints and go on:", _longer(job))
    said = SAID.get(reason, "To run the same again:").format(where=where)
    return Advice(said[:1].upper() + said[1:], f"whirr retry {job.pk}")


def _larger(job: Job, attempt: Attempt | None) -> str:
    """A quarter more than the GPU had, or than was asked for: that was not enough."""
    had: list[float] = [job.requirement.min_memory_mb]
    if attempt is not None and attempt.worker is not None:
        cards = [card for card in attempt.worker.gpus if isinstance(card, dict)]
        used = [card.get("memory_mb") for card in cards if card.get("index") in attempt.gpus]
        had += [memory for memory in used if isinstance(memory, (int, float))]
    wanted = max(12, round(max(had) * 1.25 / 1024))
    return f"whirr submit --vram {wanted}G -- {shlex.join(map(str, job.command_argv))}"


def _longer(job: Job) -> str:
    seconds = job.timeout_seconds or 3600
    hours = max(1, round(seconds * 2 / 3600))
    return f"whirr submit --timeout {hours}h -- {shlex.join(map(str, job.command_argv))}"


def _parents(job: Job | None) -> list[Dependency]:
    """Those that ended otherwise than this job needed."""
    if job is None:
        return []
    edges = Dependency.objects.filter(job=job).select_related("on__run").order_by("on_id")
    return [
        edge
        for edge in edges[:50]
        if edge.on.status in FINAL and not After(edge.kind).is_met_by(JobStatus(edge.on.status))
    ]
