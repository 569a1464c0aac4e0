"""Reading events: what a run logged that is no number, and the alerts of all runs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from runs.models import Event, EventKind, Run, Stream

HEAVIEST = 8 * 1024 * 1024  # characters of JSON in one page of events, the last one's aside


def events_of(
    run: Run,
    *,
    attempt: int | None = None,
    kind: str = "",
    key: str | None = None,
    writer: str | None = None,
) -> QuerySet[Event]:
    """The events of one attempt (the newest where none is named), each writer's in the order of their lines."""
    found = Event.objects.filter(run=run, attempt=attempt or run.attempt)
    if kind:
        found = found.filter(kind=kind)
    if key is not None:
        found = found.filter(key=key)
    if writer is not None:
        found = found.filter(writer=writer)
    return found.order_by("writer", "index")


def lines_of(run: Run, *, attempt: int) -> int:
    """How many lines the events files of an attempt have by now; grows with every event."""
    found = Stream.objects.filter(run=run, attempt=attempt, name__startswith="events.")
    return int(found.aggregate(lines=Sum("lines"))["lines"] or 0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some events in a row, and whether more follow."""

    events: list[Event]
    more: bool


def stretch(found: QuerySet[Event], *, after: tuple[str, int] | None = None, limit: int) -> Stretch:
    """At most `limit` events behind the line `after` (writer, index), and no more than one answer can carry.

    Lines that a writer adds come behind all that it wrote before, so whoever follows one writer misses nothing.
    """
    if after is not None:
        writer, index = after
        found = found.filter(Q(writer__gt=writer) | Q(writer=writer, index__gt=index))
    events: list[Event] = []
    weight = 0
    for event in found[: limit + 1].iterator(chunk_size=50):
        if len(events) == limit or weight > HEAVIEST:
            return Stretch(events, more=True)
        events.append(event)
        weight += len(json.dumps(event.body))
    return Stretch(events, more=False)


def alerts(*, level: str = "", since: datetime | None = None) -> QuerySet[Event]:
    """Alerts of runs that are not in the trash, those that arrived last first."""
    found = Event.objects.filter(kind=EventKind.ALERT, run__trashed_at__isnull=True)
    if level:
        found = found.filter(level=level)
    if since is not None:
        found = found.filter(at__gte=since.timestamp())
    return found.select_related("run").order_by("-id")


def alert_counts(runs: Sequence[Run]) -> dict[int, dict[str, int]]:
    """How many alerts of each level the newest attempt of each run has, by the run's primary key; one query."""
    mine = Event.objects.filter(
        kind=EventKind.ALERT, run__in=[run.pk for run in runs], attempt=F("run__attempt")
    )
    counted: dict[int, dict[str, int]] = {}
    rows: Iterable[tuple[int, str, int]] = mine.values_list("run_id", "level").annotate(
        n=Count("id")
    )
    for pk, level, count in rows:
        counted.setdefault(pk, {})[level] = count
    return counted


def newest_alert() -> int:
    """Grows with every alert; 0 before the first."""
    return int(Event.objects.filter(kind=EventKind.ALERT).aggregate(last=Max("id"))["last"] or 0)
