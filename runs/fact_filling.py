"""Runs from before there were facts learn theirs from their files, some at a time."""

import time
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from runs import documents
from runs.models import Run

AT_ONCE = 200  # runs between two looks at the clock


def fill(*, seconds: float) -> int:
    """Fill the facts of runs that have none, the newest first; how many were looked at.

    What has no document any more counts as looked at. Nothing happens while there is no folder of any run: a disk that
    is not mounted yet must not say that nothing is known of thousands of runs.
    """
    end, count = time.monotonic() + seconds, 0
    if not _has_folders():
        return 0
    while some := list(_without().order_by("-id")[:AT_ONCE]):
        for run in some:
            # Only where there are still none: a document may come meanwhile, and says more.
            told = documents.facts_in_files(run)
            _without().filter(pk=run.pk, attempt=run.attempt).update(facts=told)
        count += len(some)
        if time.monotonic() >= end:
            break
    return count


def _without() -> QuerySet[Run]:
    return Run.objects.filter(facts={}, attempt__gt=0, deleted_at__isnull=True)


def _has_folders() -> bool:
    root = Path(settings.RUNS_DIR)
    return root.is_dir() and any(root.iterdir())
