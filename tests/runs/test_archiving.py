"""The archive: what goes in, who may put it there, which lists leave it out, and how it comes back."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard.finding import found
from runs import archiving, direct, rebuilding, recording, run_file, selectors, storage, trash
from runs.models import Run, RunStatus
from tests.runs.factories import NOON, make_direct_run, make_run
from tests.runs.test_trash import ADA, ADMIN, BEN, OF_A_RUN, READER, codes, ended, keys
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db


def put_away(*runs: Run) -> None:
    moved = archiving.archive([run.key for run in runs], by=ADA, now=NOON)
    assert moved.keys == [run.key for run in runs]


class TestThereAndBack:
    def test_twice_is_once_and_the_opposite_undoes_it(self) -> None:
        run = ended()
        put_away(run)
        archiving.archive([run.key], by=BEN, now=NOON + timedelta(days=3))
        there = selectors.run(run.key)
        assert (there.archived_at, there.archived_by) == (NOON, "ada")
        for _ in range(2):
            assert archiving.unarchive([run.key], by=BEN).keys == [run.key]
        there = selectors.run(run.key)
        assert (there.archived_at, there.archived_by) == (None, "")

    def test_a_rehearsal_changes_nothing(self) -> None:
        kept, away = ended(), ended()
        put_away(away)
        assert archiving.archive([kept.key], by=ADA, now=NOON, rehearse=True).keys == [kept.key]
        assert archiving.unarchive([away.key], by=ADA, rehearse=True).keys == [away.key]
        assert keys() == [kept.key]

    def test_refusals_say_why_and_stop_no_others(self) -> None:
        run, gone, waits = ended(), ended(), make_run()
        trash.discard([gone.key], by=ADMIN, now=NOON)
        names = [gone.key, "job-99999999", waits.key, run.key]
        moved = archiving.archive(names, by=ADA, now=NOON)
        assert moved.keys == [run.key]
        assert codes(moved) == {
            gone.key: "in_trash",
            "job-99999999": "not_found",
            waits.key: "in_use",
        }
        assert "only a run that has ended can be archived" in moved.refused[2][1].detail
        for who in (READER, OF_A_RUN):
            assert set(codes(archiving.unarchive([run.key], by=who)).values()) == {
                "permission_denied"
            }

    def test_what_goes_on_comes_back_by_itself(self) -> None:
        job, alone = ended(), make_direct_run()
        direct.settle(alone, RunStatus.COMPLETED, {}, now=NOON)
        put_away(job, alone)
        recording.set_statuses([(selectors.run(job.key), RunStatus.PENDING)], now=NOON)
        direct.settle(alone, RunStatus.RUNNING, {}, now=NOON)
        assert set(keys()) == {job.key, alone.key}

    @pytest.mark.django_db(transaction=True)
    def test_a_rebuild_of_the_index_knows_it(self) -> None:
        run = ended()
        put_away(run)
        told = run_file.read(storage.run_folder(run.key))
        assert told is not None
        assert (told["archived_at"], told["archived_by"]) == (NOON, "ada")
        Run.objects.all().delete()
        list(rebuilding.rebuild())
        there = selectors.run(run.key)
        assert (there.archived_at, there.archived_by) == (NOON, "ada")


class TestLists:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, "kept"),
            ({"filter": "state:completed"}, "kept"),
            ({"filter": "archived:any"}, "away kept"),
            ({"filter": "archived:YES"}, "away"),
            ({"filter": "archived=no"}, "kept"),
            ({"filter": "-archived:no"}, "away"),
            ({"filter": "archived!=any"}, ""),
            ({"filter": "archived exists"}, "away"),
            ({"filter": "archived in (yes, no)"}, "away kept"),
            ({"filter": "id:job-99999999 OR archived:yes"}, "away"),
            ({"filter": "name~a config.archived exists"}, ""),
            ({"archived": "yes"}, "away"),
            ({"archived": "any"}, "away kept"),
            ({"archived": "no", "filter": "archived:any"}, "kept"),
            ({"trashed": "1"}, "binned"),
            ({"sort": "name", "tag": "t"}, "kept"),
        ],
    )
    def test_they_leave_it_out_unless_they_are_asked(
        self, query: dict[str, str], found: str
    ) -> None:
        _, away, binned = (ended(name=name, tags=["t"]) for name in ("kept", "away", "binned"))
        put_away(away, binned)
        trash.discard([binned.key], by=ADMIN, now=NOON)
        runs = owner().get("/api/v1/runs", query).json()["runs"]
        assert sorted(run["name"] for run in runs) == found.split()

    def test_the_newest_runs_of_the_palette_are_without_it_and_its_search_has_it(self) -> None:
        put_away(ended(name="away"))
        ended(name="kept")
        for text, shown in (("", ["kept"]), ("away", ["away"])):
            groups = found(text, visitor="ada", may_submit=True, now=NOON).groups
            assert [item.label for _, items in groups for item in items] == shown

    def test_whoever_names_a_run_finds_it(self) -> None:
        away, kept = ended(), ended()
        put_away(away)
        both = f"id in ({away.key}, {kept.key})"
        assert keys(filter=f"id:{away.key} state:completed") == [away.key]
        assert keys(filter=both) == [kept.key, away.key]
        assert keys(filter=f"id:{away.key} OR run={kept.key}") == [kept.key, away.key]
        assert keys(filter=f"-id:{kept.key}") == []
        assert keys(filter=f"id:{away.key} OR state:completed") == [kept.key]
        told = owner().get(f"/api/v1/runs/{away.key}").json()
        assert (told["archived_at"], told["archived_by"]) == ("2030-01-01T12:00:00Z", "ada")

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ({"filter": "archived:maybe"}, "no archived `maybe`"),
            ({"filter": "archived>yes"}, "compared by : and ="),
            ({"filter": "archived~y"}, "compared by : and ="),
            ({"archived": "maybe"}, "maybe"),
        ],
    )
    def test_what_it_cannot_be_is_said(self, query: dict[str, str], said: str) -> None:
        answer = owner().get("/api/v1/runs", query)
        assert 400 <= answer.status_code < 500
        assert said in answer.content.decode()


class TestHTTP:
    def test_verbs(self) -> None:
        run, other = ended(), make_run()
        told = post(owner(), "/api/v1/runs/archive", {"ids": [run.key, other.key]}).json()
        assert (told["runs"], told["refused"][0]["code"]) == ([run.key], "in_use")
        assert keys() == [other.key]
        told = post(owner(), "/api/v1/runs/unarchive", {"ids": [run.key]}).json()
        assert (told["runs"], keys()) == ([run.key], [other.key, run.key])

    @pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": "job-1"}, {"ids": [None]}])
    @pytest.mark.parametrize("verb", ["archive", "unarchive"])
    def test_what_names_no_run_is_refused(self, verb: str, body: dict[str, Any]) -> None:
        assert post(owner(), f"/api/v1/runs/{verb}", body).status_code == 400
