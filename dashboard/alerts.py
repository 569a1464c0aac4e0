"""Alerts on pages: the list on a run's own page, the marks in tables, and those of the last day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.words import plural
from runs import logged
from runs.models import Event, EventKind, Level, Run

SHOWN = 20
LATELY = timedelta(days=1)
LATELY_SHOWN = 5
LATELY_COUNTED = 1000
TONES = {Level.ERROR: "bad", Level.WARNING: "warn", Level.INFO: "still"}  # the worst first
ICONS = {Level.ERROR: "cross", Level.WARNING: "alarm", Level.INFO: "bell"}
TEXT_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as a page shows it."""

    run: Run
    attempt: int
    level: str
    title: str
    text: str
    step: int | None
    writer: str
    at: datetime | None

    @property
    def tone(self) -> str:
        return TONES[Level(self.level)]

    @property
    def icon(self) -> str:
        return ICONS[Level(self.level)]


@dataclass(frozen=True, slots=True)
class Alerts:
    """Some alerts, the newest first, out of `count`."""

    shown: list[Alert]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.shown)


@dataclass(frozen=True, slots=True)
class Mark:
    """How many alerts a run has: a number, the tone of the worst, and the levels in words."""

    count: int
    tone: str
    words: str


def of_attempt(run: Run, attempt: int) -> Alerts:
    """The alerts of an attempt; two queries."""
    found = logged.events_of(run, attempt=attempt, kind=EventKind.ALERT).order_by("-at", "-id")
    events = list(found[:SHOWN])
    for event in events:
        event.run = run
    return Alerts(
        [_alert(event) for event in events], len(events) if len(events) < SHOWN else found.count()
    )


def lately(*, now: datetime, since: datetime | None = None) -> Alerts:
    """Those of all runs since then (or in the last day), among the last thousand: a script may raise any number.

    Two queries.
    """
    first = (since or now - LATELY).timestamp()
    newest = logged.alerts().values_list("pk", "at")[:LATELY_COUNTED]
    fresh = [pk for pk, at in newest if at >= first]
    shown = logged.alerts().filter(pk__in=fresh[:LATELY_SHOWN])
    return Alerts([_alert(event) for event in shown], len(fresh))


def mark(counts: Mapping[str, int] | None) -> Mark | None:
    """A mark for a run with so many alerts of each level; None where it has none."""
    if not counts:
        return None
    levels = [level for level in TONES if counts.get(level)]
    said = ", ".join(_said(counts[level], level) for level in levels)
    return Mark(sum(counts.values()), TONES[levels[0]], said)


def _said(count: int, level: Level) -> str:
    return plural(count, level.value) if level != Level.INFO else f"{count} info"


def _alert(event: Event) -> Alert:
    text = event.body.get("text")
    return Alert(
        run=event.run,
        attempt=event.attempt,
        level=event.level or Level.INFO,
        title=event.key or "(no title)",
        text=text[:TEXT_LONGEST] if isinstance(text, str) else "",
        step=event.step,
        writer=event.writer,
        at=moment_of(event.at),
    )


def moment_of(seconds: float) -> datetime | None:
    """A time that an event tells; None where it tells none."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None
    except (OverflowError, ValueError, OSError):
        return None
