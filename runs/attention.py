"""Who is looked at: agents send often what somebody watches, and seldom what nobody does.

It is one column of the run, so every web process knows; and it is written anew only when half of its time is over,
however many watch and however often they look.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from runs import feed
from runs.models import Run

LASTS = timedelta(seconds=30)  # after the last look
UNWAKEABLE = 3.0  # seconds between shipments of whom nobody can wake
WATCHED = 0.25  # seconds between shipments of a run that somebody watches


def look(run: Run, *, now: datetime) -> None:
    """Somebody looks at this run. Where nobody did, its agent is woken: it may send only every now and then."""
    until = run.watched_until
    soon = now + LASTS / 2
    if run.is_final or (until is not None and until > soon):
        return
    due = Q(watched_until__isnull=True) | Q(watched_until__lte=soon)
    first = Run.objects.filter(due, pk=run.pk).update(watched_until=now + LASTS)
    run.watched_until = now + LASTS
    if first and (until is None or until <= now):
        feed.ring(feed.watched_group(run.key))


def interval(watched_until: datetime | None, *, now: datetime, unwakeable: bool = False) -> float:
    """Seconds between shipments of a run.

    `unwakeable`: who sends holds no call that is answered when somebody begins to look: a direct run's shipper.
    """
    if watched_until is not None and watched_until > now:
        return WATCHED
    usual = max(1.0, float(settings.WHIRR_SHIP_INTERVAL))
    return min(usual, UNWAKEABLE) if unwakeable else usual
