"""How the night went: what ended since somebody looked last, what failed and why, what was lost and came back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import words
from dashboard.alerts import Alerts
from dashboard.night import failures
from dashboard.night.failures import Group
from dashboard.night.troubles import Idle, Trouble
from dashboard.night.visits import Since
from jobs.attempted import Span, Spans
from jobs.phrases import gpu_time
from jobs.states import AttemptStatus, JobStatus
from runs import selectors as record
from runs.models import Run, RunStatus

NAMED = 5  # of the runs that ended well
MOST = 10_000  # failures that are looked at
UNLUCKY = {
    AttemptStatus.LOST,
    AttemptStatus.PREEMPTED,
    AttemptStatus.FAILED,
    AttemptStatus.TIMED_OUT,
}
OUTCOMES = {
    JobStatus.COMPLETED: "completed since",
    JobStatus.RUNNING: "run again",
    JobStatus.QUEUED: "wait for their next attempt",
    JobStatus.WAITING: "wait for their next attempt",
    JobStatus.FAILED: "failed in the end",
    JobStatus.CANCELLED: "were cancelled",
}
VERBS = {
    AttemptStatus.LOST: "lost with a worker",
    AttemptStatus.PREEMPTED: "handed back",
    AttemptStatus.FAILED: "failed and tried again",
    AttemptStatus.TIMED_OUT: "over time and tried again",
}


@dataclass(frozen=True, slots=True)
class Retried:
    """Jobs whose attempts ended in one unlucky way, and what became of them."""

    status: str
    words: str
    jobs: list[Span]
    outcomes: list[str]  # `2 completed since`

    @property
    def count(self) -> int:
        return len(self.jobs)


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened from `since` to now."""

    since: Since
    ended: dict[str, int]  # by status
    completed: list[Run]  # the newest of them
    failed: list[Group]
    failed_left_out: int
    retried: list[Retried]
    gpu_seconds: float
    attempts_left_out: int
    alerts: Alerts
    troubles: list[Trouble]
    idle: Idle | None

    @property
    def good(self) -> int:
        return self.ended.get(RunStatus.COMPLETED, 0)

    @property
    def bad(self) -> int:
        return self.ended.get(RunStatus.FAILED, 0)

    @property
    def cancelled(self) -> int:
        return self.ended.get(RunStatus.CANCELLED, 0)

    @property
    def is_quiet(self) -> bool:
        """Nothing asks for somebody."""
        loud = any(alert.tone != "still" for alert in self.alerts.shown)
        return not (self.bad or self.retried or self.troubles or self.idle or loud)

    @property
    def used(self) -> str:
        return gpu_time(self.gpu_seconds)

    @property
    def headline(self) -> str:
        """One line: `All went well: 12 runs completed, 31 GPU-h used.`"""
        if not any(self.ended.values()):
            done = "Nothing ended"
            return f"{done}, nothing failed." if self.is_quiet else f"{done}."
        parts = [
            f"{words.plural(self.good, 'run')} completed",
            f"{self.bad} failed" if self.bad else "",
            f"{self.cancelled} cancelled" if self.cancelled else "",
            f"{self.used} used" if self.gpu_seconds >= 30 else "",
        ]
        told = ", ".join(part for part in parts if part)
        return f"All went well: {told}." if self.is_quiet else f"{told}."


def digest(
    since: Since,
    spans: Spans,
    *,
    alerts: Alerts,
    troubles: list[Trouble],
    idle: Idle | None,
    now: datetime,
) -> Digest:
    """The night in a bounded number of queries; logs are read of failures alone, and once."""
    counts, completed, failed = _ended(since.at)
    return Digest(
        since=since,
        ended=counts,
        completed=completed,
        failed=failures.groups(failed),
        failed_left_out=max(0, counts.get(RunStatus.FAILED, 0) - len(failed)),
        retried=retried(spans.spans, since=since.at),
        gpu_seconds=spans.gpu_seconds(since.at, now),
        attempts_left_out=spans.left_out,
        alerts=alerts,
        troubles=troubles,
        idle=idle,
    )


def _ended(since: datetime) -> tuple[dict[str, int], list[Run], list[Run]]:
    """How many runs ended how, the newest that completed, and all that failed (the newest MOST)."""
    ended = record.runs().filter(finished_at__gt=since).order_by("-finished_at", "-pk")
    counts = Counter(ended.order_by().values_list("status", flat=True).iterator(chunk_size=2000))
    completed = ended.filter(status=RunStatus.COMPLETED)[:NAMED] if counts["completed"] else ()
    failed = ended.filter(status=RunStatus.FAILED).defer("config", "summary", "notes")
    return dict(counts), list(completed), list(failed[:MOST]) if counts["failed"] else []


def retried(spans: Sequence[Span], *, since: datetime) -> list[Retried]:
    """Attempts that ended in an unlucky way since then and were not the end of their job, each job once a way."""
    found: dict[str, dict[int, Span]] = {}
    for span in spans:
        if span.status in UNLUCKY and span.was_followed and span.ended and span.ended > since:
            found.setdefault(span.status, {})[span.job_id] = span
    return [_retried(status, list(found[status].values())) for status in VERBS if status in found]


def _retried(status: str, jobs: list[Span]) -> Retried:
    became = Counter(OUTCOMES[JobStatus(span.job_status)] for span in jobs)
    told = [f"{count} {what}" for what, count in became.most_common()]
    return Retried(status, VERBS[AttemptStatus(status)], jobs, told)
