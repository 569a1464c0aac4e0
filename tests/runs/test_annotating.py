"""What people say about a run is kept as they said it, and nobody's words are written over unseen."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from runs import annotating, rebuilding, run_file, storage
from runs.annotating import Change
from runs.errors import Conflict, Forbidden, Invalid, NotFound
from runs.models import Run
from tests.runs.factories import NOON, make_run
from tests.runs.recorded import end, job_run
from whirr_site.access import principals, run_tokens
from whirr_site.access.principals import Principal

pytestmark = pytest.mark.django_db

ADA = Principal("ada", frozenset({"submit", "read"}))
BOB = Principal("bob", frozenset({"submit", "read"}))
LATER = NOON + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: Path) -> None:
    """Runs have files."""


def patch(key: str, body: Any, *, token: str = "") -> Any:
    given = {"Authorization": f"Bearer {token or principals.startup_secret()}"}
    return Client(headers=given).patch(f"/api/v1/runs/{key}", body, content_type="application/json")


class TestAnnotating:
    def test_only_what_is_said_changes(self) -> None:
        run = make_run(name="old", tags=["a"], project="p")
        annotating.annotate(run.key, Change(tags=["b", "b", " c "]), by=ADA, now=NOON)
        annotating.annotate(run.key, Change(notes="# hi\r\nthere"), by=BOB, now=LATER)
        run.refresh_from_db()
        assert (run.name, run.tags, run.project) == ("old", ["b", "c"], "p")
        assert (run.notes, run.notes_by, run.notes_at) == ("# hi\nthere", "bob", LATER)

    def test_notes_that_somebody_changed_meanwhile_are_not_written_over(self) -> None:
        run = make_run()
        annotating.annotate(run.key, Change(notes="ada's", notes_seen=None), by=ADA, now=NOON)
        with pytest.raises(Conflict) as refused:
            annotating.annotate(run.key, Change(notes="bob's", notes_seen=None), by=BOB, now=LATER)
        assert refused.value.extra["notes"] == "ada's"
        assert refused.value.extra["notes_by"] == "ada"
        mended = Change(notes="both", notes_seen=NOON)
        assert annotating.annotate(run.key, mended, by=BOB, now=LATER).notes == "both"

    def test_the_same_notes_again_are_nobody_elses(self) -> None:
        run = make_run()
        annotating.annotate(run.key, Change(notes="x"), by=ADA, now=NOON)
        again = annotating.annotate(run.key, Change(notes="x"), by=BOB, now=LATER)
        assert (again.notes_by, again.notes_at) == ("ada", NOON)

    @pytest.mark.parametrize(
        "change",
        [
            Change(name="x" * 256),
            Change(name="two\nlines"),
            Change(project="x" * 101),
            Change(tags=[""]),
            Change(tags=["a\x07"]),
            Change(tags=["x" * 101]),
            Change(tags=[str(number) for number in range(101)]),
            Change(notes="x" * 65_537),
        ],
    )
    def test_what_cannot_be_kept_is_refused_and_changes_nothing(self, change: Change) -> None:
        run = make_run(name="old")
        with pytest.raises(Invalid):
            annotating.annotate(run.key, change, by=ADA, now=NOON)
        assert Run.objects.get(pk=run.pk).name == "old"

    def test_characters_that_no_database_takes_are_replaced(self) -> None:
        run = make_run()
        done = annotating.annotate(run.key, Change(notes="a\x00b\ud800"), by=ADA, now=NOON)
        done.refresh_from_db()
        assert done.notes == "a�b�"

    def test_a_project_is_its_owners_to_change(self) -> None:
        run = make_run(user="ada", project="p")
        with pytest.raises(Forbidden):
            annotating.annotate(run.key, Change(project="q"), by=BOB, now=NOON)
        assert annotating.annotate(run.key, Change(project="p"), by=BOB, now=NOON).project == "p"
        assert annotating.annotate(run.key, Change(project="q"), by=ADA, now=NOON).project == "q"

    def test_who_may_only_read_says_nothing(self) -> None:
        reader = Principal("eve", frozenset({"read"}))
        with pytest.raises(Forbidden):
            annotating.annotate(make_run().key, Change(notes="x"), by=reader, now=NOON)
        with pytest.raises(NotFound):
            annotating.annotate("job-99999999", Change(notes="x"), by=ADA, now=NOON)


class TestTheApi:
    def test_a_run_is_described_and_says_so(self) -> None:
        run = make_run(name="old")
        told = patch(run.key, {"name": "new", "tags": ["a"], "notes": "**x**"}).json()
        assert (told["name"], told["tags"], told["notes"]) == ("new", ["a"], "**x**")
        assert (told["notes_by"], bool(told["notes_at"])) == ("owner", True)
        late = patch(run.key, {"notes": "other", "notes_seen": None})
        assert (late.status_code, late.json()["code"]) == (409, "conflict")
        seen = {"notes": "other", "notes_seen": told["notes_at"]}
        assert patch(run.key, seen).json()["notes"] == "other"

    @pytest.mark.parametrize(
        "body",
        [
            [],
            {"status": "completed"},
            {"notes": None},
            {"tags": "a"},
            {"tags": [["a"]]},
            {"tags": [{}]},
            {"name": {}},
            {"notes": "x", "notes_seen": "yesterday"},
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, body: Any) -> None:
        run = make_run(name="old")
        answer = patch(run.key, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_a_run_that_is_not_there_and_a_runs_own_token(self) -> None:
        run = make_run()
        assert patch("job-99999999", {"notes": "x"}).status_code == 404
        token = run_tokens.make(run.key, 1)
        assert patch(run.key, {"notes": "x"}, token=token).status_code == 403


def test_notes_come_back_with_the_database(committing: Any) -> None:
    with committing():
        run = end(job_run())
        annotating.annotate(run.key, Change(notes="mine"), by=ADA, now=NOON)
    told = run_file.read(storage.run_folder(run.key))
    assert told is not None
    assert (told["notes"], told["notes_by"], told["notes_at"]) == ("mine", "ada", NOON)
    Run.objects.all().delete()
    with committing():
        list(rebuilding.rebuild())
    assert Run.objects.get(key=run.key).notes == "mine"
