"""Arrays and their members. A member that was retried is the newest of its retries: it counts once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet

from jobs import history as histories
from jobs.history import History
from jobs.models import Array, Job
from jobs.states import FINAL, JobStatus
from runs.errors import NotFound

ORDER = (  # of the parts of a bar: what is done stands left
    *(JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED),
    *(JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.WAITING),
)


@dataclass(frozen=True, slots=True)
class Part:
    """So many members are in this state; `share` of all, `left` where its part of the bar begins, both in per cent."""

    status: str
    count: int
    left: float
    share: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an array is: members by state."""

    by_status: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def ended(self) -> int:
        return sum(count for status, count in self.by_status.items() if status in FINAL)

    @property
    def left(self) -> int:
        return self.total - self.ended

    @property
    def running(self) -> int:
        return self.by_status.get(JobStatus.RUNNING, 0)

    @property
    def failed(self) -> int:
        return self.by_status.get(JobStatus.FAILED, 0)

    @property
    def parts(self) -> list[Part]:
        found, left = [], 0.0
        for status in ORDER:
            count = self.by_status.get(status, 0)
            share = 100 * count / self.total if count else 0.0
            if count:
                found.append(Part(status.value, count, round(left, 3), round(share, 3)))
            left += share
        return found


def arrays() -> QuerySet[Array]:
    """Arrays of which a member is outside the trash, the newest first."""
    there = Job.objects.filter(array__isnull=False, run__trashed_at__isnull=True)
    return Array.objects.filter(pk__in=there.values("array")).order_by("-pk")


def array(number: int) -> Array:
    """Raises NotFound."""
    found = arrays().filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(f"there is no array A{number}")
    return found


def members(number: int) -> QuerySet[Job]:
    """The newest job of each member, outside the trash, by index."""
    found = Job.objects.filter(array=number, retried_by__isnull=True, run__trashed_at__isnull=True)
    return found.select_related("run", "requirement", "worker").order_by("array_index", "pk")


def standings(some: Iterable[Array]) -> dict[int, Standing]:
    """How far each of these arrays is, by its number; one query."""
    numbers = [each.pk for each in some]
    newest = Job.objects.filter(
        array__in=numbers, retried_by__isnull=True, run__trashed_at__isnull=True
    ).order_by()
    counts: dict[int, Counter[str]] = {number: Counter() for number in numbers}
    for number, status, count in newest.values_list("array", "status").annotate(n=Count("pk")):
        counts[number][status] = count
    return {number: Standing(dict(counted)) for number, counted in counts.items()}


def first_jobs(some: Iterable[Array]) -> dict[int, Job]:
    """A member of each, by its array's number: its name, project and user are those of all. Two queries."""
    there = Job.objects.filter(array__in=list(some), run__trashed_at__isnull=True).order_by()
    first = dict(there.values_list("array").annotate(first=Min("pk")))
    rows = Job.objects.filter(pk__in=first.values()).select_related("requirement")
    return {row.array_id: row for row in rows if row.array_id is not None}


def seconds_left(standing: Standing, sample: Job | None, history: History) -> float | None:
    """A guess: what is left, as many at a time as run now, each as long as such jobs take. None: nothing to go by."""
    if sample is None or not standing.left:
        return None
    if not standing.running:
        return None
    times = history.own(histories.likes([sample])[sample.pk])
    usual = times.expected(-1.0, sample.timeout_seconds)
    if usual is None:
        return None
    return usual * max(standing.left / standing.running - 0.5, 0.5)


def failed(number: int) -> QuerySet[Job]:
    """Members whose newest job failed. Raises NotFound for an array that is none."""
    return members(array(number).pk).filter(status=JobStatus.FAILED)


def unfinished(number: int) -> QuerySet[Job]:
    """Members that have not ended. Raises NotFound for an array that is none."""
    return members(array(number).pk).exclude(status__in=FINAL)


def last_end(number: int) -> datetime | None:
    """When the last of its members ended."""
    ended = Job.objects.filter(array=number, finished_at__isnull=False)
    return ended.order_by("-finished_at").values_list("finished_at", flat=True).first()
