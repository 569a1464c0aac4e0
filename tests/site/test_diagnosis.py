"""What the server says of itself to `whirr doctor`, and the command behind `--rebuild`, on both databases."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import numbering, pulse
from jobs.models import Job
from runs import clock, contents, recording
from runs.errors import StorageAway
from runs.models import Run, RunStatus
from tests.jobs.factories import make_job
from tests.runs.factories import NOON, line, log, make_run
from whirr_site import diagnosis
from whirr_site.diagnosis import BAD, OK, WARN, Finding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def found() -> dict[str, Finding]:
    return {each.what: each for each in diagnosis.findings()}


class TestDiagnosis:
    def test_a_sound_server(self) -> None:
        assert {each.what: each.state for each in diagnosis.findings()} == {"database": OK}

    def test_a_database_of_a_newer_version(self) -> None:
        change("INSERT INTO django_migrations (app, name, applied) VALUES ('runs', '9999_x', %s)")
        assert found()["database"].state == BAD
        assert "newer whirr (runs.9999_x)" in found()["database"].says

    def test_a_database_of_an_older_version(self) -> None:
        last = "SELECT max(name) FROM django_migrations WHERE app = 'mlflow_api'"
        change(f"DELETE FROM django_migrations WHERE name = ({last}) OR %s IS NULL")
        assert (found()["database"].state, found()["database"].says[:5]) == (WARN, "lacks")

    def test_a_database_that_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away() -> None:
            raise DatabaseError("disk image is malformed")

        monkeypatch.setattr(connection, "ensure_connection", away)
        assert "malformed" in found()["database"].says

    @pytest.mark.parametrize(
        ("minutes", "state"), [(None, WARN), (1, OK), (60, BAD)], ids=["never", "lately", "silent"]
    )
    def test_background_work(self, minutes: int | None, state: str) -> None:
        now = clock.now()
        assert "background work" not in found()  # no web process, so it may rest
        pulse.say_alive(now=now)
        ran = None if minutes is None else now - timedelta(minutes=minutes)
        interval, _ = IntervalSchedule.objects.get_or_create(every=5, period="seconds")
        PeriodicTask.objects.get_or_create(
            name="any", defaults={"task": "any", "interval": interval}
        )
        PeriodicTask.objects.update(last_run_at=ran)
        assert found()["background work"].state == state

    def test_clocks_that_are_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now", lambda: timezone.now() + timedelta(seconds=90))
        assert "90 s apart" in found()["clock"].says

    def test_a_storage_that_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away() -> None:
            raise StorageAway("no answer")

        monkeypatch.setattr(contents, "check", away)
        assert found()["artifacts"].state == BAD

    def test_the_command_tells_it_as_json(self) -> None:
        said = io.StringIO()
        call_command("diagnose", stdout=said)
        assert {each["what"] for each in json.loads(said.getvalue())} == {"database"}


def change(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [datetime(2030, 1, 1)])  # noqa: DTZ001  (the column takes both)


def rebuild(*argv: str) -> tuple[int, str, str]:
    said, complained, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("rebuild", *argv, stdout=said, stderr=complained)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, said.getvalue(), complained.getvalue()


class TestTheCommand:
    def test_it_audits_and_mends(self, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            run = make_run(name="x")
            log(run, line(step=1, loss=0.5))
            recording.set_statuses([(run, RunStatus.COMPLETED)], now=NOON)
        assert rebuild("--dry-run") == (0, "1 runs: 1 equal\n", "")
        Run.objects.all().delete()
        code, said, _ = rebuild("--dry-run")
        assert (code, said.splitlines()[-1]) == (1, "1 runs: 1 made")
        code, said, _ = rebuild()
        assert (code, said.splitlines()[-1]) == (0, "1 runs: 1 made")
        assert rebuild("--dry-run") == (0, "1 runs: 1 equal\n", "")

    @pytest.mark.postgres
    def test_it_refuses_beside_a_web_process_elsewhere(self) -> None:
        pulse.say_alive(now=clock.now())
        code, _, said = rebuild()
        assert code == 1
        assert "--online" in said
        assert rebuild("--online")[0] == 0

    @pytest.mark.sqlite
    def test_it_refuses_beside_a_stack(self, data_dir: Path) -> None:
        import fcntl

        with (data_dir / "stack.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert rebuild()[0] == 1
            assert rebuild("--online")[0] == 0
        assert rebuild()[0] == 0


class TestNumbers:
    def test_no_job_takes_the_folder_of_an_older_one(self) -> None:
        first = make_job().pk
        numbering.begin_after(first + 1000)
        assert make_job().pk == first + 1001
        numbering.begin_after(first)  # never back
        assert make_job().pk == first + 1002

    def test_an_empty_database_begins_after_the_folders(self) -> None:
        assert not Job.objects.exists()
        numbering.begin_after(10**6)
        assert make_job().pk == 10**6 + 1
