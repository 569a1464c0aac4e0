"""Removes the demo data for good: its runs, jobs, files, its share of the past. What people made themselves stays."""

from datetime import datetime

from django.db.models import Q

from jobs import cancelling, workers
from jobs.demo import marks
from jobs.demo.alone import alone
from jobs.models import Dependency, Job, Scope, Usage, Worker
from jobs.states import FINAL
from runs import feed, purging, trash
from runs.errors import Busy
from whirr_site.access.principals import Principal

NAMED = 5  # jobs that are in the way
SWEPT_AGAIN = 3  # times: a run may come into it while the others go


def remove(*, actor: str, now: datetime) -> int:
    """Remove all of it; how many runs that was. Again is harmless.

    Raises Busy where somebody's job still needs some of it, before anything is touched; and where the trash is being
    emptied.
    """
    with alone():
        removed = clear(actor=actor, now=now)
    feed.ring(feed.QUEUE)
    return removed


def clear(*, actor: str, now: datetime) -> int:
    """Remove all of it, for whoever is alone with it; how many runs that was. Raises Busy."""
    _refuse_what_is_needed()
    cancelling.cancel_all(marks.jobs(), actor=actor, now=now)
    removed = 0
    for _ in range(SWEPT_AGAIN):
        doomed = dict(marks.everything().values_list("pk", "key"))
        if not doomed:
            break
        removed += _remove(doomed, actor=actor, now=now)
    _forget_nodes(now=now)
    _forget_use()
    return removed


def _refuse_what_is_needed() -> None:
    """Raises Busy with the jobs that wait for demo data, or repeat it, and have not ended; its own are cancelled."""
    ours = marks.jobs().order_by().values("pk")
    waits = Dependency.objects.filter(on__in=ours).values("job")
    needing = Job.objects.filter(Q(pk__in=waits) | Q(retry_of__in=ours)).exclude(pk__in=ours)
    blocking = list(needing.exclude(status__in=FINAL).order_by("pk")[: NAMED + 1])
    if blocking:
        named = [f"job {job.pk} of {job.user or 'nobody'}" for job in blocking[:NAMED]]
        more = ["others"] if len(blocking) > NAMED else []
        raise Busy(
            f"nothing was removed: demo data is needed until {', '.join(named + more)} ended; cancel that first"
        )


def _remove(doomed: dict[int, str], *, actor: str, now: datetime) -> int:
    """Through the trash, as everything else. An admin's deed: what is removed has the marks, whoever retried it."""
    by = Principal(actor, frozenset({"admin"}))
    moved = trash.discard(doomed.values(), by=by, now=now)
    for key, refused in moved.refused:
        raise Busy(f"{key} cannot be removed yet: {refused.detail}")
    purged = purging.purge(by=actor, now=now, only=list(doomed))
    for key, why in purged.kept.items():
        raise Busy(f"{key} cannot be removed yet: {why}")
    return len(purged.keys)


def _forget_nodes(*, now: datetime) -> None:
    """Where making it was interrupted its machine is left over."""
    for name in Worker.objects.filter(kinds=[marks.KIND]).values_list("worker_id", flat=True):
        Worker.objects.filter(worker_id=name).update(online=False)
        workers.delete(name, actor=marks.USER, now=now)


def _forget_use() -> None:
    """What it added to the use of GPUs, unless somebody really goes by that name."""
    for scope, name in ((Scope.USER, marks.USER), (Scope.PROJECT, marks.PROJECT)):
        column = "user" if scope == Scope.USER else "project"
        if not Job.objects.filter(**{column: name}).exists():
            Usage.objects.filter(scope=scope, name=name).delete()
