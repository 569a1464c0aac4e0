"""Fixtures for every test: a data folder of its own, real servers, and a clean environment."""

import os
import secrets
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django import Settings

from tests.support import environment, servers

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
TOUCHING_THE_DATABASE = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "live_server",
    "admin_client",
    "admin_user",
}
OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed")
E2E = Path(__file__).parent / "e2e"
BROWSER = Path(__file__).parent / "browser"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: only means something on SQLite")
    # Django has its settings by now; a server that a test starts shall read whirr's own.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    # A suite that a script starts in the background ignores Ctrl-C, one below nohup a closed terminal; and so would
    # the programs that it tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_unconfigure() -> None:
    environment.clear_away()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(E2E):
            item.add_marker("e2e")
        if item.path.is_relative_to(BROWSER):
            item.add_marker("browser")
    belongs = on_postgres if environment.database_kind() == "postgres" else on_sqlite
    others = [item for item in items if not belongs(item)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if belongs(item)]


def has_a_part_of_its_own(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("e2e", "browser"))


def on_sqlite(item: pytest.Item) -> bool:
    """The first session: all but the tests about PostgreSQL. End-to-end tests start their own."""
    return item.get_closest_marker("postgres") is None or has_a_part_of_its_own(item)


def on_postgres(item: pytest.Item) -> bool:
    """The second session: what touches the database, and has not SQLite as its subject."""
    if has_a_part_of_its_own(item) or item.get_closest_marker("sqlite"):
        return False
    case = getattr(item, "cls", None)
    return (
        item.get_closest_marker("postgres") is not None
        or item.get_closest_marker("django_db") is not None
        or bool(TOUCHING_THE_DATABASE & set(getattr(item, "fixturenames", ())))
        or (isinstance(case, type) and issubclass(case, TransactionTestCase))
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI nothing may be left out: a skip fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of xdist: its controller counts
        return
    counts = {word: len(reporter.stats.get(word, ())) for word in OUTCOMES}
    if IN_CI and counts["skipped"] and session.exitstatus == 0:
        reporter.write_line("CI=true: a skipped test fails the run", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    tally = os.environ.get("WHIRR_TEST_TALLY")
    if tally:  # scripts/test.py sums up
        found = [f"{count} {word}" for word, count in counts.items() if count]
        Path(tally).write_text(", ".join(found))


def without(problem: servers.Missing) -> None:
    """Skip where a person can install what is missing; fail where nobody would look."""
    if IN_CI:
        pytest.fail(str(problem), pytrace=False)
    pytest.skip(str(problem))


@pytest.fixture
def now() -> datetime:
    """One fixed noon: time is an argument."""
    return datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def data_dir(tmp_path: Path, settings: Settings) -> Path:
    """A data folder for one test, which the settings name too."""
    folder = tmp_path / "data"
    for path in (folder, folder / "runs", folder / "blobs"):
        path.mkdir(mode=0o700)
    settings.DATA_DIR = folder
    settings.RUNS_DIR = folder / "runs"
    settings.BLOBS_DIR = folder / "blobs"
    return folder


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this session's own."""
    try:
        server = servers.start_redis()
    except servers.Missing as problem:
        without(problem)
    else:
        yield server.url
        server.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL, as its superuser: the session's own, or one started for the asking."""
    url = os.environ.get("WHIRR_TEST_DATABASE_URL")
    if url:
        yield url
        return
    try:
        server = servers.start_postgres()
    except servers.Missing as problem:
        without(problem)
    else:
        yield server.url
        server.stop()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, for servers that a test starts."""
    name = f"whirr_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.removesuffix("/postgres") + f"/{name}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def systemd_analyze() -> str:
    """The path of systemd's checker of units."""
    try:
        return servers.systemd_analyze()
    except servers.Missing as problem:
        without(problem)
        raise


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's chromium, for Playwright's `executable_path`."""
    try:
        return servers.chromium_program()
    except servers.Missing as problem:
        without(problem)
        raise
