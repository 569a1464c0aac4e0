"""Reading the head of the queue. A lane is a Requirement with jobs that wait for a worker.

Two statements whatever the length of the queue: a loose index scan (PostgreSQL's wiki has it as "Loose indexscan") hops
from lane to lane over the partial index, then each lane gives up its first few jobs. Raw SQL, since Django can express
neither, and compiling the queries costs more than running them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from jobs import requirements
from jobs.models import Requirement
from runs import rows

# In both statements this is, word for word, the condition of the index `job_queue`.
OPEN = "status = 'queued' AND held_at IS NULL"

_HOP = f"""
WITH RECURSIVE lane(id) AS (
  SELECT * FROM (
    SELECT requirement_id FROM {{table}} WHERE {OPEN} ORDER BY requirement_id LIMIT 1
  ) AS first_one
  UNION ALL
  SELECT (
    SELECT requirement_id FROM {{table}} WHERE {OPEN} AND requirement_id > lane.id
    ORDER BY requirement_id LIMIT 1
  ) FROM lane WHERE lane.id IS NOT NULL
)
SELECT id FROM lane WHERE id IS NOT NULL
"""  # noqa: S608

_HEADS = f"""
SELECT * FROM (
  SELECT id, requirement_id, priority, attempt, timeout_seconds, grace_seconds, queued_at, prefers_id, prefers_until
  FROM {{table}}
  WHERE {OPEN} AND requirement_id = %s AND cancel_requested_at IS NULL
    AND (not_before IS NULL OR not_before <= %s)
    AND (prefers_id IS NULL OR prefers_until <= %s{{among}}){{without}}
  ORDER BY priority DESC, id LIMIT %s
) AS lane
"""  # noqa: S608

MOST_IN_ONE = 200  # SQLite takes at most 500 SELECTs in one statement


@dataclass(slots=True)
class Head:
    """A job near the front of its lane: as much of it as choosing needs. Times in seconds."""

    job_id: int
    need: Requirement
    priority: int
    attempt: int
    timeout: int | None
    grace: int
    queued_at: datetime
    prefers: int | None = None  # a worker's key, and until when no other is offered the job
    prefers_until: datetime | None = None

    def waits_for(self, *, now: datetime) -> int | None:
        """The worker (key) that alone may have it now; None where any may."""
        waits = self.prefers_until is not None and self.prefers_until > now
        return self.prefers if waits else None


def open_lanes() -> list[Requirement]:
    """The distinct needs of queued jobs."""
    with connection.cursor() as cursor:
        cursor.execute(_HOP.format(table=_table()))
        ids = [row[0] for row in cursor.fetchall()]
    return list(requirements.by_id(ids).values())


def _table() -> str:
    """SQLite has to be told: without statistics it takes the index on the status, and sorts the queue at each hop."""
    return "jobs_job INDEXED BY job_queue" if connection.vendor == "sqlite" else "jobs_job"


def heads(
    lanes: Iterable[Requirement],
    *,
    most: int,
    now: datetime,
    without: Iterable[int] = (),
    workers: Iterable[int] = (),
) -> list[list[Head]]:
    """The first `most` jobs of each lane, best first; `without` are jobs that somebody else has taken meanwhile.

    Of those that wait for one worker (`jobs.preferring`) only the ones that wait for one of `workers`.
    """
    known = {need.pk: need for need in lanes}
    found: dict[int, list[Head]] = {pk: [] for pk in known}
    numbers = ", ".join(str(int(job_id)) for job_id in without)
    barred = f" AND id NOT IN ({numbers})" if numbers else ""
    keys = ", ".join(str(int(key)) for key in workers)
    theirs = f" OR prefers_id IN ({keys})" if keys else ""
    one = _HEADS.format(table=_table(), without=barred, among=theirs)
    ids = list(known)
    when = connection.ops.adapt_datetimefield_value(now)
    for at in range(0, len(ids), MOST_IN_ONE):
        some = ids[at : at + MOST_IN_ONE]
        with connection.cursor() as cursor:
            values = [value for pk in some for value in (pk, when, when, most)]
            cursor.execute(" UNION ALL ".join([one] * len(some)), values)
            for row in cursor.fetchall():
                found[row[1]].append(_head(row, known))
    return [lane for lane in found.values() if lane]


def _head(row: tuple, known: dict[int, Requirement]) -> Head:  # type: ignore[type-arg]
    job_id, need, priority, attempt, timeout, grace, queued_at, prefers, until = row
    told = (priority, attempt, timeout, grace, rows.when(queued_at), prefers)
    return Head(job_id, known[need], *told, rows.when(until) if until else None)
