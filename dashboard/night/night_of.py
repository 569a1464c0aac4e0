"""The timeline of a stretch of time: what it reads."""

from datetime import datetime, timedelta

from dashboard import nodes
from dashboard.night import ahead, timeline, visits
from dashboard.night.timeline import Timeline
from dashboard.periods import seconds_of
from jobs import attempted, selectors
from runs.errors import NotFound

USUAL = "12h"
OFFERED = ("3h", "12h", "24h", "3d", "7d")
AHEAD = ("1h", "6h", "24h")
LONGEST = timedelta(days=31)
BIT = 12  # of so many parts of the time shown one lies past now, while something runs
WAITING_COUNTED = 10_000


def window(
    since: str, until: str, further: str = "", *, now: datetime
) -> tuple[datetime, datetime]:
    """From when to when, as the address says it; the last 12 hours where it says nothing. Raises NotFound.

    `further` is a length that the picture goes past now.
    """
    if until and further:
        raise NotFound("`to` and `ahead` both say where the picture ends: give one of them")
    end = visits.moment_of(until, now=now) if until else now + _length(further)
    begin = visits.moment_of(since or USUAL, now=now)
    if not timedelta(0) < end - begin <= LONGEST:
        raise NotFound("`from` must be before `to`, by 31 days at most")
    return begin, end


def _length(text: str) -> timedelta:
    if not text:
        return timedelta(0)
    seconds = seconds_of(text)
    if seconds is None:
        raise NotFound(f"{text[:40]!r} is no length of time: write 6h or 1d")
    return timedelta(seconds=seconds)


def timeline_of(
    since: datetime, until: datetime, *, now: datetime, goes_on: bool = False
) -> Timeline:
    """The picture of that time; a fixed number of queries. `goes_on`: a bit past its end while something runs."""
    found = attempted.during(since, until)
    if goes_on and any(span.is_running for span in found.spans):
        until += (until - since) / BIT
    waiting = selectors.queue().values_list("queued_at", flat=True)[:WAITING_COUNTED]
    return timeline.timeline(
        found.spans,
        nodes.nodes(now=now),
        waiting,
        since=since,
        until=until,
        now=now,
        not_read=found.left_out,
        to_come=ahead.ahead(found.spans, now=now) if until > now else ahead.NOTHING,
    )
