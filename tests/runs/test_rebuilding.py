"""Files are the truth: a lost, an old and a damaged database come out equal to the one that was there."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runs import artifacts, checksums, rebuilding, run_file, selectors, storage
from runs.models import Artifact, Chunk, Event, Overview, Run, RunStatus, Series, Stream
from runs.rebuilding import DAMAGED, EQUAL, MADE, MENDED, SKIPPED, Outcome
from runs.series import merging
from tests.runs.factories import NOON
from tests.runs.recorded import direct_run, end, job_run

LONG = 9000  # points: one stretch is merged, and has overviews
Committing = Callable[..., AbstractContextManager[Any]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(committing: Committing) -> list[Run]:
    """A job's run, its twin, and a direct run."""
    with committing():
        return [end(job_run()), end(job_run(name="twin")), direct_run()]


@pytest.fixture
def long_run(committing: Committing) -> Run:
    """One that Celery has merged."""
    with committing():
        run = end(job_run(LONG, name="long", created_at=NOON + timedelta(minutes=1)))
    for pk in Series.objects.values_list("pk", flat=True):
        merging.merge(pk)
    return run


def snapshot() -> dict[str, Any]:
    """All that the database says, whatever its row numbers."""
    runs = Run.objects.order_by("id")
    told: dict[str, Any] = {"order": [run.key for run in runs]}
    for run in runs:
        told[run.key] = {name: getattr(run, name) for name in run_file.FIELDS}
        told[f"{run.key} sums"] = rebuilding.checksum(run)
    by = {
        Series: ("run__key", "attempt", "writer", "key"),
        Stream: ("run__key", "attempt", "name"),
        Event: ("run__key", "attempt", "writer", "index"),
        Artifact: ("run__key", "attempt", "path"),
        Overview: ("series__run__key", "series__attempt", "series__key", "level", "start"),
    }
    for model, order in by.items():
        skipped = ("id", "run", "series")
        fields = [each.name for each in model._meta.concrete_fields if each.name not in skipped]
        rows = model._default_manager.order_by(*order).values_list(*order, *fields)
        told[model.__name__] = [tuple(map(_plain, row)) for row in rows]
    return told


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def rebuild(*, rehearse: bool = False) -> dict[str, Outcome]:
    return {each.key: each for each in rebuilding.rebuild(rehearse=rehearse)}


def done(*, rehearse: bool = False) -> set[str]:
    return {each.done for each in rebuild(rehearse=rehearse).values()}


class TestALostDatabase:
    def test_it_comes_back_equal(self, world: list[Run], long_run: Run) -> None:
        """Counts, points, events, artifacts, what only rows knew; also the order in which runs are listed."""
        before = snapshot()
        assert before["Overview"]
        Run.objects.all().delete()
        outcomes = rebuild()
        assert {each.done for each in outcomes.values()} == {MADE}
        assert snapshot() == before
        for run in Run.objects.all():
            assert outcomes[run.key].after == before[f"{run.key} sums"]
        found = selectors.artifact(Run.objects.get(key=world[0].key), "m/x.bin")
        assert artifacts.content(found).read() == b"abc"
        assert done() == {EQUAL}

    def test_a_rehearsal_says_so_and_writes_nothing(self, world: list[Run]) -> None:
        Run.objects.all().delete()
        outcomes = rebuild(rehearse=True)
        assert {each.done for each in outcomes.values()} == {MADE}
        assert all("it has no row" in each.notes for each in outcomes.values())
        assert not Run.objects.exists()

    def test_without_run_json_programs_still_tell_the_most(self, world: list[Run]) -> None:
        """As in a folder of an older server: a job whose end nobody wrote down has not completed."""
        job, _, other = world
        sums = rebuilding.checksum(job)
        Run.objects.all().delete()
        for path in Path(storage.run_folder(job.key)).parent.glob("*/run.json"):
            path.unlink()
        rebuild()
        found = Run.objects.get(key=job.key)
        assert (found.status, found.attempt, found.dropped) == (RunStatus.FAILED, 2, 3)
        assert (found.config, found.summary) == ({"seed": 1}, {"best": 1.5, "bad": "NaN"})
        assert rebuilding.checksum(found) == sums
        assert Run.objects.get(key=other.key).status == RunStatus.RUNNING
        assert run_file.read(storage.run_folder(job.key)) is not None

    def test_new_jobs_begin_after_those_that_have_a_folder(self, world: list[Run]) -> None:
        numbers = [int(run.key.removeprefix("job-")) for run in world[:2]]
        assert rebuilding.highest_job() == max(numbers)


class TestAnIntactDatabase:
    def test_nothing_is_written(self, world: list[Run]) -> None:
        before = snapshot()
        ids = set(Chunk.objects.values_list("id", flat=True))
        assert done(rehearse=True) == {EQUAL}
        assert done() == {EQUAL}
        assert snapshot() == before
        assert set(Chunk.objects.values_list("id", flat=True)) == ids

    def test_a_running_job_keeps_what_the_queue_says(self, world: list[Run]) -> None:
        """run.json of a run that goes on is of the time before; its row is the newer one."""
        job = world[0]
        Run.objects.filter(pk=job.pk).update(status=RunStatus.RUNNING, finished_at=None)
        rebuild()
        assert Run.objects.get(pk=job.pk).status == RunStatus.RUNNING

    def test_runs_from_before_there_was_a_run_json_get_one(self, world: list[Run]) -> None:
        job = world[0]
        (storage.run_folder(job.key) / run_file.NAME).unlink()
        rebuild()
        told = run_file.read(storage.run_folder(job.key))
        assert told is not None and told["project"] == "p"


def lose_points(run: Run) -> str:
    Chunk.objects.filter(series__run=run, series__key="acc").delete()
    return "different"


def change_a_value(run: Run) -> str:
    chunk = Chunk.objects.filter(series__run=run, series__key="acc").get()
    Chunk.objects.filter(pk=chunk.pk).update(values=bytes(8))
    return "series different: 2/acc"


def lose_a_series(run: Run) -> str:
    Series.objects.filter(run=run, writer="r1").delete()
    return "series missing: 2/r1/loss"


def invent_a_series(run: Run) -> str:
    Series.objects.create(run=run, attempt=1, key="x", count=0)
    other = Series.objects.get(run=run, attempt=1, key="loss")
    Series.objects.filter(run=run, key="x").delete()
    Series.objects.filter(pk=other.pk).update(key="y")
    return "series without a file: 1/y"


def lose_events(run: Run) -> str:
    Event.objects.filter(run=run).delete()
    return "events missing: 2"


def lose_an_artifact(run: Run) -> str:
    Artifact.objects.filter(run=run).delete()
    return "artifacts missing or different: m/x.bin"


def lose_what_people_said(run: Run) -> str:
    Run.objects.filter(pk=run.pk).update(name="", tags=[])
    return "its row lacks name, tags"


DAMAGES = [
    lose_points,
    change_a_value,
    lose_a_series,
    invent_a_series,
    lose_events,
    lose_an_artifact,
    lose_what_people_said,
]


class TestADamagedDatabase:
    @pytest.mark.parametrize("damage", DAMAGES)
    def test_the_audit_names_it_and_the_rebuild_mends_it(
        self, world: list[Run], damage: Any
    ) -> None:
        before, run = snapshot(), world[0]
        said = damage(run)
        told = rebuild(rehearse=True)
        assert [key for key, each in told.items() if each.done != EQUAL] == [run.key]
        assert said in "; ".join(told[run.key].notes)
        assert rebuild()[run.key].done == MENDED
        assert snapshot() == before


class TestDamagedFolders:
    def test_each_is_named_and_the_others_are_rebuilt(
        self, world: list[Run], tmp_path: Path
    ) -> None:
        job, twin, other = world
        before = snapshot()
        Run.objects.all().delete()
        root = storage.run_folder(job.key).parent
        metrics = storage.attempt_folder(twin, 2) / "metrics.jsonl"
        metrics.unlink()
        metrics.mkdir()
        for name in ("local-20300101-120000-00000f", "job-900"):
            (root / name).mkdir()
        (root / "local-20300101-120000-00000e").symlink_to(tmp_path)
        (root / "notes").mkdir()
        (root / "job-901").write_text("no folder")
        outcomes = rebuild()
        assert {key for key, each in outcomes.items() if each.done == SKIPPED} == {
            "local-20300101-120000-00000f",
            "job-900",
        }
        assert all(each.notes for each in outcomes.values() if each.done == SKIPPED)
        for run in (job, other):
            assert rebuilding.checksum(Run.objects.get(key=run.key)) == before[f"{run.key} sums"]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b"\xff",
            b'{"id": "job-0"}',
            b'{"id": "KEY"}',
            b'{"id": "KEY", "kind": "job", "status": "completed", "created_at": "2030-01-01"}',
            b'{"id": "KEY", "kind": {}, "status": [], "created_at": 7, "tags": {}}',
        ],
    )
    def test_a_run_json_that_cannot_be_meant_is_said_and_not_believed(
        self, world: list[Run], content: bytes
    ) -> None:
        job = world[0]
        path = storage.run_folder(job.key) / run_file.NAME
        path.write_bytes(content.replace(b"KEY", job.key.encode()))
        Run.objects.all().delete()
        assert "run.json cannot be read" in rebuild()[job.key].notes
        assert Run.objects.get(key=job.key).status == RunStatus.FAILED

    def test_names_and_times_that_no_row_can_keep_are_passed_over(self, world: list[Run]) -> None:
        """An attempt of twenty digits; a run that began before all years."""
        job, _, other = world
        before = {run.key: rebuilding.checksum(run) for run in world}
        (storage.run_folder(job.key) / run_file.NAME).unlink()
        for name in ("9" * 20, "0", "007", str(2**31)):
            (storage.run_folder(job.key) / "attempts" / name).mkdir()
        meta = storage.run_folder(other.key) / "meta.json"
        meta.write_text(json.dumps({"started_at": "0001-01-01T00:00:00+14:00"}))
        os.utime(meta.parent, (1, 2**38))
        Run.objects.all().delete()
        assert {each.done for each in rebuild().values()} == {MADE}
        found = {run.key: rebuilding.checksum(run) for run in Run.objects.all()}
        assert found == before

    def test_what_nobody_foresaw_skips_one_run(
        self, world: list[Run], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = checksums.of_files

        def broken(run: Run, attempts: list[int]) -> checksums.Sums:
            if run.key == world[0].key:
                raise OverflowError
            return whole(run, attempts)

        monkeypatch.setattr(checksums, "of_files", broken)
        outcomes = rebuild()
        assert [key for key, each in outcomes.items() if each.done == SKIPPED] == [world[0].key]
        assert "cannot be read: OverflowError" in outcomes[world[0].key].notes

    def test_a_content_that_is_gone_is_named(self, world: list[Run], data_dir: Path) -> None:
        shutil.rmtree(data_dir / "blobs")
        Run.objects.all().delete()
        found = rebuild()[world[0].key]
        assert "the content of m/x.bin is gone from the storage" in found.notes
        assert found.done == DAMAGED
        assert not Artifact.objects.filter(path="m/x.bin").exists()
