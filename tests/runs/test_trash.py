"""The trash: what goes in, who may put it there, what it hides, and how it comes back."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from runs import adopting, direct, purging, recording, selectors, ties, trash
from runs.direct import Opening
from runs.errors import Forbidden, InTrash, InUse, Invalid, NotFound
from runs.models import Run, RunStatus
from runs.trash import Choice
from tests.runs.factories import NOON, line, log, make_direct_run, make_run
from tests.site.asking import job_of, owner, post
from whirr_site.access.principals import SCOPES, Principal

pytestmark = pytest.mark.django_db

ADMIN = Principal("root", SCOPES)
ADA = Principal("ada", frozenset({"submit", "read"}))
BEN_ADMIN = Principal("ben", SCOPES)
BEN = Principal("ben", frozenset({"submit", "read"}))
READER = Principal("ada", frozenset({"read"}))
OF_A_RUN = Principal("ada", frozenset(), ("job-1", 1))


def ended(status: RunStatus = RunStatus.COMPLETED, *, days: int = 0, **values: Any) -> Run:
    """A run of a job that ended so many days before noon."""
    run = make_run(**values)
    recording.set_statuses([(run, status)], now=NOON - timedelta(days=days))
    return run


def discard(*runs: Run, by: Principal = ADMIN, **told: Any) -> trash.Moved:
    return trash.discard([run.key for run in runs], by=by, now=NOON, **told)


def codes(moved: trash.Moved) -> dict[str, str]:
    return {key: why.code for key, why in moved.refused}


def keys(**query: Any) -> list[str]:
    return [run["id"] for run in owner().get("/api/v1/runs", query).json()["runs"]]


class TestThereAndBack:
    def test_it_disappears_from_lists_is_still_readable_and_comes_back(self) -> None:
        kept, gone = ended(), ended()
        assert owner().delete(f"/api/v1/runs/{gone.key}").status_code == 200
        assert (keys(), keys(trashed=1)) == ([kept.key], [gone.key])
        assert owner().get(f"/api/v1/runs/{gone.key}").json()["trashed_at"] is not None
        assert post(owner(), "/api/v1/runs/restore", {"ids": [gone.key]}).json()["runs"] == [
            gone.key
        ]
        assert (keys(), keys(trashed=1)) == ([gone.key, kept.key], [])

    def test_twice_is_once_and_the_grace_begins_with_the_first_time(self) -> None:
        run = ended()
        discard(run)
        trash.discard([run.key], by=BEN_ADMIN, now=NOON + timedelta(days=3))
        found = selectors.run(run.key)
        assert (found.trashed_at, found.trashed_by) == (NOON, "root")
        assert trash.for_good_at(found) == NOON + timedelta(days=7)

    def test_it_is_in_no_comparison_and_in_no_table(self) -> None:
        kept, gone = ended(name="kept"), ended(name="binned")
        discard(gone)
        for page in ("/", "/runs/", f"/compare/?runs={kept.key},{gone.key}"):
            shown = owner().get(page).content.decode()
            assert "kept" in shown, page
            assert "binned" not in shown, page

    def test_a_rehearsal_moves_nothing_and_tells_the_bytes(self) -> None:
        run = ended()
        log(run, line(loss=0.5) * 100)
        told = post(owner(), "/api/v1/runs/trash", {"ids": [run.key], "dry_run": True}).json()
        assert told["runs"] == [run.key]
        assert told["bytes"] > 100 * len(line(loss=0.5))
        assert keys() == [run.key]


class TestWhatStays:
    def test_what_runs_is_refused_and_says_what_to_do(self) -> None:
        running, pending, direct = make_run(), make_run(attempt=0), make_direct_run()
        assert set(codes(discard(running, pending, direct)).values()) == {"in_use"}
        with pytest.raises(InUse, match="cancel its job first"):
            trash.only(discard(running))
        assert Run.objects.filter(trashed_at__isnull=False).count() == 0

    def test_what_begins_to_run_again_meanwhile_stays_and_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        again, other = ended(), ended()

        def meanwhile(runs: Iterable[int]) -> dict[int, str]:
            Run.objects.filter(pk=again.pk).update(status=RunStatus.RUNNING, finished_at=None)
            return {}

        monkeypatch.setattr(ties, "_ties", [ties.Tie(meanwhile, lambda _: True)])
        moved = discard(again, other)
        assert (moved.keys, codes(moved)) == ([other.key], {again.key: "in_use"})
        assert not selectors.run(again.key).is_in_trash

    def test_a_direct_run_without_an_end_goes_by_force_and_a_jobs_run_never(self) -> None:
        direct, job = make_direct_run(), make_run()
        assert discard(direct, job, even_running=True).keys == [direct.key]
        assert not selectors.run(job.key).is_in_trash

    def test_a_direct_run_in_the_trash_takes_nothing_and_a_job_its_last_bytes(self) -> None:
        direct, job = make_direct_run(), ended()
        discard(direct, job, even_running=True)
        path = f"/api/v1/runs/{direct.key}/attempts/1/streams/metrics.jsonl?offset=0"
        answer = owner().put(path, line(loss=1.0), content_type="application/octet-stream")
        assert (answer.status_code, answer.json()["code"]) == (409, "in_trash")
        assert log(selectors.run(job.key), b"last words", name="output.log") == 10
        trash.restore([direct.key], by=ADMIN)
        assert owner().put(path, line(loss=1.0)).status_code == 200

    def test_one_in_our_own_data_folder_is_read_no_further(self, data_dir: Any) -> None:
        direct = make_direct_run()
        folder = data_dir / "runs" / direct.key
        folder.mkdir()
        (folder / "meta.json").write_text('{"status": "completed"}')
        discard(direct, even_running=True)
        adopting.forget()
        adopting.adopt_all(now=NOON)
        assert selectors.run(direct.key).status == RunStatus.RUNNING


class TestWhoMay:
    @pytest.mark.parametrize(
        ("by", "user", "may"),
        [
            (ADMIN, "ada", True),
            (ADMIN, "", True),
            (ADA, "ada", True),
            (ADA, "ben", False),
            (ADA, "", False),
            (BEN, "ada", False),
            (READER, "ada", False),
            (OF_A_RUN, "ada", False),
            (Principal("", frozenset({"submit"})), "", False),
        ],
    )
    def test_admins_all_others_their_own(self, by: Principal, user: str, may: bool) -> None:
        run = ended(user=user)
        assert codes(discard(run, by=by)) == ({} if may else {run.key: "permission_denied"})
        discard(run)
        assert bool(trash.restore([run.key], by=by).keys) == may

    def test_a_runs_own_token_discards_nothing(self) -> None:
        run = ended()
        client = job_of(run.key)
        assert client.delete(f"/api/v1/runs/{run.key}").status_code == 403
        assert post(client, "/api/v1/runs/trash", {"ids": [run.key]}).status_code == 403
        assert post(client, "/api/v1/trash/empty").status_code == 403

    def test_a_choice_takes_only_what_one_may_discard(self) -> None:
        mine, _, nobodys = ended(user="ada"), ended(user="ben"), ended(user="")
        choice = Choice(status="completed")
        assert trash.discard_chosen(choice, by=ADA, now=NOON).keys == [mine.key]
        assert nobodys.key in trash.discard_chosen(choice, by=ADMIN, now=NOON).keys


class TestChoosing:
    def test_each_condition_narrows(self) -> None:
        old = ended(days=40, project="vision", tags=["a"])
        ended(days=1, project="vision", tags=["a"])
        ended(days=40, project="speech", tags=["a"])
        ended(days=40, project="vision")
        ended(RunStatus.FAILED, days=40, project="vision", tags=["a"])
        make_run(project="vision", tags=["a"])
        body = {
            "project": "vision",
            "tag": "a",
            "status": "completed",
            "older_than_seconds": 30 * 86400,
        }
        choice = Choice("vision", "a", "completed", timedelta(days=30))
        assert trash.discard_chosen(choice, by=ADMIN, now=NOON, rehearse=True).keys == [old.key]
        assert post(owner(), "/api/v1/runs/trash", body | {"project": "none"}).json()["runs"] == []

    def test_an_empty_project_means_runs_without_one(self) -> None:
        without = ended()
        ended(project="vision")
        assert trash.discard_chosen(Choice(project=""), by=ADMIN, now=NOON).keys == [without.key]

    def test_no_condition_at_all_is_refused(self) -> None:
        with pytest.raises(Invalid, match="name the runs"):
            trash.discard_chosen(Choice(), by=ADMIN, now=NOON)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [],
            {"ids": []},
            {"ids": "job-1"},
            {"ids": ["job-1"], "project": "x"},
            {"ids": ["j" * 65]},
            {"ids": ["job-1"] * 1001},
            {"ids": [None]},
            {"status": "gone"},
            {"older_than_seconds": -1},
            {"older_than_seconds": 2**63},
            {"project": "a\0"},
            {"project": "x", "force": True},
            {"dry_run": "maybe", "project": "x"},
        ],
    )
    def test_a_body_that_cannot_be_meant_is_refused(self, body: Any) -> None:
        answer = post(owner(), "/api/v1/runs/trash", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_unknown_ids_are_told_beside_those_that_went(self) -> None:
        run = ended()
        told = post(
            owner(), "/api/v1/runs/trash", {"ids": ["job-999999", run.key, "../etc"]}
        ).json()
        assert told["runs"] == [run.key]
        assert {each["id"]: each["code"] for each in told["refused"]} == {
            "job-999999": "not_found",
            "../etc": "not_found",
        }
        assert owner().delete("/api/v1/runs/job-999999").status_code == 404
        with pytest.raises(NotFound):
            trash.only(trash.restore(["job-999999"], by=ADMIN))
        with pytest.raises(Forbidden):
            trash.only(discard(run, by=BEN))


def test_an_id_that_was_deleted_for_good_begins_no_new_run() -> None:
    """A machine that still has the files of a deleted run may send them for years."""
    run = make_direct_run()
    discard(run, even_running=True)
    purging.purge(by="root", now=NOON, all_of_it=True)
    with pytest.raises(InTrash, match="deleted for good"):
        direct.open_run(Opening(run.key), by=ADMIN, sees=False, now=NOON)
