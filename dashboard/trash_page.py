"""The trash: what is in it, until when, and what was deleted for good last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.paginator import Page, Paginator

from runs import selectors, trash
from runs.models import Deletion, Run
from whirr_site.access.principals import Principal

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Row:
    run: Run
    for_good_at: datetime | None
    may_restore: bool


@dataclass(frozen=True, slots=True)
class TrashPage:
    rows: list[Row]
    page: Page[Run]
    room: int  # bytes
    deletions: list[Deletion]

    @property
    def count(self) -> int:
        return self.page.paginator.count

    @property
    def grace(self) -> timedelta:
        return settings.WHIRR_TRASH_GRACE


def trash_page(visitor: Principal, *, number: int) -> TrashPage:
    """One page of it, those that went there last first."""
    found = selectors.runs(trashed=True).order_by("-trashed_at", "-id")
    shown = Paginator(found, AT_ONCE).get_page(number)
    rows = [
        Row(run, trash.for_good_at(run), trash.may_discard(visitor, run))
        for run in shown.object_list
    ]
    there = trash.contents()
    return TrashPage(rows, shown, there.room, there.deletions)
