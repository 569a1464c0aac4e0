"""What a server has on record, read from its database and its files, past all of its code."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True)
class StoredJob:
    id: int
    status: str
    attempt: int  # the newest one's number
    run_status: str
    run_attempt: int


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    job_id: int
    number: int
    worker: str
    gpus: list[int]
    status: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """In the order of their ids: transactions on one job, or on one worker, wrote them one after the other."""

    id: int
    job_id: int
    attempt: int
    kind: str
    actor: str


@dataclass(slots=True)
class Stored:
    jobs: dict[int, StoredJob]
    attempts: dict[tuple[int, int], StoredAttempt]
    events: list[StoredEvent]
    runs: Path | None = None
    streams: dict[tuple[int, int, str], bytes] = field(default_factory=dict)  # instead of files

    def stream(self, job_id: int, attempt: int, name: str) -> bytes:
        """The bytes that the server holds; empty where it has no such file."""
        if self.runs is None:
            return self.streams.get((job_id, attempt, name), b"")
        path = self.runs / f"job-{job_id}" / "attempts" / str(attempt) / name
        return path.read_bytes() if path.exists() else b""


JOBS = """SELECT job.id, job.status, job.attempt, run.status, run.attempt
FROM jobs_job job JOIN runs_run run ON run.id = job.run_id"""
ATTEMPTS = "SELECT job_id, number, worker_name, gpus, status FROM jobs_attempt"
EVENTS = "SELECT id, job_id, attempt, kind, actor FROM jobs_jobevent ORDER BY id"


def read(data: Path, postgres_url: str = "") -> Stored:
    """Everything; `data` is the server's data folder."""
    jobs, attempts, events = _postgres(postgres_url) if postgres_url else _sqlite(data / "whirr.db")
    found = [StoredAttempt(row[0], row[1], row[2], _listed(row[3]), row[4]) for row in attempts]
    return Stored(
        {row[0]: StoredJob(*row) for row in jobs},
        {(each.job_id, each.number): each for each in found},
        [StoredEvent(*row) for row in events],
        data / "runs",
    )


def _sqlite(path: Path) -> list[list[Any]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [connection.execute(query).fetchall() for query in (JOBS, ATTEMPTS, EVENTS)]
    finally:
        connection.close()


def _postgres(url: str) -> list[list[Any]]:
    with psycopg.connect(url) as connection:
        return [list(connection.execute(query)) for query in (JOBS, ATTEMPTS, EVENTS)]


def _listed(value: Any) -> list[int]:
    """SQLite keeps JSON as text."""
    found: Iterable[int] = json.loads(value) if isinstance(value, str) else value
    return list(found)
