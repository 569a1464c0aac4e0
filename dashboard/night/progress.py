"""How far a running job is, and when it may end: by what such jobs took before, and by its time limit."""

from dataclasses import dataclass
from datetime import datetime

from jobs.history import History
from jobs.models import Attempt, Job
from jobs.phrases import span

OVER = 1.1  # times the usual: said to be longer than usual


@dataclass(frozen=True, slots=True)
class Progress:
    """`share` of the usual time (or else of the limit) is over, 0 to 1; `limit_share` of the time limit."""

    share: float | None
    words: str
    tone: str = ""
    limit_share: float | None = None


UNKNOWN = Progress(None, "")


def progress(job: Job, attempt: Attempt | None, history: History, *, now: datetime) -> Progress:
    """A guess, and said to be one. No query."""
    if attempt is None:
        return UNKNOWN
    gone = max(0.0, (now - attempt.started_at).total_seconds())
    limit = job.timeout_seconds
    usual = history.typical(job.requirement, limit)
    limit_share = min(gone / limit, 1.0) if limit else None
    told = _limit_words(gone, limit)
    if usual is None:
        return Progress(limit_share, told, limit_share=limit_share)
    if gone > usual * OVER:
        longer = f"longer than the usual {span(usual)}"
        return Progress(1.0, _joined(longer, told), "full", limit_share)
    left = max(usual - gone, 0.0)
    return Progress(
        min(gone / usual, 1.0) if usual else 1.0,
        _joined(f"about {span(left)} left", told),
        limit_share=limit_share,
    )


def _limit_words(gone: float, limit: int | None) -> str:
    if limit is None:
        return ""
    left = limit - gone
    return f"limit in {span(left)}" if left > 0 else "over its time limit"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
