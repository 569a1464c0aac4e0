"""What the command palette finds: runs, jobs with what can be done to them, workers, arrays, saved views."""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from dashboard.models import SavedView
from dashboard.table import saved_views
from jobs.models import Array, Job, Worker
from jobs.states import FINAL, JobStatus
from runs import selectors as record
from runs.models import Run

SHOWN = 8  # of each kind
LOOKED_THROUGH = 300  # newest runs that are searched for letters in their order
LONGEST = 100
NUMBER = re.compile(
    r"(?:go to )?(?P<verb>cancel|hold|release|retry|job|run|array|a(?=\d))?[ -]*#?(?P<number>\d{1,18})\Z",
    re.IGNORECASE,
)
ARRAY = ("array", "a")
DEEDS = {
    JobStatus.RUNNING: ("cancel",),
    JobStatus.QUEUED: ("cancel", "hold"),
    JobStatus.WAITING: ("cancel", "hold"),
}
SURE = {"cancel": "Cancel job {}? A running program is asked to stop, then killed."}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the palette. It leads to `href`, or posts `fields` to `post`, after the question `confirm`."""

    label: str
    detail: str = ""
    href: str = ""
    post: str = ""
    confirm: str = ""

    def as_json(self) -> dict[str, Any]:
        return {name: text for name, text in asdict(self).items() if text}


@dataclass(frozen=True, slots=True)
class Found:
    """Groups (title, lines). `more` runs fit, too; `first` where it is meant and no guess."""

    groups: list[tuple[str, list[Item]]] = field(default_factory=list)
    more: int = 0
    first: bool = False

    def as_json(self) -> dict[str, Any]:
        groups = [
            {"label": label, "items": [item.as_json() for item in items]}
            for label, items in self.groups
            if items
        ]
        return {"groups": groups, "more": self.more, "first": self.first}


def found(text: str, *, visitor: str, may_submit: bool, now: datetime) -> Found:
    """What fits `text`, at most SHOWN of a kind, in at most eight queries; the newest runs where it is empty."""
    text = " ".join(text[:LONGEST].replace("\0", "").split())
    if not text:
        there = record.runs().filter(archived_at__isnull=True)
        return Found([("Newest runs", _runs(list(there[:SHOWN])))])
    numbered = _numbered(text, may_submit=may_submit)
    matching, more = _matching(text)
    groups = [
        ("Job", numbered),
        ("Runs", _runs(matching)),
        ("Workers", _workers(text, now=now)),
        ("Saved views", _views(text, visitor)),
    ]
    exact = bool(numbered) or any(text.lower() in (run.key, run.name.lower()) for run in matching)
    return Found(groups, more, first=exact)


def distance(find: str, text: str) -> float:
    """How well letters in their order fit, lower is better; infinite where they do not (as static/fuzzy.js)."""
    wanted, given = find.lower(), text.lower()
    whole = given.find(wanted)
    if whole >= 0:
        return 0 if whole == 0 or not (given[whole - 1].isalnum() or given[whole - 1] == "_") else 1
    at, gaps = -1, 0
    for letter in wanted.replace(" ", ""):
        after = given.find(letter, at + 1)
        if after < 0:
            return float("inf")
        if at >= 0:
            gaps += after - at - 1
        at = after
    return 2 + gaps


def _matching(text: str) -> tuple[list[Run], int]:
    """Runs whose id or name holds every word, the newest first; then newer ones with the letters in their order."""
    holding = record.runs()
    for word in text.split():
        holding = holding.filter(Q(name__icontains=word) | Q(key__icontains=word))
    if exact := list(holding[: SHOWN + 1]):
        return exact[:SHOWN], holding.count() - SHOWN if len(exact) > SHOWN else 0
    newest = record.runs().values_list("pk", "name", "key")[:LOOKED_THROUGH]
    scored = ((min(distance(text, name), distance(text, key)), pk) for pk, name, key in newest)
    near = sorted((far, -pk) for far, pk in scored if far < 2 + 3 * len(text))[:SHOWN]
    by_pk = record.runs().in_bulk([-pk for _, pk in near])
    return [by_pk[-pk] for _, pk in near if -pk in by_pk], 0


def _runs(runs: list[Run]) -> list[Item]:
    return [
        Item(run.name or run.key, f"{run.key} · {run.status}", reverse("run", args=[run.key]))
        for run in runs
    ]


def _numbered(text: str, *, may_submit: bool) -> list[Item]:
    """Job 12 or array 12 and what can be done to it, for `12`, `#12`, `job 12`, `cancel 12`."""
    asked = NUMBER.match(text)
    if asked is None:
        return []
    number, verb = int(asked["number"]), (asked["verb"] or "").lower()
    if number >= 2**63:
        return []
    items: list[Item] = []
    if verb not in ARRAY:
        jobs = Job.objects.select_related("run").filter(pk=number, run__deleted_at=None)
        items = [item for job in jobs for item in _of_job(job, verb, may_submit=may_submit)]
    if verb in ("", *ARRAY) and (array := Array.objects.filter(pk=number).first()):
        items.append(Item(f"Array {array}", array.spec, reverse("array", args=[array.pk])))
    return items


def _of_job(job: Job, verb: str, *, may_submit: bool) -> list[Item]:
    page = Item(
        f"Job {job.pk}", f"{job.run.name or job.run.key} · {job.status}", f"/runs/{job.run.key}/"
    )
    if not may_submit:
        return [page]
    possible = ("retry",) if job.status in FINAL else DEEDS.get(JobStatus(job.status), ())
    if job.held_at and "hold" in possible:
        possible = ("cancel", "release")
    deeds = [
        Item(
            f"{deed.capitalize()} job {job.pk}",
            job.name,
            post=reverse(deed, args=[job.pk]),
            confirm=SURE.get(deed, "").format(job.pk),
        )
        for deed in possible
    ]
    chosen = [deed for deed in deeds if deed.label.lower().startswith(verb)] if verb else []
    return [*chosen, page, *(deed for deed in deeds if deed not in chosen)]


def _workers(text: str, *, now: datetime) -> list[Item]:
    workers = _holding(Worker.objects.order_by("-online", "worker_id"), "worker_id", text)
    return [
        Item(
            worker.worker_id,
            "online" if worker.is_online(now=now) else "offline",
            reverse("workers"),
        )
        for worker in workers[:SHOWN]
    ]


def _views(text: str, visitor: str) -> list[Item]:
    seen = SavedView.objects.filter(saved_views.seen_by(visitor)).order_by("name", "pk")
    return [
        Item(
            view.name,
            f"view of {view.page}" + (f" · project {view.project}" if view.project else ""),
            f"{reverse(view.page)}?{saved_views.query_of(view)}",
        )
        for view in _holding(seen, "name", text)[:SHOWN]
    ]


def _holding(rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
    for word in text.split():
        rows = rows.filter(**{f"{name}__icontains": word})
    return rows
