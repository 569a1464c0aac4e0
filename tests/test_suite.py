"""The suite keeps its promises: real servers that end with it, and nothing of the developer's."""

import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.support import environment, ports, servers

ROOT = Path(__file__).resolve().parent.parent
START_AND_WAIT = """
import sys, time
from tests.support import servers
print(servers.start_redis().url, flush=True)
time.sleep(60)
"""


def answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_redis_is_a_real_one(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.info()["redis_version"]


def test_redis_asks_for_a_password(redis_url: str) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(redis_url).port or 0)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_postgres_is_a_real_one_and_the_database_is_empty(postgres_url: str) -> None:
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    with psycopg.connect(postgres_url) as session:
        assert session.execute(count).fetchone() == (0,)
        assert session.info.server_version >= 140000


def test_chromium_is_installed(chromium: str) -> None:
    assert os.access(chromium, os.X_OK)


def test_a_server_ends_when_its_starter_is_killed(redis_url: str) -> None:
    command = [sys.executable, "-c", START_AND_WAIT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        port = urlsplit(starter.stdout.readline().strip()).port
        assert port
        assert answers(port)
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(port)


def test_a_port_is_given_to_one_server_and_by_the_kernel_to_nobody() -> None:
    given = [ports.free_port() for _ in range(50)]
    assert len({*given}) == 50
    by_itself = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert max(given) < int(by_itself[0])


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(servers.DidNotStart, match="no such setting"):
        servers.start_program(["/bin/sh", "-c", "echo no such setting; exit 1"])


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for() -> None:
    vendors = {"sqlite": "sqlite", "postgres": "postgresql"}
    assert connection.vendor == vendors[environment.database_kind()]


@pytest.mark.sqlite
@pytest.mark.django_db
def test_sqlite_is_a_file_in_wal_mode() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA database_list")
        assert Path(cursor.fetchone()[2]).is_file()
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_no_variable_of_the_developer_is_seen() -> None:
    ours = [name for name in os.environ if name.startswith("WHIRR_")]
    assert not [name for name in ours if not name.startswith("WHIRR_TEST_")]
    assert Path.home().is_relative_to(os.environ["WHIRR_TEST_FOLDER"])


def test_what_python_compiled_is_kept_though_the_image_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("WHIRR_TEST_DATABASE", "postgres")
    script = runpy.run_path(str(ROOT / "scripts" / "test.py"))
    kept = script["surroundings"]()
    assert "PYTHONDONTWRITEBYTECODE" not in kept
    assert kept["WHIRR_TEST_DATABASE"] == "postgres"


def test_a_test_has_a_data_folder_of_its_own(data_dir: Path, tmp_path: Path) -> None:
    assert data_dir.is_relative_to(tmp_path)
    assert data_dir == settings.DATA_DIR
    assert settings.RUNS_DIR.is_dir()
