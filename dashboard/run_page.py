"""One run: what the page shows besides its points and its log."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dashboard import watching, writers
from dashboard.logs.large import Large, large
from dashboard.metrics import is_system
from dashboard.rendering import trees
from dashboard.rendering.trees import Tree
from dashboard.run_sections import attempts, hints, neighbours, reason
from dashboard.run_sections.attempts import Bar
from dashboard.run_sections.hints import FirstNaN, Stale
from dashboard.run_sections.neighbours import Neighbours
from dashboard.run_sections.reason import Failure
from dashboard.run_sections.summary import Summary, summary
from dashboard.writers import ByWriter, Written
from jobs import explaining, rehearsing
from jobs.explaining import Explanation
from jobs.models import Attempt, Dependency, Job
from jobs.states import Reason
from runs import selectors, storage
from runs.errors import NotFound
from runs.models import Run, Series

PARENTS_SHOWN = 50
TABS = (
    ("charts", "Charts"),
    ("log", "Log"),
    ("media", "Media"),
    ("artifacts", "Artifacts"),
    ("code", "Code"),
    ("environment", "Environment"),
    ("events", "Events"),
)
TAB_NAMES = frozenset(name for name, _ in TABS)


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
    def is_direct(self) -> bool:
        return self.job is None

    @property
    def is_newest(self) -> bool:
        return self.attempt == self.run.attempt

    @property
    def query(self) -> str:
        """What an address of a part needs to mean the attempt that is shown."""
        return "" if self.is_newest else f"?attempt={self.attempt}"

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
class Head:
    """What stands above the tabs, besides the run itself."""

    failure: Failure | None
    why: Explanation | None
    first_nan: FirstNaN | None
    stale: Stale | None
    large_log: Large | None
    neighbours: Neighbours
    artifacts: int
    retrying: str  # what a retry means, for the question before it


class Details:
    """Below and beside the charts. Each is worked out when a template asks for it: most parts need one or two."""

    def __init__(self, page: RunPage, *, now: datetime, words: str = "") -> None:
        self._page, self._now, self._words = page, now, words

    @cached_property
    def _all_series(self) -> list[Series]:
        return list(selectors.series_of(self._page.run, attempt=self._page.attempt))

    @cached_property
    def config(self) -> Tree:
        return trees.tree(self._page.run.config)

    @cached_property
    def series(self) -> list[Series]:
        return [each for each in writers.main_ones(self._all_series) if not is_system(each.key)]

    @cached_property
    def summary(self) -> Summary:
        return summary(self._page.run.summary, self.series, words=self._words)

    @cached_property
    def by_writer(self) -> ByWriter | None:
        return writers.by_writer(self._all_series)

    @cached_property
    def bars(self) -> list[Bar]:
        return attempts.bars(self._page.job, self._page.attempts, now=self._now)

    @cached_property
    def parents(self) -> list[Dependency]:
        return _parents(self._page.job)

    @cached_property
    def retries(self) -> list[int]:
        """Numbers of the jobs that do it again."""
        return _retries(self._page.job)


def run_page(key: str, attempt: int | None = None) -> RunPage:
    """The head of a run's page. Raises NotFound for a run or an attempt that is not there."""
    run = selectors.run(key)
    if attempt is not None and not 0 < attempt <= run.attempt:
        raise NotFound(f"{key} has no attempt {attempt}")
    job = Job.objects.select_related("worker", "requirement", "array").filter(run=run).first()
    tried = list(job.attempts.select_related("worker").order_by("number")) if job else []
    shown = attempt or run.attempt
    version = watching.version(run)  # first: what changes meanwhile is seen later
    return RunPage(run, job, tried, shown, version, writers.written(run, shown))


def head(page: RunPage, *, now: datetime) -> Head:
    """What the header says of it: why it failed or waits, what is odd, what stands beside it."""
    series = list(
        selectors.series_of(page.run, attempt=page.attempt).only(
            "key", "first_nan_step", "last_time"
        )
    )
    return Head(
        failure=reason.failure(page.run, page.job, page.shown, page.attempt),
        why=why(page, now=now),
        first_nan=hints.first_nan(series),
        stale=hints.stale(page.run, page.shown, series, now=now) if page.is_newest else None,
        large_log=large(page.run, page.shown, page.attempt, now=now),
        neighbours=neighbours.neighbours(page.run, page.job),
        artifacts=selectors.artifacts_of(page.run, attempt=page.attempt).count(),
        retrying=_retrying(page),
    )


def _retrying(page: RunPage) -> str:
    if page.job is None or not page.can_retry:
        return ""
    same = "A new job does the same again; this one stays as it is."
    return f"{same} {rehearsing.of_retry(page.job)}".strip()


def _parents(job: Job | None) -> list[Dependency]:
    edges = Dependency.objects.filter(job=job).select_related("on__run").order_by("on_id")
    return list(edges[:PARENTS_SHOWN]) if job else []


def _retries(job: Job | None) -> list[int]:
    later = Job.objects.filter(retry_of=job).order_by("pk").values_list("pk", flat=True)
    return list(later[:PARENTS_SHOWN]) if job else []


def why(page: RunPage, *, now: datetime) -> Explanation | None:
    """Why the job does not run; None where it does, or has ended."""
    return explaining.of(page.job, now=now) if page.job is not None and page.waits else None


def tab_of(page: RunPage, wish: str, series: Sequence[Series]) -> str:
    """The tab that the page opens with: the one that was asked for, or what there is something to see in."""
    if wish in TAB_NAMES:
        return wish
    silent = not any(not is_system(each.key) for each in series)
    return "log" if silent and page.run.is_final and has_output(page) else "charts"


def has_output(page: RunPage) -> bool:
    """Whether the attempt wrote a line so far. A script that is started by hand keeps its output."""
    if page.attempt == 0:
        return False
    return storage.size_of(storage.stream_path(page.run, page.attempt, "output.log")) > 0
