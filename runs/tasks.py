"""Celery's way into the record."""

import contextlib

from celery import shared_task
from django.utils import timezone

from runs import adopting, fact_filling, purging, retention, sweeping
from runs.errors import Busy
from runs.series import merging

PURGE_SECONDS = (
    20  # of a task: leases are swept by the same worker, and the rest goes with the next one
)
FILL_SECONDS = 5
MERGE_SECONDS = 2  # of a task, for the same reason


@shared_task(ignore_result=True)
def merge_series() -> int:
    """Make long series quick to read."""
    return merging.merge_all(seconds=MERGE_SECONDS)


@shared_task(ignore_result=True)
def adopt_direct_runs() -> int:
    """Find direct runs in the server's own data folder, and what they logged since."""
    return adopting.adopt_all(now=timezone.now())


@shared_task(ignore_result=True)
def apply_retention() -> int:
    """Move to the trash what the rules of projects name."""
    return retention.apply_all(now=timezone.now())


@shared_task(ignore_result=True)
def fill_facts() -> int:
    """Read commit, Python and packages of runs from before these were columns."""
    return fact_filling.fill(seconds=FILL_SECONDS)


@shared_task(ignore_result=True)
def purge_trash() -> int:
    """Delete for good what has been in the trash for longer than the grace, unless another one is at it."""
    try:
        return len(purging.purge(by="whirr", now=timezone.now(), patience=PURGE_SECONDS).keys)
    except Busy:
        return 0


@shared_task(ignore_result=True)
def sweep_leftovers() -> int:
    """Take away the files of uploads that nobody went on with, and of deletions that nobody remembers."""
    with contextlib.suppress(Busy):  # a deletion at work now; there is another hour
        purging.sweep_aside()
    return sweeping.sweep_parts(now=timezone.now())
