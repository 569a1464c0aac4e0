"""Deleting for good: everything goes, nothing else does, and a crash in the middle costs nothing."""

import hashlib
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from runs import artifacts, contents, measuring, purging, selectors, storage, ties, trash, trees
from runs.errors import Busy, NotFound
from runs.models import Artifact, Chunk, Deletion, Event, Run, Series, Stream
from runs.tasks import purge_trash
from tests.runs.factories import NOON, line, log, make_direct_run, make_run
from tests.runs.test_trash import ADMIN
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=8)
CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs of these tests have no jobs, whatever their kind says."""
    monkeypatch.setattr(ties, "_ties", [])


def keep(run: Run, data: bytes = CONTENT, path: str = "model.bin") -> Artifact:
    return artifacts.receive(run, run.attempt, path, offset=0, size=len(data), data=data, now=NOON)


def filled(**values: Any) -> Run:
    """A run with points, a log and an artifact, in the trash since noon."""
    run = make_run(**values)
    log(run, b"".join(line(loss=1.0 / (n + 1), _idx=n) for n in range(600)))
    log(run, b"hello\n", name="output.log")
    log(
        run,
        line(_idx=0, type="alert", key="oh", title="oh", text="", level="info"),
        name="events.jsonl",
    )
    keep(run)
    return binned(run)


def binned(run: Run) -> Run:
    Run.objects.filter(pk=run.pk).update(status="completed", finished_at=NOON)
    trash.discard([run.key], by=ADMIN, now=NOON)
    return selectors.run(run.key)


def home(run: Run) -> Path:
    return storage.run_folder(run.key)


def purge(now: datetime = LATER, *, patience: float | None = None) -> purging.Purged:
    return purging.purge(by="root", now=now, patience=patience)


def nothing_is_left(run: Run) -> bool:
    rows = [Series, Stream, Event, Artifact]
    assert not [model for model in rows if model._default_manager.filter(run_id=run.pk).exists()]
    assert not Chunk.objects.filter(series__run_id=run.pk).exists()
    assert not Run.objects.filter(pk=run.pk).exists()
    return not list(home(run).parent.glob(f"*{run.key}"))


class TestWhatGoes:
    def test_after_the_grace_everything_goes_and_the_bytes_are_told(self) -> None:
        run = filled(name="old", project="vision")
        foretold = trash.room_of([run.key])
        assert purge(now=NOON + timedelta(days=6)).keys == []
        purged = purge()
        assert purged.keys == [run.key]
        assert nothing_is_left(run)
        told = Deletion.objects.get(run_key=run.key)
        assert (told.name, told.project, told.trashed_by, told.deleted_by) == (
            *("old", "vision", "root", "root"),
        )
        assert told.ended_at == LATER
        assert told.freed_files > len(CONTENT)
        assert told.freed_database > 600 * 24
        assert purged.freed == told.freed
        assert abs(foretold - told.freed) <= 20 * measuring.A_ROW
        with pytest.raises(NotFound):
            selectors.run(run.key)

    def test_nothing_of_another_run_goes(self) -> None:
        kept, gone = make_run(), filled()
        log(kept, line(loss=1.0))
        keep(kept)
        before = Path(home(kept)).stat().st_ino
        purge()
        assert nothing_is_left(gone)
        assert Series.objects.get(run=kept).count == 1
        assert home(kept).stat().st_ino == before
        # The same content was stored once, for both.
        (artifact,) = Artifact.objects.all()
        assert contents.of(artifact.blob).read() == CONTENT

    def test_celery_empties_what_is_past_its_grace(self, settings: Any) -> None:
        settings.WHIRR_TRASH_GRACE = timedelta(0)
        run = filled()
        Run.objects.filter(pk=run.pk).update(trashed_at=NOON.replace(year=2020))
        assert purge_trash() == 1
        assert nothing_is_left(run)

    def test_empty_now_asks_for_no_grace(self) -> None:
        run = filled()
        told = post(owner(), "/api/v1/trash/empty").json()
        assert (told["deleted"], told["left"], told["kept"]) == ([run.key], 0, [])
        assert told["freed_bytes"] > len(CONTENT)
        assert told["freed"].endswith("KiB")
        (line_of_audit,) = owner().get("/api/v1/trash").json()["deletions"]
        assert (line_of_audit["id"], line_of_audit["deleted_by"]) == (run.key, "owner")
        assert post(owner(), "/api/v1/trash/empty", {"project": "x"}).status_code == 400

    def test_a_call_ends_when_its_time_is_over(self) -> None:
        filled(), filled(), filled()
        purged = purge(patience=0.0)
        assert (len(purged.keys), purged.left) == (1, 2)
        assert len(purge().keys) == 2

    def test_links_are_removed_and_never_followed(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "precious").write_text("x")
        inside, whole = filled(), binned(make_direct_run())
        (home(inside) / "link").symlink_to(outside)
        (home(inside) / "attempts" / "1" / "file").symlink_to(outside / "precious")
        home(whole).symlink_to(outside)
        assert len(purge().keys) == 2
        assert (outside / "precious").read_text() == "x"
        assert nothing_is_left(whole)


class Crash(BaseException):
    """No error that anybody catches, as little as a kill."""


STEPS: dict[str, tuple[Any, str]] = {
    "before the folder": (measuring, "folder_bytes"),
    "in the folder": (trees, "remove"),
    "before the contents": (artifacts, "release"),
    "in the rows": (measuring, "length"),
    "before the last row": (ties, "let_go"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_in_the_middle_is_made_good(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = filled()
    foretold = trash.room_of([run.key])

    def crash(*_: Any, **__: Any) -> Any:
        raise Crash

    with monkeypatch.context() as broken, pytest.raises(Crash):
        broken.setattr(*STEPS[step], crash)
        purge()
    with pytest.raises(NotFound):
        selectors.run(run.key)
    assert trash.restore([run.key], by=ADMIN).keys == []
    assert purge(now=NOON).keys == [run.key]  # whatever the grace: it has begun
    assert nothing_is_left(run)
    assert contents.size_of(hashlib.sha256(CONTENT).hexdigest()) is None
    freed = Deletion.objects.get(run_key=run.key).freed
    assert abs(foretold - freed) <= 20 * measuring.A_ROW


def test_a_folder_that_cannot_be_deleted_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, other = filled(), filled()
    real = trees.remove

    def refuse(path: Path) -> None:
        if path.name.endswith(stuck.key):
            raise PermissionError(13, "Permission denied")
        real(path)

    with monkeypatch.context() as broken:
        broken.setattr(trees, "remove", refuse)
        purged = purge()
    assert purged.keys == [other.key]
    assert "Permission denied" in purged.kept[stuck.key]
    assert purge().keys == [stuck.key]


def test_what_nobody_foresaw_keeps_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, other = filled(), filled()
    real = trees.remove

    def stumble(path: Path) -> None:
        if path.name.endswith(stuck.key):
            raise RuntimeError("odd")
        real(path)

    with monkeypatch.context() as broken:
        broken.setattr(trees, "remove", stumble)
        purged = purge()
    assert (purged.keys, list(purged.kept)) == ([other.key], [stuck.key])
    assert "RuntimeError: odd" in caplog.text
    assert purge().keys == [stuck.key]


class TestSideBySide:
    def test_what_is_needed_stays_and_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run = filled()
        tie = ties.Tie(lambda runs: dict.fromkeys(runs, "job 9 depends on it"), lambda _: True)
        monkeypatch.setattr(ties, "_ties", [tie])
        assert purge().kept == {run.key: "job 9 depends on it"}
        assert home(run).is_dir()
        assert trash.restore([run.key], by=ADMIN).keys == [run.key]

    def test_one_at_a_time(self) -> None:
        with purging._alone(), pytest.raises(Busy):
            purge()
        with purging._alone():
            answer = post(owner(), "/api/v1/trash/empty")
            assert (answer.status_code, answer.json()["code"]) == (409, "busy")
            assert purge_trash() == 0


@pytest.mark.django_db(transaction=True)
def test_of_restoring_and_deleting_for_good_one_wins() -> None:
    """Twenty runs, restored while they are being deleted: each is whole, or gone."""
    runs = [filled() for _ in range(20)]
    restored: list[str] = []
    begin = threading.Barrier(2)

    def restore() -> None:
        begin.wait()
        for run in reversed(runs):
            restored.extend(trash.restore([run.key], by=ADMIN).keys)
        connections.close_all()

    thread = threading.Thread(target=restore)
    thread.start()
    begin.wait()
    purged = purge()
    thread.join()
    assert sorted([*purged.keys, *restored]) == sorted(run.key for run in runs)
    for run in runs:
        if run.key in restored:
            assert Series.objects.get(run=run, key="loss").count == 600
            assert (home(run) / "attempts" / "1" / "metrics.jsonl").is_file()
        else:
            assert nothing_is_left(run)


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_the_file_of_sqlite_shrinks() -> None:
    run = make_run()
    keep_in_rows(run)
    Run.objects.filter(pk=run.pk).update(status="completed", finished_at=NOON)
    trash.discard([run.key], by=ADMIN, now=NOON)
    before = pages()
    purge()
    assert pages() < before - 400


def keep_in_rows(run: Run) -> None:
    """Four megabytes."""
    series = Series.objects.create(run=run, attempt=1, key="loss")
    big = b"x" * 100_000
    for start in range(14):
        Chunk.objects.create(series=series, start=start, count=1, steps=big, values=big, times=big)


def pages() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        return int(cursor.fetchone()[0])
