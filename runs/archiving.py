"""Out of the lists and back, with nothing else changed: what is archived is left out where nobody asks for it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from runs import feed, run_file, selectors, tagging
from runs.batches import parts
from runs.errors import DomainError, InUse
from runs.models import Run
from runs.models.run import FINAL
from runs.trash import Moved
from whirr_site.access.principals import Principal

AT_ONCE = 500  # runs of one statement


def archive(keys: Iterable[str], *, by: Principal, now: datetime, rehearse: bool = False) -> Moved:
    """Archive these ended runs; one that is archived stays as it is. A rehearsal changes none."""
    moved = Moved()
    for some in parts(dict.fromkeys(keys), AT_ONCE):
        fit = _fit(some, moved, by, ended=True)
        if not rehearse:
            fit = _put_away(fit, moved, by=by, now=now)
        moved.keys += [run.key for run in fit]
    return moved


def unarchive(keys: Iterable[str], *, by: Principal, rehearse: bool = False) -> Moved:
    """Bring these runs back into the lists; one that is there stays as it is. A rehearsal changes none."""
    moved = Moved()
    for some in parts(dict.fromkeys(keys), AT_ONCE):
        fit = _fit(some, moved, by, ended=False)
        if not rehearse:
            away = [run for run in fit if run.archived_at is not None]
            there = Run.objects.filter(pk__in=[run.pk for run in away], deleted_at__isnull=True)
            there.update(archived_at=None, archived_by="")
            _tell(away)
        moved.keys += [run.key for run in fit]
    return moved


def come_back(pks: Iterable[int]) -> None:
    """Runs that go on are none that were put away; whoever lets them go on tells everybody."""
    away = Run.objects.filter(pk__in=list(pks), archived_at__isnull=False)
    away.update(archived_at=None, archived_by="")


def _fit(keys: Sequence[str], moved: Moved, by: Principal, *, ended: bool) -> list[Run]:
    """Those of the runs that this may be done to; the others are noted as refused."""
    found = {run.key: run for run in selectors.known(keys).defer("config", "summary", "notes")}
    fit = []
    for key in keys:
        try:
            run = tagging.fit(found, key, by)
            if ended and not run.is_final:
                raise InUse(f"{key} is {run.status}: only a run that has ended can be archived")
        except DomainError as refused:
            moved.refused.append((key, refused))
        else:
            fit.append(run)
    return fit


def _put_away(runs: Sequence[Run], moved: Moved, *, by: Principal, now: datetime) -> list[Run]:
    """Those that are archived now. Guarded: what began to run again meanwhile stays, and is noted as refused."""
    new = Run.objects.filter(pk__in=[run.pk for run in runs if run.archived_at is None])
    new = new.filter(status__in=FINAL, archived_at__isnull=True, trashed_at__isnull=True)
    new.update(archived_at=now, archived_by=by.name[:150])
    away = Run.objects.filter(pk__in=[run.pk for run in runs], archived_at__isnull=False)
    gone = set(away.values_list("pk", flat=True))
    moved.refused += [
        (run.key, InUse(f"{run.key} stays: it changed at this very moment"))
        for run in runs
        if run.pk not in gone
    ]
    _tell([run for run in runs if run.pk in gone and run.archived_at is None])
    return [run for run in runs if run.pk in gone]


def _tell(runs: Sequence[Run]) -> None:
    run_file.write_later(runs)
    feed.ring(feed.QUEUE, *(feed.run_group(run.key) for run in runs))
