"""The timeline of a stretch of time: what it reads."""

from datetime import datetime, timedelta

from dashboard import nodes
from dashboard.night import timeline, visits
from dashboard.night.timeline import Timeline
from jobs import attempted, selectors
from runs.errors import NotFound

USUAL = "12h"
OFFERED = ("3h", "12h", "24h", "3d", "7d")
LONGEST = timedelta(days=31)
WAITING_COUNTED = 10_000


def window(since: str, until: str, *, now: datetime) -> tuple[datetime, datetime]:
    """From when to when, as the address says it; the last 12 hours where it says nothing. Raises NotFound."""
    end = visits.moment_of(until, now=now) if until else now
    begin = visits.moment_of(since or USUAL, now=now)
    if not timedelta(0) < end - begin <= LONGEST:
        raise NotFound("`from` must be before `to`, by 31 days at most")
    return begin, end


def timeline_of(since: datetime, until: datetime, *, now: datetime) -> Timeline:
    """The picture of that time; a fixed number of queries."""
    found = attempted.during(since, until)
    waiting = selectors.queue().values_list("queued_at", flat=True)[:WAITING_COUNTED]
    return timeline.timeline(
        found.spans,
        nodes.nodes(now=now),
        waiting,
        since=since,
        until=until,
        now=now,
        not_read=found.left_out,
    )
