"""The queue in full, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator

from dashboard import overview
from dashboard.overview import Runner, Waiter
from jobs import selectors
from jobs.models import Job

PAGE_SIZE = 100
RUNNING_SHOWN = 500


@dataclass(frozen=True, slots=True)
class QueuePage:
    running: list[Runner]
    waiting: list[Waiter]
    page: Page[Job]

    @property
    def query(self) -> str:
        return f"page={self.page.number}"


def queue_page(number: str, *, now: datetime) -> QueuePage:
    """One page of the queue, with the place and the reason of each job."""
    page = Paginator(selectors.queue(), PAGE_SIZE).get_page(number)
    rows = overview.waiters(list(page.object_list), first=max(page.start_index(), 1), now=now)
    return QueuePage(overview.running(RUNNING_SHOWN), rows, page)
