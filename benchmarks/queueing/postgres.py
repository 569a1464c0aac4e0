"""A PostgreSQL of its own for a benchmark, as durable as it comes, and what it costs."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import serving
from tests.support import servers

OWNER = "postgres"  # PostgreSQL refuses to run as root
Connection = psycopg.Connection[tuple[Any, ...]]


class Postgres:
    """A running server. Its `fsync`, `synchronous_commit` and `full_page_writes` are on, as by default."""

    def __init__(self, url: str, guard: int) -> None:
        self._url = url
        self._guard = guard

    def url(self, database: str) -> str:
        return f"{self._url}/{database}"

    def create(self, database: str) -> str:
        """An empty database; its URL."""
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def connect(self, database: str) -> Connection:
        """A connection that commits every statement."""
        return psycopg.connect(self.url(database), autocommit=True)

    def pids(self) -> list[int]:
        return serving.family(self._guard)


@contextmanager
def server() -> Iterator[Postgres]:
    """A fresh server on a free port of the loopback interface; gone afterwards, also when this program is killed."""
    programs = servers.postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="whirr-bench-postgres-"))
    password, port = secrets.token_hex(16), serving.free_port()
    key = folder / "password"
    key.touch(mode=0o600)
    key.write_text(password)
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
        shutil.chown(key, OWNER)
    initdb = [
        *(str(programs / "initdb"), "--pgdata", "data", "--username", "whirr"),
        *("--auth", "scram-sha-256", "--pwfile", "password", "--encoding", "UTF8", "--locale", "C"),
    ]
    postgres = [str(programs / "postgres"), "-D", "data"]
    for setting in (
        *("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories="),
        *("max_connections=200", "timezone=UTC"),
    ):
        postgres += ["-c", setting]
    running = servers.Server("", *servers.start_program(initdb, postgres, folder=folder))
    try:
        yield Postgres(f"postgresql://whirr:{password}@127.0.0.1:{port}", running.guard.pid)
    finally:
        running.stop()
