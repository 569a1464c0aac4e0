"""What a verb on many runs would do, told before it is done. The same checks say it that will decide it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from dashboard.table.bulk import Deed, check, jobs_of
from dashboard.words import plural
from jobs.states import FINAL, JobStatus
from runs import archiving, tagging, trash
from runs.batches import parts
from runs.trash import Moved

AT_ONCE = 500
NAMED = 3  # users in a sentence


@dataclass(frozen=True, slots=True)
class Preview:
    """What a verb would do, as a sentence. `confirm`: it destroys or stops something."""

    count: int
    told: str
    confirm: bool


def preview(keys: Sequence[str], deed: Deed) -> Preview:
    """What would happen, without doing it. Raises Invalid."""
    check(deed.verb)
    if deed.verb == "cancel":
        return _cancel_told(keys)
    if deed.verb == "retry":
        return _retry_told(keys)
    if deed.verb == "trash":
        moved = trash.discard(keys, by=deed.by, now=deed.now, rehearse=True)
        return _told(moved, f"moves {plural(len(moved.keys), 'run')} to the trash", confirm=True)
    if deed.verb in ("archive", "unarchive"):
        return _archive_told(keys, deed)
    moved = tagging.rehearse(keys, by=deed.by, moving=deed.verb == "move")
    runs = plural(len(moved.keys), "run")
    words = {"tag": f"puts the tag on {runs}", "untag": f"takes the tag off {runs}"}
    return _told(moved, words.get(deed.verb, f"moves {runs} to the project"))


def _told(moved: Moved, told: str, *, confirm: bool = False) -> Preview:
    if moved.refused:
        told += f"; {len(moved.refused)} stay: {moved.refused[0][1].detail}"
    return Preview(len(moved.keys), told, confirm)


def _archive_told(keys: Sequence[str], deed: Deed) -> Preview:
    if deed.verb == "unarchive":
        moved = archiving.unarchive(keys, by=deed.by, rehearse=True)
        return _told(moved, f"brings {plural(len(moved.keys), 'run')} back into the lists")
    moved = archiving.archive(keys, by=deed.by, now=deed.now, rehearse=True)
    runs = plural(len(moved.keys), "run")
    return _told(moved, f"archives {runs}: lists leave them out, nothing of them is deleted")


def _retry_told(keys: Sequence[str]) -> Preview:
    ready = retried = 0
    for some in parts(keys, AT_ONCE):
        ended = jobs_of(some).filter(status__in=FINAL)
        ready += ended.filter(retried_by__isnull=True).count()
        retried += ended.filter(retried_by__isnull=False).distinct().count()
    told = f"submits {plural(ready, 'job')} once more"
    if retried:
        told += f"; {retried} stay as they are, since each was retried already"
    if rest := len(keys) - ready - retried:
        told += f"; {rest} stay as they are, since each has no ended job"
    return Preview(ready, told, confirm=False)


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
