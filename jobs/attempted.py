"""What ran in a stretch of time: every attempt with what is to be known of its job."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs.models import Attempt
from jobs.states import FINAL, AttemptStatus, JobStatus

MOST = 20_000  # attempts of one look; the newest of them
COLUMNS = (
    *("job_id", "job__run__key", "job__name", "job__user", "job__project", "job__status"),
    *("job__attempt", "job__queued_at", "job__timeout_seconds", "job__array_id"),
    *("number", "worker_name", "gpus", "status", "reason", "error_message", "exit_code"),
    *("started_at", "finished_at"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """One attempt. `queued` is when its job entered the queue; `ended` is None while it runs."""

    job_id: int
    run: str
    name: str
    user: str
    project: str
    job_status: str
    newest: int
    queued: datetime
    limit: int | None  # seconds
    array: int | None
    number: int
    worker: str
    gpus: list[int]
    status: str
    reason: str
    message: str
    exit_code: int | None
    started: datetime
    ended: datetime | None

    @property
    def label(self) -> str:
        return self.name or self.run

    @property
    def is_running(self) -> bool:
        return self.ended is None

    @property
    def was_followed(self) -> bool:
        """The job got, or will get, another attempt after this one."""
        return not self.is_running and (self.number < self.newest or not self.job_is_final)

    @property
    def job_is_final(self) -> bool:
        return JobStatus(self.job_status) in FINAL

    def seconds(self, since: datetime, until: datetime) -> float:
        """How much of that time it ran."""
        end = min(self.ended or until, until)
        return max(0.0, (end - max(self.started, since)).total_seconds())


@dataclass(frozen=True, slots=True)
class Spans:
    """Attempts in the order of their starts; `left_out` where there were more than MOST."""

    spans: list[Span]
    left_out: int

    def gpu_seconds(self, since: datetime, until: datetime) -> float:
        """GPUs times seconds inside that time; what ran without a GPU counts nothing."""
        return sum(len(span.gpus) * span.seconds(since, until) for span in self.spans)


def during(since: datetime, until: datetime) -> Spans:
    """All attempts that ran at some moment between the two, outside the trash; three queries at most."""
    there = Attempt.objects.filter(started_at__lt=until, job__run__trashed_at__isnull=True)
    ended = there.filter(finished_at__gt=since).order_by("-finished_at", "-pk")
    running = there.filter(status=AttemptStatus.RUNNING).order_by("pk")
    found = [*_spans(ended[:MOST]), *_spans(running[:MOST])]
    left_out = ended.count() - MOST if len(found) >= MOST else 0
    return Spans(sorted(found, key=lambda span: (span.started, span.job_id)), max(0, left_out))


def _spans(found: Iterable[Attempt]) -> list[Span]:
    return [Span(*row) for row in found.values_list(*COLUMNS)]  # type: ignore[attr-defined]


def used_by_user(since: datetime, until: datetime) -> dict[str, float]:
    """GPU-seconds of each user in that time, however many attempts there were."""
    used: dict[str, float] = {}
    there = Attempt.objects.filter(started_at__lt=until).order_by()
    for some in (there.filter(finished_at__gt=since), there.filter(status=AttemptStatus.RUNNING)):
        rows = some.values_list("job__user", "gpus", "started_at", "finished_at")
        for user, gpus, start, end in rows.iterator(chunk_size=2000):
            seconds = (min(end or until, until) - max(start, since)).total_seconds()
            used[user] = used.get(user, 0.0) + len(gpus) * max(0.0, seconds)
    return used
