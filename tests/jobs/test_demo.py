"""Demo data: thirty runs by one click, gone by another, and never anything of a person's."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from jobs import cancelling, retrying
from jobs.demo import making, marks, removing, stories
from jobs.models import Array, Attempt, Job, Usage, Worker
from jobs.states import After
from runs import contents, rebuilding, storage, trash
from runs.errors import Busy
from runs.models import Artifact, Event, Run, Series
from tests.jobs.factories import NOON, make_job, make_worker, sync
from whirr_site.access.principals import Principal

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Three members of the sweep and the runs that differ most from others: what thirty would only take longer for."""
    told = list(stories.singles())
    members = stories.sweep()[-3:]
    monkeypatch.setattr(stories, "sweep", lambda: members)
    monkeypatch.setattr(stories, "singles", lambda: iter([told[0], told[3], told[-2]]))
    return 6


def test_it_has_what_there_is_to_show() -> None:
    assert making.make(now=NOON) == 30

    runs = list(marks.recorded())
    assert len(runs) == 30
    assert {run.status for run in runs} == {"completed", "failed", "cancelled"}
    assert all(run.started_at and run.finished_at and run.finished_at < NOON for run in runs)
    assert Array.objects.get().jobs.count() == 12
    assert Series.objects.filter(nan_count__gt=0).exists()
    assert set(Event.objects.values_list("kind", flat=True)) == {"alert", "image", "table"}
    assert Artifact.objects.filter(path="model.json").count() >= 20
    assert set(Attempt.objects.values_list("status", flat=True)) == {
        *("succeeded", "failed", "lost", "timed_out", "cancelled"),
    }
    assert [run for run in runs if run.notes]
    assert not Worker.objects.exists()


def test_a_rebuild_finds_nothing_odd(few: int) -> None:
    making.make(now=NOON)
    found = {each.key: each.notes for each in rebuilding.rebuild(rehearse=True)}
    assert found == {run.key: [] for run in marks.recorded()}


def test_again_changes_nothing(few: int) -> None:
    making.make(now=NOON)
    before = set(Run.objects.values_list("pk", "key"))
    assert making.make(now=LATER) == 0
    assert set(Run.objects.values_list("pk", "key")) == before


def test_it_goes_for_good_and_takes_nothing_else(few: int) -> None:
    mine = make_job(project="demo", user="demo", name="my own demo", tags=["baseline"])
    making.make(now=NOON)
    folders = [storage.run_folder(run.key) for run in marks.recorded()]
    kept = [each.blob for each in Artifact.objects.all()]

    assert removing.remove(actor="ada", now=LATER) == few

    assert [run.key for run in Run.objects.all()] == [f"job-{mine.pk}"]
    assert Job.objects.count() == 1
    assert not Array.objects.exists()
    assert not [folder for folder in folders if folder.exists()]
    assert not set(kept) & set(contents.stored())
    assert removing.remove(actor="ada", now=LATER) == 0
    assert not marks.there()


def test_what_people_retried_of_it_goes_with_it_and_nobody_is_ever_given_it(few: int) -> None:
    making.make(now=NOON)
    failed = marks.jobs().filter(status="failed").order_by("pk")[0]
    again = retrying.retry(failed.pk, actor="ada", now=NOON)
    assert sync(make_worker(gpus=4), now=NOON).jobs == []

    removing.remove(actor="ada", now=LATER)

    assert not Run.objects.exists()
    assert not Job.objects.filter(pk=again.pk).exists()


def test_what_somebody_needs_stops_the_removal_before_anything_moves(few: int) -> None:
    making.make(now=NOON)
    theirs = make_job(after=[(marks.jobs().order_by("pk")[0].pk, After.ANY)])
    with pytest.raises(Busy, match=f"nothing was removed.* job {theirs.pk} of ada"):
        removing.remove(actor="bob", now=LATER)
    assert marks.recorded().filter(trashed_at__isnull=True).count() == few

    cancelling.cancel(theirs.pk, actor="ada", now=LATER)
    assert removing.remove(actor="bob", now=LATER) == few


def test_what_lies_in_the_trash_can_be_removed_and_made_again(few: int) -> None:
    making.make(now=NOON)
    by = Principal("ada", frozenset({"admin"}))
    trash.discard(marks.recorded().values_list("key", flat=True), by=by, now=LATER)
    old = set(marks.recorded().values_list("pk", flat=True))
    assert marks.there().runs == few

    assert making.make(now=LATER) == few

    assert not old & set(marks.recorded().values_list("pk", flat=True))
    assert marks.recorded().filter(trashed_at__isnull=True).count() == few


def test_fair_share_forgets_it(few: int) -> None:
    making.make(now=NOON)
    assert Usage.objects.filter(name="demo").count() == 2
    removing.remove(actor="ada", now=LATER)
    assert not Usage.objects.exists()


def test_a_machine_of_that_name_stays_as_it_is(few: int) -> None:
    mine = make_worker(marks.NODE, gpus=2)
    making.make(now=NOON)
    removing.remove(actor="ada", now=LATER)
    assert [each.pk for each in Worker.objects.all()] == [mine.pk]


def test_jobs_of_people_are_not_run_by_it(few: int) -> None:
    job = make_job(gpus=1, priority=100)
    making.make(now=NOON)
    job.refresh_from_db()
    assert job.status == "queued"


def test_two_clicks_at_once_make_one(few: int) -> None:
    made: list[int] = []

    def click() -> None:
        try:
            made.append(making.make(now=NOON))
        finally:
            connections.close_all()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join(timeout=60)

    assert sorted(made) == [0, few]
    assert marks.recorded().count() == few
