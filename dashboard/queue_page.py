"""The queue in full, a page at a time: mine first, narrowed by user, project and state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from dashboard import overview
from dashboard.overview import Runner, Waiter
from jobs import selectors
from jobs.models import Job
from jobs.states import JobStatus
from runs.errors import NotFound

PAGE_SIZE = 100
RUNNING_SHOWN = 500
MINE_SHOWN = 25
ME = "me"
STATES = ("running", "queued", "waiting", "held")
LONGEST = 150


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for. `user` may be `me`; `name` is who that is."""

    user: str = ""
    project: str = ""
    state: str = ""
    page: str = "1"
    name: str = ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.user or self.project or self.state)

    @property
    def owner(self) -> str:
        return self.name if self.user == ME else self.user

    @property
    def narrow(self) -> dict[str, str]:
        """By columns of the job."""
        told = {"user": self.owner, "project": self.project}
        return {column: value for column, value in told.items() if value}

    def query(self, **changes: str) -> str:
        """The address with other words in it; whoever changes what is shown begins on the first page."""
        told = {"user": self.user, "project": self.project, "state": self.state} | changes
        return urlencode({name: value for name, value in told.items() if value})


def wish(given: Mapping[str, str], *, name: str) -> Wish:
    """Read an address. Raises NotFound for a state that is none."""
    told = {key: given.get(key, "")[:LONGEST] for key in ("user", "project", "state")}
    if told["state"] and told["state"] not in STATES:
        raise NotFound(f"{told['state'][:40]!r} is no state of the queue: {', '.join(STATES)} are")
    return Wish(**told, page=given.get("page", "1"), name=name)


@dataclass(frozen=True, slots=True)
class QueuePage:
    wish: Wish
    running: list[Runner]
    mine: list[Waiter]
    mine_more: int
    waiting: list[Waiter]
    page: Page[Job]
    others_wait: bool

    @property
    def query(self) -> str:
        return self.wish.query(page=str(self.page.number))

    @property
    def earlier(self) -> str:
        return self.wish.query(page=str(self.page.previous_page_number()))

    @property
    def later(self) -> str:
        return self.wish.query(page=str(self.page.next_page_number()))

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """(word, query, whether it is chosen) for each state, and for all of them."""
        everybody = "" if self.is_mine else self.wish.user
        every = (
            self.wish.query(state="", user=everybody),
            not self.wish.state and not self.is_mine,
        )
        some = [(each, self.wish.query(state=each), self.wish.state == each) for each in STATES]
        return [("all", *every), *some]

    @property
    def is_mine(self) -> bool:
        """Only the visitor's own are shown."""
        return bool(self.wish.name) and self.wish.owner == self.wish.name

    @property
    def mine_query(self) -> str:
        """The visitor's own of this state, or where these are shown, everybody's."""
        return self.wish.query(user="" if self.is_mine else ME)

    @property
    def shows_running(self) -> bool:
        return self.wish.state in ("", "running")

    @property
    def shows_waiting(self) -> bool:
        return self.wish.state != "running"

    @property
    def names(self) -> list[str]:
        """Users on this page, for completion."""
        return sorted({job.user for job in self._jobs if job.user})

    @property
    def projects(self) -> list[str]:
        return sorted({job.project for job in self._jobs if job.project})

    @property
    def _jobs(self) -> list[Job]:
        return [*(row.job for row in self.running), *(row.job for row in self.waiting)]


def queue_page(wish: Wish, *, now: datetime) -> QueuePage:
    """One page of the queue, with place, reason and a guess at the start of each job."""
    page = Paginator(_waiting(wish), PAGE_SIZE).get_page(wish.page)
    jobs = list(page.object_list)
    if wish.is_narrow:
        rows = overview.waiters_apart(jobs, now=now)
    else:
        rows = overview.waiters(jobs, first=max(page.start_index(), 1), now=now)
    mine, more = _mine(wish, page, now=now)
    show = wish.state in ("", "running")
    return QueuePage(
        wish=wish,
        running=_running(wish, now=now) if show else [],
        mine=mine,
        mine_more=more,
        waiting=rows if wish.state != "running" else [],
        page=page,
        others_wait=any(row.job.user != wish.name for row in rows),
    )


def _running(wish: Wish, *, now: datetime) -> list[Runner]:
    return overview.running(RUNNING_SHOWN, now=now, narrow=wish.narrow, first=wish.name)


def _waiting(wish: Wish) -> QuerySet[Job]:
    found = selectors.queue().filter(**wish.narrow)
    if wish.state == "held":
        return found.filter(held_at__isnull=False)
    if wish.state == "queued":
        return found.filter(status=JobStatus.QUEUED, held_at__isnull=True)
    if wish.state == "waiting":
        return found.filter(status=JobStatus.WAITING)
    return found.none() if wish.state == "running" else found


def _mine(wish: Wish, page: Page[Job], *, now: datetime) -> tuple[list[Waiter], int]:
    """The visitor's own, on the first page of the whole queue; and how many more of them there are."""
    if wish.is_narrow or page.number != 1 or not wish.name:
        return [], 0
    found = selectors.queue().filter(user=wish.name)
    jobs = list(found[: MINE_SHOWN + 1])
    more = found.count() - MINE_SHOWN if len(jobs) > MINE_SHOWN else 0
    return overview.waiters_apart(jobs[:MINE_SHOWN], now=now), more
