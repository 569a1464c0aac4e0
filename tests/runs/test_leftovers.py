"""What deaths at a bad moment leave behind goes after a day; nothing goes that some database or manifest may name."""

import os
import shutil
import time
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from runs import artifacts, manifest, parts, purging, selectors, storage, sweeping
from runs.models import Artifact, Run
from runs.tasks import sweep_leftovers
from tests.runs.factories import NOON, make_run
from tests.runs.test_artifact_contents import HELLO, SHA, files, send

pytestmark = pytest.mark.django_db


class TestByTheHour:
    """Celery takes away what nobody goes on with, and nothing that another database may name."""

    @pytest.fixture
    def orphan(self) -> Path:
        path = parts.path_of(parts.new())
        path.parent.mkdir()
        path.write_bytes(b"123")
        os.utime(path, (time.time() - 90_000,) * 2)
        return path

    def test_old_part_files_go_and_contents_stay(self, orphan: Path, data_dir: Path) -> None:
        send(make_run()).delete()
        os.utime(data_dir / "blobs" / SHA[:2] / SHA, (0, 0))
        assert sweep_leftovers() == 3
        assert files(data_dir) == [SHA]

    def test_beside_a_run_that_the_database_does_not_know_they_stay(self, orphan: Path) -> None:
        other = make_run()
        make_run()
        storage.prepare(other, 1)
        other.delete()
        assert sweep_leftovers() == 0
        Run.objects.all().delete()
        assert sweep_leftovers() == 0
        assert orphan.is_file()

    def test_folders_of_deletions_that_no_database_remembers_go(self, data_dir: Path) -> None:
        run, known, other = make_run(), make_run(), data_dir / "runs" / ".deleting-notes"
        aside = {each: data_dir / "runs" / f".deleting-{each.key}" for each in (run, known)}
        for path in (*aside.values(), other):
            (path / "attempts").mkdir(parents=True)
        send(run)
        send(known)
        shutil.rmtree(storage.run_folder(run.key))
        Run.objects.filter(pk=run.pk).delete()
        sweep_leftovers()
        assert not aside[run].exists()
        assert not manifest.path_of(run.key, 1).exists()
        assert manifest.path_of(known.key, 1).is_file()
        assert aside[known].is_dir()
        assert other.is_dir()

    def test_the_manifest_of_a_run_goes_with_it(self) -> None:
        run = make_run()
        send(run)
        Run.objects.filter(pk=run.pk).update(
            status="completed", finished_at=NOON, trashed_at=NOON, trashed_by="ada"
        )
        assert purging.purge(by="ada", now=NOON, all_of_it=True).keys == [run.key]
        assert not manifest.path_of(run.key, 1).parent.exists()

    def test_beat_knows_of_it(self) -> None:
        import_module("runs.migrations.0010_leftovers").seed(apps, None)
        assert PeriodicTask.objects.filter(task=sweep_leftovers.name).count() == 1


class TestSweeping:
    def test_what_a_killed_server_left_is_finished_or_removed(self, data_dir: Path) -> None:
        run = make_run()
        whole = send(run, b"hell", "whole", size=5)
        with parts.path_of(whole.blob).open("ab") as file:
            file.write(b"o")
        Artifact.objects.update(received=5)  # killed before it became a content
        going_on = send(run, b"x", "going-on", size=2)
        orphan, recent = parts.new(), parts.new()
        for name in (orphan, recent):
            parts.path_of(name).parent.mkdir(exist_ok=True)
            parts.path_of(name).write_bytes(b"123")
        unnamed, fresh = send(run, b"unnamed", "unnamed"), send(run, b"fresh", "fresh")
        before = send(run, b"of an earlier server", "before")
        old = storage.attempt_folder(run, 1) / "artifacts.jsonl"
        shutil.copy(manifest.path_of(run.key, 1), old)
        manifest.forget(run, 1, ["before", "unnamed", "fresh"])
        told = send(run, b"only its manifest names it", "told")
        old.write_bytes(old.read_bytes() + b'{"path": "unnamed", "deleted": true}\n')
        Artifact.objects.filter(path__in=["before", "unnamed", "fresh", "told"]).delete()
        a_day_ago = time.time() - 90_000
        for name in (orphan, going_on.blob, unnamed.blob, told.blob, before.blob):
            os.utime(data_dir / "blobs" / name[:2] / name, (a_day_ago, a_day_ago))
        assert sweeping.sweep(now=timezone.now()) == len(b"123") + len(b"unnamed")
        assert files(data_dir) == sorted(
            [SHA, going_on.blob, recent, fresh.blob, told.blob, before.blob]
        )
        assert artifacts.content(selectors.artifact(run, "whole")).read() == HELLO
        assert set(manifest.read(run, 1)) == {"told", "whole"}
        assert sweeping.sweep(now=timezone.now()) == 0
