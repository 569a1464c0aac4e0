"""A rebuild makes nothing worse: what only the database has stays, and a file older than its row says nothing."""

import io
import shutil
import tarfile
import threading
import unittest.mock
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from mlflow_api import experiments, tracking
from runs import artifacts, manifest, rebuilding, rebuilt_artifacts, run_file, storage, trash
from runs.errors import NotFound
from runs.exporting import archive
from runs.models import Artifact, Chunk, Event, Run, RunStatus, Series, Stream
from runs.rebuilding import DAMAGED, EQUAL, MENDED, SKIPPED, Outcome
from tests.cli.command import wait_for
from tests.runs.factories import NOON, line, log, make_run
from tests.runs.recorded import direct_run, end, job_run
from whirr_site.access.principals import SCOPES, Principal

ADMIN = Principal("admin", SCOPES)
LATER = NOON + timedelta(hours=2)
Committing = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def job(committing: Committing) -> Run:
    with committing():
        return end(job_run())


def rebuild(*, rehearse: bool = False) -> dict[str, Outcome]:
    return {each.key: each for each in rebuilding.rebuild(rehearse=rehearse)}


def command(*argv: str) -> tuple[int, str, str]:
    said, complained, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("rebuild", *argv, stdout=said, stderr=complained)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, said.getvalue(), complained.getvalue()


def blobs(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "blobs").rglob("*") if path.is_file())


def counts() -> list[int]:
    return [each.objects.count() for each in (Run, Series, Chunk, Event, Stream, Artifact)]


@pytest.mark.django_db
class TestContents:
    """No content goes because its run could not be read."""

    def test_beside_a_folder_that_was_skipped(self, job: Run, data_dir: Path) -> None:
        before = blobs(data_dir)
        Run.objects.all().delete()
        path = storage.run_folder(job.key) / run_file.NAME
        path.rename(path.with_name("moved"))
        path.symlink_to("moved")
        assert f"{job.key}\t{SKIPPED}" in command()[1]
        code, _, said = command("--sweep")
        assert code == 1
        assert "nothing is swept" in said
        assert blobs(data_dir) == before

    def test_without_any_folder(self, job: Run, data_dir: Path) -> None:
        before = blobs(data_dir)
        Run.objects.all().delete()
        (data_dir / "runs").rename(data_dir / "away")
        assert command()[:2] == (0, "0 runs: none\n")
        assert command("--sweep")[0] == 1
        assert blobs(data_dir) == before

    def test_with_an_emptied_manifest(self, job: Run, data_dir: Path) -> None:
        before, path = blobs(data_dir), manifest.path_of(job.key, 2)
        path.write_bytes(b"")
        rebuild()
        assert "m/x.bin" in manifest.read(job, 2)
        path.write_bytes(b"")
        Run.objects.all().delete()
        assert command()[0] == 0
        assert blobs(data_dir) == before

    def test_with_sweep_the_fresh_ones_stay_and_the_bytes_are_told(
        self, job: Run, data_dir: Path
    ) -> None:
        before = blobs(data_dir)
        manifest.path_of(job.key, 2).unlink()
        Run.objects.all().delete()
        code, said, _ = command("--sweep")
        assert (code, said.splitlines()[-1][:7]) == (0, "0 bytes")
        assert blobs(data_dir) == before

    def test_jobs_have_no_say_in_what_arrived(self, job: Run, data_dir: Path) -> None:
        """On a shared disk a job may write any file of its folder; a sha256 there gives it nobody's content."""
        told = manifest.path_of(job.key, 2).read_text()
        other = make_run()
        log(other, line(step=1, loss=0.5))
        folder = storage.attempt_folder(other, 1)
        (folder / "artifacts.jsonl").write_text(told)
        rebuild()
        assert not Artifact.objects.filter(run=other).exists()
        assert (data_dir / "manifests").stat().st_mode & 0o777 == 0o700
        path = manifest.path_of(other.key, 1)
        path.parent.mkdir()
        path.write_text(told.replace("m/x.bin", "../../x"))
        rebuild()
        assert not Artifact.objects.filter(run=other).exists()

    def test_no_member_of_an_archive_leads_out_of_it(self, job: Run) -> None:
        Artifact.objects.filter(run=job).update(path="../../../x")
        job.refresh_from_db()
        with tarfile.open(fileobj=io.BytesIO(b"".join(archive.write(job)))) as tar:
            names = tar.getnames()
        assert not [name for name in names if ".." in name]
        assert [name for name in names if name.endswith(".missing")]


@pytest.mark.django_db
class TestAnOldRunJson:
    """The row is the newer one, and the file follows it."""

    def test_a_restored_run_stays_out_of_the_trash(self, job: Run, committing: Committing) -> None:
        with committing():
            trash.discard([job.key], by=ADMIN, now=LATER)
        folder = storage.run_folder(job.key)
        full = unittest.mock.patch("runs.run_file.write", side_effect=OSError(28, "full"))
        with full, committing():
            trash.restore([job.key], by=ADMIN)
        assert rebuild(rehearse=True)[job.key].done == MENDED
        found = rebuild()[job.key]
        assert "run.json has another trashed_by, trashed_at: the row stays" in found.notes
        assert not Run.objects.get().is_in_trash
        told = run_file.read(folder)
        assert told is not None and told["trashed_at"] is None
        assert '"trashed_by": "admin"' in (folder / "run.json.old").read_text()
        assert rebuild()[job.key].done == EQUAL

    def test_what_people_changed_since_stays(self, job: Run) -> None:
        Run.objects.update(name="newer", tags=[])
        rebuild()
        run = Run.objects.get()
        assert (run.name, run.tags) == ("newer", ["a"])
        told = run_file.read(storage.run_folder(job.key))
        assert told is not None and told["name"] == "newer"

    def test_a_run_that_an_mlflow_client_took_up_again_goes_on(
        self, committing: Committing
    ) -> None:
        found = experiments.create("p", {}, now=NOON)
        with committing():
            run = tracking.create(found, tracking.Wish(name="r"), now=NOON)
            tracking.update(run, status="FINISHED", ended_at=None, name="", now=NOON)
        assert run_file.read(storage.run_folder(run.key)) is not None
        with committing():
            tracking.update(run, status="RUNNING", ended_at=None, name="", now=LATER)
        told = run_file.read(storage.run_folder(run.key))
        assert told is not None and told["status"] == RunStatus.RUNNING
        rebuild()
        assert Run.objects.get().status == RunStatus.RUNNING

    def test_of_two_writers_the_older_row_is_not_written(self, job: Run) -> None:
        old = Run.objects.get()
        Run.objects.update(name="newer")
        run_file.write(old)
        told = run_file.read(storage.run_folder(job.key))
        assert told is not None and told["name"] == "newer"


@pytest.mark.django_db
class TestFilesThatAreAway:
    """A disk that is not mounted costs nobody the index of its runs."""

    def test_all_of_them_change_nothing(
        self, job: Run, committing: Committing, data_dir: Path
    ) -> None:
        with committing():
            direct_run(7)
        before = counts()
        (data_dir / "runs").rename(data_dir / "away")
        for argv in (["--dry-run"], [], ["--sweep"], []):
            code, _, said = command(*argv)
            assert code == 1
            assert "the database knows 2" in said
        with pytest.raises(NotFound):
            rebuild()
        assert counts() == before
        assert not (data_dir / "runs").exists()

    def test_one_of_them_is_damaged_and_stays(
        self, job: Run, committing: Committing, data_dir: Path
    ) -> None:
        with committing():
            other = direct_run(7)
        make_run(attempt=0)  # waits, and has no folder yet
        before = counts()
        shutil.rmtree(storage.run_folder(job.key))
        found = rebuild(rehearse=True)
        assert {key: each.done for key, each in found.items()} == {
            job.key: DAMAGED,
            other.key: EQUAL,
        }
        assert command()[0] == command("--dry-run")[0] == 1
        assert counts() == before
        assert not storage.run_folder(job.key).exists()

    def test_streams_that_are_missing_or_shorter_keep_their_series(self, job: Run) -> None:
        before = counts()
        folder = storage.attempt_folder(job, 2)
        (folder / "metrics.jsonl").write_bytes((folder / "metrics.jsonl").read_bytes()[:60])
        (folder / "events.jsonl").unlink()
        Stream.objects.filter(name="events.jsonl").delete()
        Series.objects.filter(writer="r1").delete()
        found = rebuild()[job.key]
        assert found.done == DAMAGED
        assert any("2/events.jsonl, 2/metrics.jsonl (2)" in note for note in found.notes)
        Stream.objects.create(run=job, attempt=2, name="events.jsonl")
        assert counts() == before  # that of the other writer was mended
        assert rebuild(rehearse=True)[job.key].done == DAMAGED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_rebuild_waits_for_who_appends_and_locks_nothing_before() -> None:
    run = make_run()
    log(run, line(_idx=0, step=0, loss=1.0))
    stored = Chunk.objects.get()
    Chunk.objects.update(values=bytes(8))

    def mend() -> None:
        outcomes.extend(rebuilding.rebuild())
        connections.close_all()

    outcomes: list[Outcome] = []
    other = threading.Thread(target=mend)
    with transaction.atomic():
        Stream.objects.select_for_update().get()
        other.start()
        wait_for(_somebody_waits, "the rebuild waits for the stream")
        assert Chunk.objects.select_for_update(nowait=True).get().values
        assert Series.objects.select_for_update(nowait=True).get().count == 1
    other.join()
    assert [each.done for each in outcomes] == [MENDED]
    assert bytes(Chunk.objects.get().values) == bytes(stored.values)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_the_manifest_is_read_once_for_each_attempt(
    job: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        artifacts.receive(job, 2, f"f{number}", offset=0, size=1, data=b"x", now=NOON)
    reads: list[int] = []
    read = manifest.read

    def counted(run: Run, attempt: int) -> dict[str, manifest.Entry]:
        reads.append(attempt)
        return read(run, attempt)

    monkeypatch.setattr(manifest, "read", counted)
    manifest.path_of(job.key, 2).unlink()
    assert rebuilt_artifacts.write_down(job) == 6
    assert reads == [2]
