"""One run: what the page shows besides its points and its log."""

import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import charts, log_text, watching, writers
from dashboard.differences import flat
from dashboard.metrics import is_system
from dashboard.writers import ByWriter, Written
from jobs import explaining
from jobs.explaining import Explanation
from jobs.models import Attempt, Dependency, Job, JobEvent
from jobs.states import Reason
from runs import selectors
from runs.errors import NotFound
from runs.models import Artifact, Run, Series

EVENTS_SHOWN = 200
PARENTS_SHOWN = 50
LAST_LINES = 40


@dataclass(frozen=True, slots=True)
class RunPage:
    run: Run
    job: Job | None
    attempts: list[Attempt]
    attempt: int  # the one that log and charts show
    version: str
    written: Written

    @property
    def state(self) -> str:
        cancelling = self.job is not None and self.job.cancel_requested and not self.job.is_final
        if self.job is None:
            return self.run.status
        return "cancelling" if cancelling else self.job.status

    @property
    def can_cancel(self) -> bool:
        return self.job is not None and not self.job.is_final and not self.job.cancel_requested

    @property
    def waits(self) -> bool:
        return self.job is not None and self.job.status in explaining.AT_REST

    @property
    def can_retry(self) -> bool:
        return self.job is not None and self.job.is_final

    @property
    def is_newest(self) -> bool:
        return self.attempt == self.run.attempt

    @property
    def shown(self) -> Attempt | None:
        """The attempt's row; a direct run has none."""
        return next((each for each in self.attempts if each.number == self.attempt), None)

    @property
    def command(self) -> str:
        return shlex.join(map(str, self.job.command_argv)) if self.job else ""

    @property
    def reason(self) -> str:
        """Why it ended: the queue's own words about it, or else those of the closed list."""
        if self.job is None or self.job.reason not in Reason.values:
            return ""
        return self.job.error_message or str(Reason(self.job.reason).label)

    @property
    def who_cancelled(self) -> str:
        return self.job.cancel_requested_by if self.job else ""


@dataclass(frozen=True, slots=True)
class Details:
    """Below and beside the charts."""

    config: dict[str, Any]
    summary: dict[str, Any]
    series: list[Series]
    by_writer: ByWriter | None
    sections: list[charts.Section]
    artifacts: list[Artifact]
    events: list[JobEvent]
    parents: list[Dependency]
    retries: list[int]  # numbers of the jobs that do it again


def run_page(key: str, attempt: int | None = None) -> RunPage:
    """The head of a run's page. Raises NotFound for a run or an attempt that is not there."""
    run = selectors.run(key)
    if attempt is not None and not 0 < attempt <= run.attempt:
        raise NotFound(f"{key} has no attempt {attempt}")
    job = Job.objects.select_related("worker", "requirement", "array").filter(run=run).first()
    attempts = list(job.attempts.order_by("number")) if job else []
    shown = attempt or run.attempt
    version = watching.version(run)  # first: what changes meanwhile is seen later
    return RunPage(run, job, attempts, shown, version, writers.written(run, shown))


def details(page: RunPage) -> Details:
    """The rest of the page."""
    series = charts.series([charts.Shown(page.run, page.attempt)])
    events = page.job.events.order_by("-id")[:EVENTS_SHOWN] if page.job else []
    return Details(
        config=flat(page.run.config),
        summary=flat(page.run.summary),
        series=[each for each in writers.main_ones(series) if not is_system(each.key)],
        by_writer=writers.by_writer(series),
        sections=charts.sections(series),
        artifacts=list(selectors.artifacts_of(page.run, attempt=page.attempt)),
        events=list(events)[::-1],
        parents=_parents(page.job),
        retries=_retries(page.job),
    )


def _parents(job: Job | None) -> list[Dependency]:
    edges = Dependency.objects.filter(job=job).select_related("on__run").order_by("on_id")
    return list(edges[:PARENTS_SHOWN]) if job else []


def _retries(job: Job | None) -> list[int]:
    later = Job.objects.filter(retry_of=job).order_by("pk").values_list("pk", flat=True)
    return list(later[:PARENTS_SHOWN]) if job else []


def why(page: RunPage, *, now: datetime) -> Explanation | None:
    """Why the job does not run; None where it does, or has ended."""
    return explaining.of(page.job, now=now) if page.job is not None and page.waits else None


def last_words(page: RunPage) -> list[str]:
    """The last lines of a run that failed: the page begins with them."""
    if page.state != "failed":
        return []
    return log_text.last_lines(page.run, attempt=page.attempt, count=LAST_LINES)
