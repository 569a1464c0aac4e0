"""Fills the servers' SQLite files: points of the peers by the million, and copies of runs that our server has made.

Ours takes every distinct point over HTTP; only the peers, which would take hours, are spared that.
"""

import json
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.trackers.ingesting import new_mlflow_run
from benchmarks.trackers.lines import RATE, START
from benchmarks.trackers.servers import Server

PATIENCE = 120  # seconds for the lock of a database that others write to
ENDED = {"kind": "direct", "status": "completed", "finished_at": "2026-01-15 10:40:00"}


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """Changes are committed at the end."""
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as opened, opened:
        yield opened


class Copier:
    """Copies of one run of ours with its series, chunks and overviews. Only the columns that differ are named here."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key

    def copy(self) -> str:
        """One more run, completed; its key."""
        with database(self._path) as opened:
            (old,) = opened.execute("SELECT id FROM runs_run WHERE key = ?", [self._key]).fetchone()
            (last,) = opened.execute("SELECT max(id) FROM runs_run").fetchone()
            key = f"local-20260115-103000-{last + 1:06x}"
            new = insert(opened, "runs_run", {"key": key, **ENDED}, {"id": old})
            for (series,) in opened.execute(
                "SELECT id FROM runs_series WHERE run_id = ?", [old]
            ).fetchall():
                made = insert(opened, "runs_series", {"run_id": new}, {"id": series})
                for table in ("runs_chunk", "runs_overview"):
                    insert(opened, table, {"series_id": made}, {"series_id": series})
        return key


def insert(
    opened: sqlite3.Connection, table: str, told: Mapping[str, object], where: Mapping[str, object]
) -> int:
    """Copies of the rows that `where` finds, with other values in the columns of `told`; the number of the last."""
    names = [row[1] for row in opened.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    values = ", ".join("?" if name in told else f'"{name}"' for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    ((column, value),) = where.items()
    statement = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {column} = ?"
    done = opened.execute(statement, [*(told[name] for name in names if name in told), value])
    return int(done.lastrowid or 0)


def unmerged(path: Path) -> int:
    """Points of the series that is farthest behind, beyond the overviews."""
    with database(path) as opened:
        return int(opened.execute("SELECT max(count - merged) FROM runs_series").fetchone()[0] or 0)


def trackio_series(server: Server, points: int) -> str:
    """A run of project "reading" with that many points of "loss"; its name. The first goes through the server."""
    name = f"run-{points}"
    entry: dict[str, object] = {
        "project": "reading",
        "run": name,
        "run_id": name,
        "metrics": {"loss": 1.0},
    }
    entry |= {"step": 0, "config": None, "log_id": name}
    server.call("/api/bulk_log", {"args": [], "kwargs": {"logs": [entry], "hf_token": None}})
    with database(server.folder / "trackio" / "reading.db") as opened:
        opened.executemany(
            "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)",
            (
                (name, _stamp(n), name, n, json.dumps({"loss": _value(n, points)}))
                for n in range(1, points)
            ),
        )
    return name


def mlflow_series(server: Server, points: int) -> str:
    """A run with that many points of "loss"; its id."""
    run = new_mlflow_run(server)
    with database(server.folder / "mlflow.db") as opened:
        opened.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('loss', ?, ?, ?, ?, 0)",
            ((_value(n, points), (START + n) * 1000, run, n) for n in range(points)),
        )
        latest = (_value(points - 1, points), int(time.time() * 1e3), run, points - 1)
        opened.execute(
            "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " VALUES ('loss', ?, ?, ?, ?, 0)",
            latest,
        )
    return run


def _value(n: int, points: int) -> float:
    return math.exp(-n / points) + math.sin(n) / 50


def _stamp(n: int) -> str:
    return datetime.fromtimestamp(START + n / RATE, tz=UTC).isoformat()
