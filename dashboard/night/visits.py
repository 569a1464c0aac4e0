"""When somebody looked last: what the overview tells is told since then.

A visit ends after half an hour without a look. Pages that fetch themselves anew are no looks: one that is left open
over night goes on to tell of that night.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F

from dashboard.models import Visit
from dashboard.periods import seconds_of
from runs.errors import NotFound

ENDS_AFTER = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)  # looks in between are not written down
FIRST = timedelta(hours=12)  # what somebody is told who was never here
LOOKED, FIRST_TIME, LONG_AGO = "looked", "first", "long"
FARTHEST = timedelta(days=372)  # beyond it no address asks, and nobody is told of it
# Who was away for longer: a page repeats its moment for as long as it is open, and has to be answered for a month.
NEARER = FARTHEST - timedelta(days=31)
HEADINGS = {
    FIRST_TIME: "The last 12 hours",
    LOOKED: "Since you last looked",
    LONG_AGO: f"The last {NEARER.days} days",
}
OFFERED = ("12h", "24h", "7d")


@dataclass(frozen=True, slots=True)
class Since:
    """From when on things are told. `told` is how it came to that: a length such as `12h`, or a key of HEADINGS."""

    at: datetime
    told: str

    @property
    def is_asked(self) -> bool:
        """The address says it."""
        return self.told not in (LOOKED, FIRST_TIME, LONG_AGO)

    @property
    def words(self) -> str:
        """A heading."""
        if not self.is_asked:
            return HEADINGS[self.told]
        if seconds_of(self.told) is not None:
            return f"The last {self.told}"
        return f"Since {self.at:%d %B %H:%M} UTC"


def look(name: str, *, now: datetime) -> Since:
    """Somebody opens the overview: since when they have not looked."""
    visit, made = Visit.objects.get_or_create(
        name=name[:150], defaults={"since": now - FIRST, "last": now}
    )
    if made:
        return Since(visit.since, FIRST_TIME)
    if now - visit.last > ENDS_AFTER:
        # Guarded: of two pages that open together one begins the visit.
        mine = Visit.objects.filter(pk=visit.pk, last=visit.last)
        mine.update(since=F("last"), last=now)
        visit.refresh_from_db()
    elif now - visit.last > NOTED_EVERY:
        Visit.objects.filter(pk=visit.pk, last__lt=now).update(last=now)
    nearest = now - NEARER
    return Since(nearest, LONG_AGO) if visit.since < nearest else Since(visit.since, LOOKED)


def mark_seen(name: str, *, now: datetime) -> None:
    """All that happened until now has been seen."""
    Visit.objects.update_or_create(name=name[:150], defaults={"since": now, "last": now})


def close_steps(name: str, *, now: datetime) -> None:
    """They know how to begin."""
    made = {"since": now - FIRST, "last": now, "steps_closed": True}
    Visit.objects.update_or_create(
        name=name[:150], defaults={"steps_closed": True}, create_defaults=made
    )


def has_closed_steps(name: str) -> bool:
    return Visit.objects.filter(name=name[:150], steps_closed=True).exists()


def since(text: str, *, name: str, now: datetime, told: str = "") -> Since:
    """What an address asks for, a moment in ISO 8601 or a length such as `12h`; without one it is a look.

    A page that fetches itself anew repeats the moment, and what it `told` of it.

    Raises NotFound for what is neither.
    """
    return Since(moment_of(text, now=now), told[:40] or text) if text else look(name, now=now)


def moment_of(text: str, *, now: datetime) -> datetime:
    """`2026-11-22T08:00:00Z`, or a length before now (`90m`, `12h`, `7d`). Raises NotFound: no page is there."""
    seconds = seconds_of(text)
    if seconds is not None:
        return now - timedelta(seconds=seconds)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NotFound(f"{text[:40]!r} is no time: write 12h, 7d or 2026-11-22T08:00:00Z") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    if abs(found - now) > FARTHEST:
        raise NotFound(f"{text[:40]!r} is more than a year away")
    return found.astimezone(UTC)
