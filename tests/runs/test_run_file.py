"""run.json: what the server alone knows of a run stands beside its files, and a disk that is full undoes no end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from runs import documents, run_file, storage
from runs.models import Run, RunStatus
from tests.runs.recorded import end, job_run

Committing = Callable[..., AbstractContextManager[Any]]

pytestmark = pytest.mark.django_db


class TestRunJson:
    def test_what_is_changed_after_the_end_is_in_it(self, committing: Committing) -> None:
        with committing():
            job = end(job_run())
            documents.put(job, 2, "meta.json", b'{"summary": {"late": 1}, "tags": ["b"]}')
        told = run_file.read(storage.run_folder(job.key))
        assert told is not None
        assert (told["summary"]["late"], told["tags"]) == (1, ["a", "b"])

    def test_a_job_that_has_not_ended_has_none(self, committing: Committing) -> None:
        with committing():
            run = job_run()
        assert not (storage.run_folder(run.key) / run_file.NAME).exists()

    def test_a_full_disk_does_not_undo_an_end(
        self, committing: Committing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(path: Path) -> None:
            raise OSError(28, "No space left on device")

        run = job_run()
        monkeypatch.setattr(storage, "replacing", full)
        with committing():
            end(run)
        assert Run.objects.get(pk=run.pk).status == RunStatus.COMPLETED
