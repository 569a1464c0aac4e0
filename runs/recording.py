"""The life of a run's row: opened, begun by an attempt, described by its documents, ended."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction

from runs import archiving, facts, feed, rows, run_file, storage
from runs.models import Run, RunKind, RunStatus


def open_for_jobs(told: Iterable[dict[str, Any]]) -> list[Run]:
    """Pending runs for jobs that are being submitted; `name_after_jobs` gives them their ids. Inside a transaction."""
    return Run.objects.bulk_create(
        Run(kind=RunKind.JOB, key=f"new-{uuid4().hex}", **fields) for fields in told
    )


def name_after_jobs(named: Iterable[tuple[Run, int]]) -> None:
    """The ids by which the runs of jobs (by number) are known everywhere."""
    runs = []
    for run, job_id in named:
        run.key = f"job-{job_id}"
        runs.append(run)
    _save(runs, "key")


def begin_attempts(
    begun: list[tuple[Run, int, str]],
    *,
    now: datetime,
    models: dict[int, list[object]] | None = None,
) -> None:
    """(run, attempt number, host name) of each: from here on, whoever writes for an older attempt is refused.

    `models` of the GPUs that it was given, by the run's primary key, where these attempts are new.
    """
    for run, number, hostname in begun:
        run.attempt, run.hostname = number, hostname
        run.status = RunStatus.RUNNING
        run.started_at = run.started_at or now
        if models is not None:
            run.facts = facts.at_start(number, models.get(run.pk, []))
    new = ("facts",) if models is not None else ()
    _save([run for run, _, _ in begun], "attempt", "status", "hostname", "started_at", *new)
    for run, number, _ in begun:
        if number == 1:
            continue  # its folder is made when there is something to put into it
        # After the commit, so that no other claim waits for the disk.
        transaction.on_commit(partial(storage.show_newest, run, number), robust=True)
    feed.ring(*(feed.run_group(run.key) for run, _, _ in begun))


def set_statuses(changed: list[tuple[Run, RunStatus]], *, now: datetime) -> None:
    """Follow the jobs: pending again after a requeue, or final."""
    anew = [run.pk for run, status in changed if run.is_final and not status.is_final]
    for run, status in changed:
        run.status = status
        run.finished_at = now if status.is_final else None
    _save([run for run, _ in changed], "status", "finished_at")
    if anew:
        archiving.come_back(anew)
    run_file.write_later([run for run, status in changed if status.is_final])
    feed.ring(*(feed.run_group(run.key) for run, _ in changed))


def _save(runs: list[Run], *columns: str) -> None:
    values = [[*(getattr(run, name) for name in columns), run.pk] for run in runs]
    rows.update(Run, columns, ("id",), values)
