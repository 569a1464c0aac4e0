"""How far a running job is, and when it may end: by what the same job took before, and by its time limit."""

from dataclasses import dataclass
from datetime import datetime

from jobs.history import Times
from jobs.models import Attempt, Job
from jobs.phrases import plural, span

OVER = 1.1  # times the longest before it: said to be longer than usual
ENOUGH = 3  # runs before it: with fewer nobody knows what is usual


@dataclass(frozen=True, slots=True)
class Progress:
    """`share` of the expected time (or else of the limit) is over, 0 to 1; `limit_share` of the time limit."""

    share: float | None
    words: str
    tone: str = ""
    limit_share: float | None = None
    basis: str = ""


UNKNOWN = Progress(None, "")


def progress(job: Job, attempt: Attempt | None, times: Times, *, now: datetime) -> Progress:
    """A guess, and said to be one. `times`: those of jobs that are the same. No query."""
    if attempt is None:
        return UNKNOWN
    gone = max(0.0, (now - attempt.started_at).total_seconds())
    limit = job.timeout_seconds
    limit_share = min(gone / limit, 1.0) if limit else None
    told = _limit_words(gone, limit)
    expected = times.expected(gone, limit)
    if expected is not None:
        left = _joined(f"about {span(max(expected - gone, 0.0))} left", told)
        share = min(gone / expected, 1.0) if expected else 1.0
        return Progress(share, left, limit_share=limit_share, basis=times.words)
    if len(times.seconds) >= ENOUGH and gone > times.longest * OVER:
        many = plural(len(times.seconds), "run")
        longer = f"longer than {many} before it, at most {span(times.longest)}"
        return Progress(1.0, _joined(longer, told), "full", limit_share, times.words)
    return Progress(limit_share, told, limit_share=limit_share)


def _limit_words(gone: float, limit: int | None) -> str:
    if limit is None:
        return ""
    left = limit - gone
    return f"limit in {span(left)}" if left > 0 else "over its time limit"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
