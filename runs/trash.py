"""Into the trash and back. What is in it disappears from every list, and is deleted for good after a grace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from runs import feed, measuring, run_file, selectors, ties
from runs.batches import parts
from runs.errors import DomainError, Forbidden, InTrash, InUse, Invalid, NotFound
from runs.models import Deletion, Run, RunKind
from runs.models.run import FINAL
from whirr_site.access.principals import Principal

AT_ONCE = 500  # runs of one statement
MOST = 10_000  # runs of one call


@dataclass(slots=True)
class Moved:
    """What was done: ids of the runs, and why not to the others. `left`: 1 where more were meant."""

    keys: list[str] = field(default_factory=list)
    refused: list[tuple[str, DomainError]] = field(default_factory=list)
    left: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Finished runs by what they are, each condition narrowing the others; None: any. An empty project is one, too."""

    project: str | None = None
    tag: str | None = None
    status: str | None = None
    older_than: timedelta | None = None  # since its end

    @property
    def is_empty(self) -> bool:
        return self == Choice()


def may_discard(by: Principal, run: Run) -> bool:
    """Admins may discard any run, others those of their own name."""
    return by.may("admin") or (by.may("submit") and bool(run.user) and run.user == by.name)


def discard(
    keys: Iterable[str],
    *,
    by: Principal,
    now: datetime,
    even_running: bool = False,
    rehearse: bool = False,
) -> Moved:
    """Move these runs to the trash; one that is there stays as it is. A rehearsal moves none.

    A job's run has to have ended. So has a direct run, unless `even_running`: a program that died without a word left
    it running for ever, and one that lives finds its run closed.
    """
    moved = Moved()
    for some in parts(dict.fromkeys(keys), AT_ONCE):
        fit = _fit(some, moved, by=by, even_running=even_running)
        if not rehearse:
            fit = _put_away(fit, moved, by=by, now=now, even_running=even_running)
        moved.keys += [run.key for run in fit]
    return moved


def _fit(keys: Sequence[str], moved: Moved, *, by: Principal, even_running: bool) -> list[Run]:
    """Those of the runs that may go; the others are noted as refused."""
    found = {run.key: run for run in selectors.known(keys)}
    needed = ties.needed([run.pk for run in found.values()])
    fit = []
    for key in keys:
        try:
            run = _known(found, key, by)
            _may_go(run, needed.get(run.pk, ""), even_running=even_running)
        except DomainError as refused:
            moved.refused.append((key, refused))
        else:
            fit.append(run)
    return fit


def _put_away(
    runs: Sequence[Run], moved: Moved, *, by: Principal, now: datetime, even_running: bool
) -> list[Run]:
    """Those that are in the trash now. Guarded: what began to run again meanwhile stays, and is noted as refused."""
    ended = Q(status__in=FINAL)
    if even_running:
        ended |= Q(kind=RunKind.DIRECT)
    there = Run.objects.filter(ended, pk__in=[run.pk for run in runs], trashed_at__isnull=True)
    there.update(trashed_at=now, trashed_by=by.name[:150])
    binned = Run.objects.filter(pk__in=[run.pk for run in runs], trashed_at__isnull=False)
    gone = set(binned.values_list("pk", flat=True))
    moved.refused += [(run.key, _came_back(run.key)) for run in runs if run.pk not in gone]
    there_now = [run for run in runs if run.pk in gone]
    run_file.write_later(there_now)
    _announce(there_now)
    return there_now


def restore(keys: Iterable[str], *, by: Principal) -> Moved:
    """Take these runs out of the trash; one that is not in it stays as it is."""
    moved = Moved()
    for some in parts(dict.fromkeys(keys), AT_ONCE):
        found = {run.key: run for run in selectors.known(some)}
        fit = []
        for key in some:
            try:
                fit.append(_known(found, key, by))
            except DomainError as refused:
                moved.refused.append((key, refused))
        # Guarded: whose deletion for good has begun meanwhile does not come back.
        there = Run.objects.filter(pk__in=[run.pk for run in fit], deleted_at__isnull=True)
        there.update(trashed_at=None, trashed_by="")
        run_file.write_later(fit)
        back = set(there.values_list("pk", flat=True))
        for run in fit:
            if run.pk in back:
                moved.keys.append(run.key)
            else:
                moved.refused.append((run.key, _gone(run.key)))
        _announce(fit)
    return moved


def only(moved: Moved) -> None:
    """Raises what was refused, where a single run was asked for."""
    for _, refused in moved.refused:
        raise refused


def chosen(choice: Choice, *, by: Principal, now: datetime) -> QuerySet[Run]:
    """Finished runs outside the trash that a choice names and `by` may discard, the oldest first. Raises Invalid."""
    if choice.is_empty:
        raise Invalid("name the runs, or choose them by project, tag, status or age")
    found = selectors.runs(status=choice.status or "", tag=choice.tag or "")
    found = found.filter(status__in=FINAL).order_by("id")
    if choice.project is not None:
        found = found.filter(project=choice.project)
    if choice.older_than is not None:
        found = found.filter(finished_at__lte=now - choice.older_than)
    if not by.may("admin"):
        found = found.filter(user=by.name).exclude(user="")
    return found


def discard_chosen(
    choice: Choice, *, by: Principal, now: datetime, rehearse: bool = False
) -> Moved:
    """Move what is chosen to the trash, at most MOST runs in one call. Raises Invalid."""
    found = list(chosen(choice, by=by, now=now).values_list("key", flat=True)[: MOST + 1])
    moved = discard(found[:MOST], by=by, now=now, rehearse=rehearse)
    moved.left = len(found) - len(found[:MOST])
    return moved


def room_of(keys: Sequence[str]) -> int:
    """The bytes that these runs would free together."""
    return measuring.measure(list(selectors.known(keys).defer("config", "summary"))).together


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in the trash: how many runs, their bytes, and what was deleted for good last."""

    runs: int
    room: int
    deletions: list[Deletion]

    @property
    def grace_seconds(self) -> int:
        """How long a run stays in it."""
        return int(settings.WHIRR_TRASH_GRACE.total_seconds())


def contents(*, last: int = 20) -> Contents:
    """What is in the trash now."""
    there = list(selectors.runs(trashed=True).defer("config", "summary"))
    gone = Deletion.objects.filter(ended_at__isnull=False).order_by("-ended_at", "-pk")[:last]
    return Contents(len(there), measuring.measure(there).together, list(gone))


def for_good_at(run: Run) -> datetime | None:
    """When it is deleted for good; None outside the trash."""
    return run.trashed_at + settings.WHIRR_TRASH_GRACE if run.trashed_at else None


def _came_back(key: str) -> InUse:
    return InUse(f"{key} stays: it began to run again, or was restored, at this very moment")


def _gone(key: str) -> InTrash:
    return InTrash(f"{key} was deleted for good")


def _known(found: dict[str, Run], key: str, by: Principal) -> Run:
    if not by.may("submit"):  # whoever may discard none does not learn which there are
        raise Forbidden("this token may not move runs into the trash, nor back")
    if key not in found:
        raise NotFound(f"there is no run {key[:100]}")
    run = found[key]
    if not may_discard(by, run):
        whose = f"it is {run.user}'s" if run.user else "it names no user"
        raise Forbidden(f"{key} is for admins to discard: {whose}")
    return run


def _may_go(run: Run, needed: str, *, even_running: bool) -> None:
    if run.trashed_at is not None:
        return
    if needed:
        raise InUse(f"{run.key} is still needed: {needed}")
    if run.is_final or (even_running and run.kind == RunKind.DIRECT):
        return
    if run.kind == RunKind.JOB:
        raise InUse(f"{run.key} is {run.status}: cancel its job first, and wait for its end")
    raise InUse(f"{run.key} still runs: end its program first, or use force where that is gone")


def _announce(runs: Sequence[Run]) -> None:
    feed.ring(feed.QUEUE, *(feed.run_group(run.key) for run in runs))
