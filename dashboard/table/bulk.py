"""One verb on many runs: those that somebody chose, or all that a filter leaves. Domain functions do it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from dashboard.table import selections
from dashboard.table.build import asked
from dashboard.table.wish import Wish
from dashboard.words import plural
from jobs import cancelling, retrying
from jobs.models import Job
from runs import archiving, tagging, trash
from runs.errors import DomainError, Forbidden, Invalid
from runs.query.limits import bounded
from runs.query.scope import Scope
from runs.trash import Moved
from whirr_site.access.principals import Principal

VERBS = ("tag", "untag", "move", "archive", "unarchive", "trash", "cancel", "retry")
MOST = 10_000  # runs of one call
STEP = 50  # runs between two looks at the clock
PATIENCE = 10.0  # seconds of work in one request


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a verb means: `runs` by their ids, those kept under `selection`, or with `every` all of `wish`."""

    runs: tuple[str, ...] = ()
    selection: str = ""
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one request did: it came as far as `at`, and `left` runs are for the next. `word`: what they are now."""

    done: int
    refused: list[tuple[str, DomainError]]
    at: int
    left: int
    word: str


@dataclass(frozen=True, slots=True)
class Deed:
    verb: str
    value: str
    by: Principal
    now: datetime


def keys_of(target: Target, scope: Scope) -> list[str]:
    """The ids that a target means, newest first where a filter says it. Raises QueryError, Invalid, NotFound."""
    if target.selection:
        return selections.runs_of(target.selection)
    if target.wish is not None:
        with bounded(target.wish.text):
            found = asked(target.wish, scope).found.order_by("-id")
            keys = list(found.values_list("key", flat=True)[: MOST + 1])
    else:
        keys = list(dict.fromkeys(target.runs))
    if len(keys) > MOST:
        raise Invalid(f"these are more than {MOST} runs: narrow the filter, and do it in parts")
    if not keys and target.wish is None:
        raise Invalid("name the runs, or say which filter means them")
    return keys


def apply(keys: Sequence[str], deed: Deed, *, start: int = 0) -> Outcome:
    """Do it from the run at `start` on, for as long as a request may take; every step of it may be repeated."""
    check(deed.verb)
    if not deed.by.may("submit"):
        raise Forbidden("changing runs needs the role “submit”")
    if deed.verb == "retry":
        keys = keys[::-1]  # the oldest first, as they were submitted
    until = time.monotonic() + PATIENCE
    moved, at = Moved(), start
    while at < len(keys):
        some = _verbs[deed.verb](keys[at : at + STEP], deed)
        moved.keys += some.keys
        moved.refused += some.refused
        at += STEP
        if time.monotonic() >= until:
            break
    at = min(at, len(keys))
    word = _done[deed.verb].format(value=deed.value)
    return Outcome(len(moved.keys), moved.refused, at, len(keys) - at, word)


def said(outcome: Outcome) -> str:
    """What was done, in a sentence; raises the first refusal where nothing was."""
    if not outcome.done and not outcome.left:
        for _, refused in outcome.refused:
            raise refused
    told = f"{plural(outcome.done, 'run')} {outcome.word}."
    if outcome.refused:
        told += f" {len(outcome.refused)} stayed as they were: {outcome.refused[0][1].detail}"
    if outcome.left:
        told += f" {outcome.left} are left: do it once more."
    return told


def jobs_of(keys: Sequence[str]) -> QuerySet[Job]:
    """The jobs of these runs."""
    return Job.objects.filter(
        run__key__in=keys, run__deleted_at__isnull=True, run__trashed_at__isnull=True
    )


def _cancel(keys: Sequence[str], deed: Deed) -> Moved:
    moved = Moved()
    ended, asked_for = cancelling.cancel_all(jobs_of(keys), actor=deed.by.name, now=deed.now)
    there = {f"job-{number}" for number in (*ended, *asked_for)}
    moved.keys = [key for key in keys if key in there]
    moved.refused = [
        (key, Invalid(f"{key} neither waits nor runs")) for key in keys if key not in there
    ]
    return moved


def _retry(keys: Sequence[str], deed: Deed) -> Moved:
    moved = Moved()
    numbers = dict(jobs_of(keys).values_list("run__key", "pk"))
    for key in keys:
        try:
            if key not in numbers:
                raise Invalid(f"{key} has no job that could be retried")
            retrying.retry(numbers[key], actor=deed.by.name, now=deed.now, once=True)
        except DomainError as refused:
            moved.refused.append((key, refused))
        else:
            moved.keys.append(key)
    return moved


_verbs: dict[str, Callable[[Sequence[str], Deed], Moved]] = {
    "tag": lambda keys, deed: tagging.tag(keys, deed.value, by=deed.by, now=deed.now),
    "untag": lambda keys, deed: tagging.untag(keys, deed.value, by=deed.by, now=deed.now),
    "move": lambda keys, deed: tagging.move(keys, deed.value, by=deed.by, now=deed.now),
    "archive": lambda keys, deed: archiving.archive(keys, by=deed.by, now=deed.now),
    "unarchive": lambda keys, deed: archiving.unarchive(keys, by=deed.by),
    "trash": lambda keys, deed: trash.discard(keys, by=deed.by, now=deed.now),
    "cancel": _cancel,
    "retry": _retry,
}
_done = {
    "tag": "tagged {value}",
    "untag": "without the tag {value}",
    "move": "moved to the project “{value}”",
    "archive": "archived",
    "unarchive": "back from the archive",
    "trash": "in the trash",
    "cancel": "cancelled",
    "retry": "queued once more",
}


def check(verb: str) -> None:
    """Raises Invalid for a word that is no verb."""
    if verb not in VERBS:
        raise Invalid(f"{verb[:30]!r} is no verb: they are {', '.join(VERBS)}")
