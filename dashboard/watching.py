"""What a watcher of a run has not seen yet. Reads only; the watcher's cursors say where it stands.

Level-triggered: nothing here depends on a message having arrived, so a lost one costs a moment and a reconnect is the
same as a first connection.
"""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Count, F, Max, Q, Sum

from dashboard.logs.following import following
from jobs.models import Job, JobEvent, Worker
from runs import attention, logged, selectors
from runs.errors import Invalid
from runs.models import Run, Series
from runs.points import Points
from runs.series import stored
from runs.series.stored import Range
from runs.storage import SYSTEM_WRITER

POINTS_AT_ONCE = (
    2000  # of one series; a watcher that is further behind fetches the whole figure anew
)
KEYS_WATCHED = 400
RUNS_WATCHED = 500  # newest runs; a job's changes are seen by their events, whatever its age

NAME_LONGEST = 255 + 1 + 32  # key, line break, writer

SETTLED = timedelta(seconds=20)  # after the end of a run nothing more comes
BEATS = 15  # seconds: heartbeats, and the loads that come with them, are news this often

Message = dict[str, Any]
OF_POINTS = frozenset({"points", "behind", "keys"})


@dataclass(frozen=True, slots=True)
class Cursors:
    """Where a watcher stands: bytes of the log (None: it shows no log), points by series, and what the page shows."""

    attempt: int
    log: int | None = None
    points: dict[str, int] = field(default_factory=dict)
    version: str = ""
    keys: int = 0  # series that it knows of, whether it shows them or not
    events: int = 0  # lines of events files
    newest: bool = True  # it looks at the newest attempt, and wants to be told of a newer one

    @classmethod
    def of(cls, said: Any) -> Self:
        """Read what a page sent. Raises Invalid."""
        if not isinstance(said, dict):
            raise Invalid("a watch is an object")
        points = said.get("points") or {}
        log, version = said.get("log"), said.get("version")
        names = ("attempt", "keys", "events")
        numbers = [*(said.get(name, 0) for name in names), 0 if log is None else log]
        if not isinstance(points, dict) or len(points) > KEYS_WATCHED:
            raise Invalid(f"watch at most {KEYS_WATCHED} series")
        if not all(_is_count(each) for each in (*numbers, *points.values())):
            raise Invalid("cursors are whole numbers from 0")
        return cls(
            attempt=numbers[0],
            log=log,
            points={str(name)[:NAME_LONGEST]: count for name, count in points.items()},
            version=version[:64] if isinstance(version, str) else "",
            keys=numbers[1],
            events=numbers[2],
            newest=bool(said.get("newest", True)),
        )


def _is_count(thing: Any) -> bool:
    return isinstance(thing, int) and not isinstance(thing, bool) and 0 <= thing < 2**60


def news(
    key: str, seen: Cursors, *, now: datetime, with_points: bool = True
) -> tuple[list[Message], Cursors]:
    """Messages for a watcher of run `key` that stands at `seen`, and where it stands after them."""
    run = selectors.run(key)
    attention.look(run, now=now)
    if seen.newest and run.attempt > seen.attempt:
        return [{"type": "attempt", "attempt": run.attempt}], replace(seen, attempt=run.attempt)
    messages: list[Message] = []
    for part in (_log_news, _points_news, _event_news, _header_news):
        if with_points or part is not _points_news:
            seen = part(run, seen, messages)
    settled = run.finished_at is not None and now - run.finished_at > SETTLED
    if with_points and settled and not messages:
        messages.append({"type": "end"})
    return messages, seen


def _log_news(run: Run, seen: Cursors, messages: list[Message]) -> Cursors:
    if seen.log is None or seen.attempt == 0:
        return seen
    try:
        part = following(run, attempt=seen.attempt, offset=seen.log)
    except Invalid:  # a link or a pipe lies in its place: the page was told when it asked for lines
        return seen
    if part.end > seen.log or part.anew:
        messages.append({"type": "log", "attempt": seen.attempt, **asdict(part)})
    return replace(seen, log=part.end)


def _points_news(run: Run, seen: Cursors, messages: list[Message]) -> Cursors:
    found = Series.objects.filter(run=run, attempt=seen.attempt).only(
        "key", "writer", "count", "is_ordered"
    )
    named = {name_of(each): each for each in found}
    if len(named) > seen.keys:
        messages.append({"type": "keys", "count": len(named)})
    grown = {
        name: each for name, each in named.items() if each.count > seen.points.get(name, each.count)
    }
    far = {
        name: each
        for name, each in grown.items()
        if each.count - seen.points[name] > POINTS_AT_ONCE or not each.is_ordered
    }  # where steps went back, new points belong between old ones, or replace them
    if far:
        messages.append({"type": "behind", "keys": sorted({each.key for each in far.values()})})
    near = {each: seen.points[name] for name, each in grown.items() if name not in far}
    fresh = {name_of(each): part for each, part in points_after(near).items()}
    if fresh:
        columns = {name: _columns(seen.points[name], part) for name, part in fresh.items()}
        messages.append({"type": "points", "attempt": seen.attempt, "series": columns})
    read = {name: seen.points[name] + len(part) for name, part in fresh.items()}
    skipped = {name: each.count for name, each in far.items()}
    return replace(seen, keys=len(named), points={**seen.points, **read, **skipped})


def name_of(series: Series) -> str:
    """How a page calls a series: its key, and behind a line break who wrote it where that was not the main writer.

    What an agent measures has one writer, and keys of its own.
    """
    alone = series.writer in ("", SYSTEM_WRITER)
    return series.key if alone else f"{series.key}\n{series.writer}"


def _event_news(run: Run, seen: Cursors, messages: list[Message]) -> Cursors:
    count = logged.lines_of(run, attempt=seen.attempt)
    if count > seen.events:
        messages.append({"type": "events", "count": count})
    return replace(seen, events=count)


def points_after(cursors: dict[Series, int]) -> dict[Series, Points]:
    """Points of each series from its own index on; reads only the chunks that hold them."""
    ranges = [Range(series.pk, index, series.count) for series, index in cursors.items()]
    points = stored.points_in(ranges)
    return {series: points[series.pk] for series in cursors}


def _columns(start: int, points: Points) -> Message:
    return {
        "from": start,
        "step": points.steps.tolist(),
        "value": [plain(each) for each in points.values.tolist()],
        "time": points.times.tolist(),
    }


def plain(value: float) -> float | str:
    """A number as JSON has it: NaN and infinities as texts."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _header_news(run: Run, seen: Cursors, messages: list[Message]) -> Cursors:
    now = version(run)
    if now != seen.version:
        messages.append({"type": "header", "version": now, "final": run.is_final})
    return replace(seen, version=now)


def version(run: Run) -> str:
    """Changes whenever something in the run page's server-rendered parts does."""
    job = Job.objects.filter(run=run).annotate(last=Max("events")).first()
    queued = (job.status, job.cancel_requested_at, job.last) if job else ()
    record = [getattr(run, column) for column in SHOWN]
    artifacts = run.artifacts.filter(received=F("size")).count()
    streams = run.streams.aggregate(count=Count("id"), unread=Sum("bad_lines"))
    told = repr((record, queued, artifacts, streams))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


SHOWN = (
    *("status", "attempt", "name", "project", "tags", "config", "summary", "finished_at"),
    *("dropped", "resumed", "archived_at", "trashed_at", "notes_at"),
)


def queue_version() -> str:
    """Changes whenever something on the overview does."""
    events = JobEvent.objects.aggregate(last=Max("id"))
    workers = Worker.objects.aggregate(
        beat=Max("heartbeat_at"),
        n=Count("id"),
        off=Count("id", filter=Q(disabled=True)),
        draining=Count("id", filter=Q(draining=True)),
        online=Count("id", filter=Q(online=True)),
    )
    newest = Run.objects.order_by("-id")[:RUNS_WATCHED]
    runs = newest.aggregate(
        last=Max("id"),
        ended=Max("finished_at"),
        began=Max("started_at"),
        trashed=Max("trashed_at"),
        kept=Count("id", filter=Q(trashed_at__isnull=True)),
        archived=Max("archived_at"),
        away=Count("id", filter=Q(archived_at__isnull=False)),
    )
    beat = workers.pop("beat")
    beats = int(beat.timestamp()) // BEATS if beat else 0
    return repr((events, beats, workers, runs, logged.newest_alert()))


def exists(key: str) -> bool:
    return selectors.known([key]).exists()
