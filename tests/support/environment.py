"""What the tests see of the machine: nothing of the developer's settings, home or database.

`WHIRR_TEST_DATABASE` is `sqlite` (default) or `postgres`. With pytest-xdist the controller prepares
once, and the workers inherit: one home, one PostgreSQL, in which each has a database of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import servers

FOREIGN_PREFIXES = (
    *("WHIRR_", "WORKER_", "PG", "XDG_", "GIT_", "DJANGO_", "CUDA_", "CELERY_"),
    *("TORCHELASTIC_", "SLURM_", "OMPI_", "PMI"),  # launchers of distributed trainings
)
FOREIGN = {
    *("HEARTBEAT_INTERVAL_SEC", "LOG_LEVEL", "COLUMNS", "NO_COLOR", "FORCE_COLOR"),
    *("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
}
OURS = ("WHIRR_TEST_", "DJANGO_SETTINGS_MODULE")


class Session:
    """What the first process of a test session made, and has to clear away."""

    folder: Path | None = None
    postgres: servers.Server | None = None


def database_kind() -> str:
    kind = os.environ.get("WHIRR_TEST_DATABASE") or "sqlite"
    if kind not in {"sqlite", "postgres"}:
        raise SystemExit(f"WHIRR_TEST_DATABASE={kind!r}: use sqlite or postgres")
    return kind


def prepare() -> None:
    """Clean the environment of this process; the first process also makes home and server."""
    clean()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    Session.folder = Path(tempfile.mkdtemp(prefix="whirr-tests-"))
    home = Session.folder / "home"
    home.mkdir()
    os.environ["HOME"] = str(home)
    os.environ["WHIRR_TEST_FOLDER"] = str(Session.folder)
    if database_kind() == "postgres":
        try:
            Session.postgres = servers.start_postgres()
        except (servers.Missing, servers.DidNotStart) as problem:
            raise SystemExit(f"WHIRR_TEST_DATABASE=postgres: {problem}") from problem
        os.environ["WHIRR_TEST_DATABASE_URL"] = Session.postgres.url


def clean() -> None:
    for name in list(os.environ):
        if (name.startswith(FOREIGN_PREFIXES) or name in FOREIGN) and not name.startswith(OURS):
            del os.environ[name]


def data_folder() -> Path:
    """The data folder of this process: xdist's workers must not share one."""
    return Path(os.environ["WHIRR_TEST_FOLDER"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")


@contextmanager
def as_whirr_reads_it() -> Iterator[None]:
    """The variables for whirr_site.settings; gone afterwards, so no test's program sees them."""
    chosen = {"WHIRR_DATA_DIR": str(data_folder()), "WHIRR_SECRET_KEY": "only-for-tests-" * 4}
    if database_kind() == "postgres":
        url = os.environ["WHIRR_TEST_DATABASE_URL"]
        chosen |= {"WHIRR_MODE": "server", "WHIRR_DATABASE_URL": url}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name in chosen:
            del os.environ[name]


def clear_away() -> None:
    if Session.postgres is not None:
        Session.postgres.stop()
        Session.postgres = None
    if Session.folder is not None:
        shutil.rmtree(Session.folder, ignore_errors=True)
        Session.folder = None
