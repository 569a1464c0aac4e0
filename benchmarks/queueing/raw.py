"""The raw limit: the claim as one statement, straight to PostgreSQL, every claim a commit of its own."""

import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from typing import TYPE_CHECKING

import psycopg

from benchmarks.queueing.postgres import Connection

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

CREATE = """CREATE TABLE job (id BIGSERIAL PRIMARY KEY, status TEXT NOT NULL, priority INT NOT NULL,
command TEXT NOT NULL, worker TEXT, lease_expires_at TIMESTAMPTZ)"""
INDEX = "CREATE INDEX queued ON job (priority DESC, id) WHERE status = 'queued'"
INSERT = """INSERT INTO job (status, priority, command)
SELECT 'queued', 0, '["python", "train.py", "--lr", "0.1"]' FROM generate_series(1, %s)"""
TAKE = "UPDATE job SET status = 'running', worker = %s, lease_expires_at = now() + interval '1 min'"
HEAD = "SELECT id FROM job WHERE status = 'queued' ORDER BY priority DESC, id LIMIT {} FOR UPDATE SKIP LOCKED"
ONE = f"{TAKE} WHERE id = ({HEAD.format(1)}) RETURNING id, command"
MANY = f"{TAKE} WHERE id = ANY(ARRAY({HEAD.format('{}')})) RETURNING id, command"
WARM_UP = 6  # psycopg prepares a statement when it comes for the sixth time


def create(connection: Connection) -> None:
    connection.execute(CREATE)
    connection.execute(INDEX)


def fill(connection: Connection, jobs: int) -> None:
    """Up to that many, all queued, and vacuumed."""
    connection.execute("UPDATE job SET status = 'queued' WHERE status <> 'queued'")
    row = connection.execute("SELECT count(*) FROM job").fetchone()
    assert row is not None
    if row[0] < jobs:
        connection.execute(INSERT, [jobs - row[0]])
        connection.execute("CHECKPOINT")  # now, and not while something is measured
    connection.execute("VACUUM (ANALYZE) job")


def claims_per_second(
    url: str, *, connections: int, rows: int, seconds: float, enough: int
) -> float:
    """Jobs a second. Each connection is a process: as threads they would wait for each other and not for PostgreSQL."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(connections)
    told: SimpleQueue[tuple[int, float, float]] = context.SimpleQueue()
    arguments = (url, rows, seconds, enough // connections, start, told)
    workers = [context.Process(target=_claim, args=arguments) for _ in range(connections)]
    for worker in workers:
        worker.start()
    results = [told.get() for _ in workers]
    for worker in workers:
        worker.join()
    began, ended = min(each[1] for each in results), max(each[2] for each in results)
    return sum(each[0] for each in results) / (ended - began)


def _claim(
    url: str,
    rows: int,
    seconds: float,
    enough: int,
    start: Barrier,
    told: "SimpleQueue[tuple[int, float, float]]",
) -> None:
    statement = ONE if rows == 1 else MANY.format(rows)
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(WARM_UP):
            connection.execute(statement, ["bench"]).fetchall()
        start.wait()
        taken, began = 0, time.perf_counter()
        while taken < enough and time.perf_counter() < began + seconds:
            taken += len(connection.execute(statement, ["bench"]).fetchall())
        told.put((taken, began, time.perf_counter()))
