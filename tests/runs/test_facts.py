"""Commit, Python, packages and GPUs: small facts of the newest attempt, from its documents, whatever these hold."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django_celery_beat.models import PeriodicTask

from jobs.models import Job
from runs import documents, fact_filling, facts, rebuilding, recording, run_file, storage
from runs.models import Run, RunStatus
from runs.rebuilding import EQUAL, MENDED
from runs.tasks import fill_facts
from tests.jobs import factories as jobs
from tests.runs.factories import NOON, line, log, make_run
from tests.runs.recorded import end

pytestmark = pytest.mark.django_db

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GIT = json.dumps({"commit": COMMIT, "branch": "main", "dirty": False, "remote": "x"}).encode()
PACKAGES = b"torch==2.4.0+cu121\nmine==1\nScikit_Learn == 1.5 # pinned\nnumpy>=2\n"


def stored(run: Run) -> dict[str, Any]:
    return dict(Run.objects.get(pk=run.pk).facts)


def told(run: Run, attempt: int = 1) -> Run:
    """With all documents that tell facts."""
    documents.put(run, attempt, "meta.json", b'{"python": "3.11.9"}')
    documents.put(run, attempt, "git.json", GIT)
    documents.put(run, attempt, "requirements.txt", PACKAGES)
    return Run.objects.get(pk=run.pk)


ALL = {
    "attempt": 1,
    "python": "3.11.9",
    "commit": COMMIT,
    "branch": "main",
    "dirty": False,
    "package/torch": "2.4.0+cu121",
    "package/scikit-learn": "1.5",
}


class TestDocuments:
    def test_they_fill_the_facts_and_only_well_known_packages(self) -> None:
        run = told(make_run())
        assert run.facts == ALL
        assert facts.of_run(run, "package.scikit-learn") == "1.5"
        assert facts.of_run(run, "dirty") is False
        assert facts.of_run(run, "gpu") is None

    def test_a_new_one_takes_the_place_of_what_the_old_one_said(self) -> None:
        run = told(make_run())
        documents.put(run, 1, "requirements.txt", b"numpy==2.0\n")
        documents.put(run, 1, "git.json", b'{"commit": "ff"}')
        left = {"attempt": 1, "python": "3.11.9", "commit": "ff", "package/numpy": "2.0"}
        assert stored(run) == left

    def test_a_new_attempt_begins_without_those_of_the_one_before(self) -> None:
        run = told(make_run())
        recording.begin_attempts([(run, 2, "b")], now=NOON, models={run.pk: ["A100", "A100", None]})
        assert stored(run) == {"attempt": 2, "gpu": "A100"}
        documents.put(run, 2, "git.json", GIT)
        assert stored(run)["commit"] == COMMIT
        assert stored(run)["gpu"] == "A100"

    def test_an_attempt_that_runs_on_keeps_them(self) -> None:
        run = told(make_run())
        recording.begin_attempts([(run, 1, "b")], now=NOON)
        assert stored(run) == ALL

    def test_the_first_that_comes_after_an_upgrade_finds_the_earlier_ones(self) -> None:
        run = told(make_run())
        Run.objects.update(facts={})
        documents.put(run, 1, "meta.json", b'{"python": "3.12.0"}')
        assert stored(run) == ALL | {"python": "3.12.0"}

    @pytest.mark.parametrize(
        "hostile",
        [
            b"",
            b"\xff\x00{",
            b"[]",
            b'{"commit": 7, "branch": []}',
            b'{"commit": "", "branch": "main", "dirty": true}',
        ],
    )
    def test_what_tells_no_commit_is_kept_as_a_file_and_stops_nobody(self, hostile: bytes) -> None:
        run = make_run()
        documents.put(run, 1, "git.json", hostile)
        assert stored(run) == {"attempt": 1}

    def test_texts_are_bounded_and_such_as_databases_take(self) -> None:
        run = make_run()
        git = {"commit": "c" * 9999, "branch": "a\0\ud800" + "b" * 9999, "dirty": "yes"}
        documents.put(run, 1, "git.json", json.dumps(git).encode())
        documents.put(run, 1, "requirements.txt", b"torch==" + b"9" * 9999 + b"\xff\0\n" * 9)
        found = stored(run)
        assert len(found["commit"]) == 100
        assert found["branch"].startswith("a\N{REPLACEMENT CHARACTER}")
        assert len(found["branch"]) == 255
        assert len(found["package/torch"]) == 60
        assert "dirty" not in found

    @pytest.mark.parametrize("odd", [[], 7, {"a": 1}, "", None])
    def test_a_row_with_something_else_in_it_has_none(self, odd: Any) -> None:
        assert facts.of_run(Run(facts={"commit": odd}), "commit") is None
        assert facts.of_run(Run(facts=odd), "commit") is None


class TestClaims:
    def test_a_job_knows_the_model_of_what_it_was_given(self) -> None:
        worker = jobs.make_worker("node1", gpus=2, now=NOON)
        worker.gpus[0]["name"], worker.gpus[1]["name"] = "H200", "A100"
        worker.save()
        jobs.make_job(now=NOON, gpus=1)
        attempt = jobs.claim(worker, now=NOON)
        run = Job.objects.get(pk=attempt.job_id).run
        assert stored(run)["gpu"] == {0: "H200", 1: "A100"}[attempt.gpus[0]]


class TestFiles:
    def test_run_json_has_them_and_one_without_is_no_difference(self, committing: Any) -> None:
        with committing():
            run = end(told(make_run()))
        path = storage.run_folder(run.key) / run_file.NAME
        assert json.loads(path.read_text())["facts"] == ALL
        old = {key: value for key, value in json.loads(path.read_text()).items() if key != "facts"}
        path.write_text(json.dumps(old))
        assert [each.done for each in rebuilding.rebuild()] == [EQUAL]

    @pytest.mark.parametrize("is_gone", [True, False])
    def test_a_rebuild_finds_them_in_the_documents(self, is_gone: bool) -> None:
        run = told(make_run())
        run.facts |= {"gpu": "H200"}
        if is_gone:
            Run.objects.all().delete()
            list(rebuilding.rebuild())
            assert dict(Run.objects.get(key=run.key).facts) == ALL
            return
        Run.objects.update(facts={"attempt": 1, "gpu": "H200", "commit": "other"})
        (outcome,) = rebuilding.rebuild(rehearse=True)
        assert outcome.done == MENDED
        assert "branch" in outcome.notes[0]
        assert stored(run)["commit"] == "other"
        list(rebuilding.rebuild())
        assert stored(run) == ALL | {"gpu": "H200"}
        assert [each.done for each in rebuilding.rebuild()] == [EQUAL]

    @pytest.mark.parametrize("is_ended", [True, False])
    @pytest.mark.parametrize("said", [{}, {"python": "3.12.1"}])
    def test_a_rebuild_says_nothing_of_an_older_attempt(
        self, said: dict[str, str], is_ended: bool, committing: Any
    ) -> None:
        with committing():
            run = told(make_run())
        if is_ended:  # run.json has the facts of attempt 1, then
            with committing():
                end(run)
            recording.set_statuses([(run, RunStatus.PENDING)], now=NOON)
        recording.begin_attempts([(run, 2, "node2")], now=NOON, models={})
        log(run, line(step=1, loss=0.5))
        if said:
            documents.put(run, 2, "meta.json", json.dumps(said).encode())
        assert stored(run) == {"attempt": 2} | said
        Run.objects.all().delete()
        list(rebuilding.rebuild())
        assert dict(Run.objects.get(key=run.key).facts) == {"attempt": 2} | said

    def test_a_row_with_the_facts_of_an_older_attempt_is_mended_without_them(self) -> None:
        run = told(make_run())
        Run.objects.update(facts={"attempt": 0, "gpu": "H100", "package/jax": "0.4"})
        list(rebuilding.rebuild())
        assert stored(run) == ALL

    def test_a_run_that_never_began_has_none_after_a_rebuild(self, committing: Any) -> None:
        with committing():
            run = end(make_run(attempt=0))
        Run.objects.all().delete()
        list(rebuilding.rebuild())
        assert dict(Run.objects.get(key=run.key).facts) == {}


class TestFilling:
    def test_old_runs_learn_theirs_once(self) -> None:
        run, bare, waiting = told(make_run()), make_run(), make_run(attempt=0)
        Run.objects.update(facts={})
        assert fact_filling.fill(seconds=60) == 2
        assert [stored(each) for each in (run, bare, waiting)] == [ALL, {"attempt": 1}, {}]
        assert fact_filling.fill(seconds=60) == 0

    def test_a_part_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(3):
            told(make_run())
        Run.objects.update(facts={})
        monkeypatch.setattr(fact_filling, "AT_ONCE", 2)
        assert [fact_filling.fill(seconds=0) for _ in range(3)] == [2, 1, 0]

    def test_a_disk_that_is_not_there_says_nothing_of_anybody(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = told(make_run())
        Run.objects.update(facts={})
        (tmp_path / "empty").mkdir()
        for empty in (tmp_path / "nothing", tmp_path / "empty"):
            monkeypatch.setattr(settings, "RUNS_DIR", empty)
            assert fact_filling.fill(seconds=60) == 0
        assert stored(run) == {}

    def test_what_came_meanwhile_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run = told(make_run())
        Run.objects.update(facts={})

        def late(_: Run) -> dict[str, Any]:
            Run.objects.filter(pk=run.pk).update(facts={"attempt": 1, "python": "new"})
            return {"attempt": 1}

        monkeypatch.setattr(documents, "facts_in_files", late)
        fact_filling.fill(seconds=0)
        assert stored(run) == {"attempt": 1, "python": "new"}

    def test_beat_knows_of_it(self) -> None:
        import_module("runs.migrations.0016_facts_schedule").seed(apps, None)
        assert PeriodicTask.objects.filter(task=fill_facts.name).count() == 1
        assert fill_facts() == 0
