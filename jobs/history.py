"""How long jobs took lately: the ground that estimates stand on."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast, Left, Length

from jobs.models import Attempt, Job
from jobs.phrases import plural, span
from jobs.states import AttemptStatus

LOOKED_AT = 200  # of the attempts that succeeded, the newest
COMPARED = 200  # characters of a command; of those beyond, only how many there are
_INDEX = re.compile(r"\[\d+\]$")  # of an array's member, in its name


@dataclass(frozen=True, slots=True)
class Like:
    """What tells which other jobs are like this one."""

    need: int
    project: str
    array: int | None
    name: str
    command: str
    command_length: int
    workdir: str

    @property
    def own(self) -> Iterable[tuple[str, Hashable]]:
        """Whose times are told of such a job itself, the nearest first."""
        if self.array is not None:
            yield "runs of the same array", self.array
        if name := _INDEX.sub("", self.name):
            yield "runs of the same name", (self.project, name)
        where = self.project or self.workdir  # outside a project `python train.py` may be anything
        yield "runs of the same command", (where, self.command, self.command_length)

    @property
    def wider(self) -> Iterable[tuple[str, Hashable]]:
        """What a guess about the queue falls back to."""
        yield "jobs with the same needs", self.need
        if self.project:
            yield "jobs of the same project", self.project
        yield "all jobs", None


def columns(prefix: str = "") -> tuple[Any, ...]:
    """For `values_list`: what `Like` is made of. Of a command that is long little is read."""
    command, folder = Cast(f"{prefix}command_argv", TextField()), f"{prefix}workdir"
    names = ("requirement_id", "project", "array_id", "name")
    rows = (f"{prefix}{name}" for name in names)
    return (*rows, Left(command, COMPARED), Length(command), Left(folder, COMPARED))


def likes(jobs: Iterable[Job]) -> dict[int, Like]:
    """By the job's number; one query."""
    return likes_of(job.pk for job in jobs)


def likes_of(numbers: Iterable[int]) -> dict[int, Like]:
    """The same of jobs of which only the numbers are at hand."""
    rows = Job.objects.filter(pk__in=list(numbers)).order_by()
    return {pk: Like(*told) for pk, *told in rows.values_list("pk", *columns())}


@dataclass(frozen=True, slots=True)
class Times:
    """Run times in seconds, the shortest first, and whose they are; false where there are none."""

    seconds: tuple[float, ...] = ()
    whose: str = ""

    def __bool__(self) -> bool:
        return bool(self.seconds)

    @property
    def usual(self) -> float:
        return median(self.seconds)

    @property
    def longest(self) -> float:
        return self.seconds[-1]

    def expected(self, gone: float, limit: int | None = None) -> float | None:
        """How long one takes that has run for so long already; None where none took longer."""
        longer = [each for each in self.seconds if each > gone]
        if not longer:
            return None
        return median(longer) if limit is None else min(median(longer), float(limit))

    @property
    def words(self) -> str:
        """`runs of the same name took 12 min (median of 14 runs)`."""
        if not self:
            return "no history yet"
        return (
            f"{self.whose} took {span(self.usual)} (median of {plural(len(self.seconds), 'run')})"
        )


NOTHING = Times()


class History:
    """Run times of the same array, else of the same name, else of the same command; wider ones only for the queue."""

    def __init__(self, rows: list[tuple[Like, datetime, datetime]]) -> None:
        times: dict[tuple[str, Hashable], list[float]] = defaultdict(list)
        for like, start, end in rows:
            for key in (*like.own, *like.wider):
                times[key].append(max(0.0, (end - start).total_seconds()))
        self._times = {key: Times(tuple(sorted(found)), key[0]) for key, found in times.items()}

    def __bool__(self) -> bool:
        return bool(self._times)

    @classmethod
    def read(cls) -> "History":
        """One query."""
        ended = Attempt.objects.filter(status=AttemptStatus.SUCCEEDED).order_by("-id")
        rows = ended.values_list("started_at", "finished_at", *columns("job__"))[:LOOKED_AT]
        return cls([(Like(*told), start, end) for start, end, *told in rows if end is not None])

    def own(self, like: Like) -> Times:
        """Of jobs that are the same but for their settings; nothing rather than the times of others."""
        return self._first(like.own)

    def any(self, like: Like) -> Times:
        """The same, or else of jobs that have less in common with it."""
        return self.own(like) or self._first(like.wider)

    def _first(self, keys: Iterable[tuple[str, Hashable]]) -> Times:
        return next((self._times[key] for key in keys if key in self._times), NOTHING)
