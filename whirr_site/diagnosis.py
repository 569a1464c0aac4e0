"""What can be wrong inside a server: its database, its storage, its background work. Asked by `whirr doctor`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import pulse
from runs import clock, contents
from runs.errors import DomainError

OK, WARN, BAD = "ok", "warn", "bad"
# Beat writes down when it ran what every few minutes, not every time.
BEAT_SILENT_AFTER = timedelta(minutes=10)
CLOCKS_APART = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and, where it is not well, how to mend it."""

    what: str
    state: str
    says: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def findings() -> Iterator[Finding]:
    """Everything, the most basic first; what needs a database is left out where none answers."""
    yield from _storage()
    try:
        connection.ensure_connection()
        yield from _database()
        yield from _clock()
        yield from _background(now=clock.now())
    except DatabaseError as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        yield Finding("database", BAD, f"does not work: {said}", _cure())


def _cure() -> str:
    if connection.vendor == "sqlite":
        return "stop the server, move whirr.db away (keep it), and run `whirr doctor --rebuild`"
    return "check that PostgreSQL runs and that WHIRR_DATABASE_URL is right"


def _database() -> Iterator[Finding]:
    loader = MigrationExecutor(connection)
    known = set(loader.loader.disk_migrations)
    newer = {each for each in loader.loader.applied_migrations if each not in known}
    ours = {app for app, _ in known}
    waiting = loader.migration_plan(loader.loader.graph.leaf_nodes())
    if foreign := sorted(f"{app}.{name}" for app, name in newer if app in ours):
        told = f"was made by a newer whirr ({foreign[-1]})"
        yield Finding("database", BAD, told, "run the newer version, or restore a backup")
    elif waiting:
        told = f"lacks {len(waiting)} migrations"
        yield Finding("database", WARN, told, "start the server: it brings its database up to date")
    else:
        yield _intact()


def _intact() -> Finding:
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("SHOW server_version")
            version = str(cursor.fetchone()[0]).split()[0]
            return Finding("database", OK, f"PostgreSQL {version}, up to date")
        cursor.execute("PRAGMA quick_check(1)")
        said = cursor.fetchone()[0]
    if said != "ok":
        return Finding("database", BAD, f"is damaged: {said.splitlines()[-1]}", _cure())
    return Finding("database", OK, "SQLite, up to date, intact")


def _clock() -> Iterator[Finding]:
    apart = abs(timezone.now() - clock.now())
    if apart > CLOCKS_APART:
        told = f"the database's is {apart.total_seconds():.0f} s apart from this machine's"
        yield Finding("clock", WARN, told, "let both keep time (chrony, systemd-timesyncd)")


def _background(*, now: datetime) -> Iterator[Finding]:
    """Whether Celery's beat works, where a web process does: without one it may well rest."""
    if _lacks("jobs_pulse") or not pulse.web_is_alive(now=now):
        return
    ran = PeriodicTask.objects.filter(enabled=True, last_run_at__isnull=False)
    last = ran.order_by("-last_run_at").values_list("last_run_at", flat=True).first()
    mend = "see logs/background.log, or start `python -m whirr_site.background`"
    if last is None:
        yield Finding("background work", WARN, "has not run yet", mend)
    elif now - last > BEAT_SILENT_AFTER:
        minutes = int((now - last).total_seconds() // 60)
        yield Finding("background work", BAD, f"has not run for {minutes} minutes", mend)
    else:
        yield Finding("background work", OK, f"ran at {last:%H:%M:%S} UTC")


def _lacks(table: str) -> bool:
    return table not in connection.introspection.table_names()


def _storage() -> Iterator[Finding]:
    try:
        contents.check()
    except (DomainError, OSError) as error:
        mend = "check WHIRR_S3_… and the keys in the environment, or the folder's owner"
        yield Finding("artifacts", BAD, f"their storage cannot be used: {error}", mend)
