"""One verb on many runs: those that somebody chose, or all that a filter leaves. Domain functions do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from dashboard.table import selections
from dashboard.table.build import asked
from dashboard.table.wish import Wish
from dashboard.words import plural
from jobs import cancelling, retrying
from jobs.models import Job
from jobs.states import FINAL, JobStatus
from runs import selectors, tagging, trash
from runs.batches import parts
from runs.errors import DomainError, Forbidden, Invalid
from runs.query.limits import bounded
from runs.query.scope import Scope
from runs.trash import Moved
from whirr_site.access.principals import Principal

VERBS = ("tag", "untag", "move", "trash", "cancel", "retry")
MOST = 10_000  # runs of one call
AT_ONCE = 500
NAMED = 3  # users in a sentence


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a verb means: `runs` by their ids, those kept under `selection`, or with `every` all of `wish`."""

    runs: tuple[str, ...] = ()
    selection: str = ""
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a verb would do, as a sentence. `confirm`: it destroys or stops something."""

    count: int
    told: str
    confirm: bool


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


def preview(verb: str, keys: Sequence[str], deed: Deed) -> Preview:
    """What would happen, without doing it. Raises Invalid."""
    _check(verb)
    count = len(keys)
    if verb == "cancel":
        return _cancel_told(keys)
    if verb == "retry":
        ended = sum(jobs_of(some).filter(status__in=FINAL).count() for some in parts(keys, AT_ONCE))
        return Preview(
            ended,
            f"submits {plural(ended, 'job')} once more" + _rest(count - ended, "has no ended job"),
            confirm=False,
        )
    if verb == "trash":
        moved = trash.discard(keys, by=deed.by, now=deed.now, rehearse=True)
        told = f"moves {plural(len(moved.keys), 'run')} to the trash"
        if moved.refused:
            told += f"; {len(moved.refused)} stay: {moved.refused[0][1].detail}"
        return Preview(len(moved.keys), told, confirm=True)
    there = sum(selectors.known(some).count() for some in parts(keys, AT_ONCE))
    words = {"tag": "puts the tag on", "untag": "takes the tag off", "move": "moves"}
    told = f"{words[verb]} {plural(there, 'run')}" + (" to the project" if verb == "move" else "")
    return Preview(there, told + _rest(count - there, "is gone"), confirm=False)


def _rest(count: int, why: str) -> str:
    return f"; {count} stay as they are, since each {why}" if count > 0 else ""


def _cancel_told(keys: Sequence[str]) -> Preview:
    by_status: dict[str, int] = {}
    users: dict[str, int] = {}
    for some in parts(keys, AT_ONCE):
        open_ = jobs_of(some).exclude(status__in=FINAL).order_by()
        for status, user, n in open_.values_list("status", "user").annotate(n=Count("pk")):
            by_status[status] = by_status.get(status, 0) + n
            if status == JobStatus.RUNNING:
                users[user] = users.get(user, 0) + n
    running = by_status.get(JobStatus.RUNNING, 0)
    waiting = sum(by_status.values()) - running
    told = []
    if running:
        names = ", ".join(sorted(name for name in users if name)[:NAMED])
        whose = f" of {plural(len(users), 'user')}" + (f" ({names})" if names else "")
        told.append(f"stops {plural(running, 'running job')}{whose}")
    if waiting:
        told.append(f"takes {plural(waiting, 'job')} out of the queue")
    count = running + waiting
    return Preview(count, "; ".join(told) or "nothing here waits or runs", confirm=count > 0)


def apply(keys: Sequence[str], deed: Deed) -> str:
    """Do it, and say what was done; raises the first refusal where nothing was."""
    _check(deed.verb)
    if not deed.by.may("submit"):
        raise Forbidden("changing runs needs the role “submit”")
    moved = _verbs[deed.verb](keys, deed)
    if not moved.keys:
        trash.only(moved)
    said = f"{plural(len(moved.keys), 'run')} {_done[deed.verb].format(value=deed.value)}."
    if moved.refused:
        said += f" {len(moved.refused)} stayed as they were: {moved.refused[0][1].detail}"
    return said


def jobs_of(keys: Sequence[str]) -> QuerySet[Job]:
    """The jobs of these runs."""
    return Job.objects.filter(run__key__in=keys, run__deleted_at__isnull=True)


def _cancel(keys: Sequence[str], deed: Deed) -> Moved:
    moved = Moved()
    for some in parts(keys, AT_ONCE):
        ended, asked_for = cancelling.cancel_all(jobs_of(some), actor=deed.by.name, now=deed.now)
        there = {f"job-{number}" for number in (*ended, *asked_for)}
        moved.keys += [key for key in some if key in there]
        moved.refused += [
            (key, Invalid(f"{key} neither waits nor runs")) for key in some if key not in there
        ]
    return moved


def _retry(keys: Sequence[str], deed: Deed) -> Moved:
    moved = Moved()
    for some in parts(keys, AT_ONCE):
        numbers = dict(jobs_of(some).values_list("run__key", "pk"))
        for key in reversed(some):  # the oldest first, as they were submitted
            try:
                if key not in numbers:
                    raise Invalid(f"{key} has no job that could be retried")
                retrying.retry(numbers[key], actor=deed.by.name, now=deed.now)
            except DomainError as refused:
                moved.refused.append((key, refused))
            else:
                moved.keys.append(key)
    return moved


_verbs: dict[str, Callable[[Sequence[str], Deed], Moved]] = {
    "tag": lambda keys, deed: tagging.tag(keys, deed.value, by=deed.by, now=deed.now),
    "untag": lambda keys, deed: tagging.untag(keys, deed.value, by=deed.by, now=deed.now),
    "move": lambda keys, deed: tagging.move(keys, deed.value, by=deed.by, now=deed.now),
    "trash": lambda keys, deed: trash.discard(keys, by=deed.by, now=deed.now),
    "cancel": _cancel,
    "retry": _retry,
}
_done = {
    "tag": "tagged {value}",
    "untag": "without the tag {value}",
    "move": "moved to the project “{value}”",
    "trash": "in the trash",
    "cancel": "cancelled",
    "retry": "queued once more",
}


def _check(verb: str) -> None:
    if verb not in VERBS:
        raise Invalid(f"{verb[:30]!r} is no verb: they are {', '.join(VERBS)}")
