"""Direct runs over HTTP: opened as often as their owner likes, written with their own token, ended by meta.json."""

import json
from typing import Any

import pytest
from django.test import Client

from runs import trash
from runs.models import Deletion, Run, RunKind, RunStatus
from tests.runs.factories import NOON, line, make_run
from tests.site.asking import bearer, job_of, owner, post
from whirr.shipping import opening
from whirr_site.access import principals
from whirr_site.access.principals import SCOPES, Principal

pytestmark = pytest.mark.django_db

KEY = "local-20300101-120000-abcdef"
ROOT = Principal("owner", SCOPES)


def opened(**more: Any) -> Any:
    return post(owner(), "/api/v1/runs", {"id": KEY, **more})


def by_itself() -> Client:
    """The run's shipper, with the token that it was given."""
    return Client(headers=bearer(opened().json()["token"]))


def tell(client: Client, **meta: Any) -> Any:
    body = json.dumps({"id": KEY, "started_at": "2030-01-01T11:00:00Z", **meta}).encode()
    return client.put(f"/api/v1/runs/{KEY}/attempts/1/documents/meta.json", body)


def person(monkeypatch: pytest.MonkeyPatch, name: str, *scopes: str) -> Client:
    """Somebody with these scopes alone."""
    known = principals.of_header

    def of_header(header: str) -> Principal | None:
        if header.startswith("Bearer person "):
            _, _, who, may = header.split(" ")
            return Principal(who, frozenset(may.split(",")))
        return known(header)

    monkeypatch.setattr(principals, "of_header", of_header)
    return Client(headers=bearer(f"person {name} {','.join(scopes)}"))


class TestOpening:
    def test_it_makes_the_run_once_and_finds_it_ever_after(self) -> None:
        answer = opened(name="by hand", project="vision", tags=["a", "a"]).json()
        run = Run.objects.get()
        assert (run.kind, run.status, run.attempt) == (RunKind.DIRECT, RunStatus.RUNNING, 1)
        assert (run.name, run.project, run.tags, run.user) == ("by hand", "vision", ["a"], "owner")
        assert (answer["id"], answer["attempt"], answer["url"]) == (KEY, 1, f"/runs/{KEY}/")
        assert not answer["store_seen"]
        again = opened(name="something else")
        assert (again.status_code, Run.objects.get().name) == (200, "by hand")

    def test_a_name_that_cannot_be_stored_does_not_refuse_the_run(self) -> None:
        told = opening._described({"name": "caf\udce9\0", "project": "\0"})
        assert opened(**told).status_code == 200
        assert (Run.objects.get().name, Run.objects.get().project) == ("caf?", "")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"id": "job-7"},
            {"id": "local-20300101-120000-ABCDEF"},
            {"id": f"{KEY}/../x"},
            {"id": f"{KEY}0"},
            {"id": 7},
            {"id": KEY, "tags": "a"},
            {"id": KEY, "name": "x" * 256},
            {"id": KEY, "project": ["p"]},
            {"id": KEY, "store_proof": "x" * 65},
            [],
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, body: Any) -> None:
        answer = owner().post("/api/v1/runs", json.dumps(body), content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert not Run.objects.exists()

    def test_somebody_elses_run_stays_theirs_and_an_admin_may_deliver_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bob = (person(monkeypatch, name, "submit") for name in ("ada", "bob"))
        assert post(ada, "/api/v1/runs", {"id": KEY}).status_code == 200
        refused = post(bob, "/api/v1/runs", {"id": KEY})
        assert (refused.status_code, refused.json()["code"]) == (409, "run_taken")
        assert "token" not in refused.json()
        assert opened().status_code == 200
        assert Run.objects.get().user == "ada"

    def test_a_run_that_was_found_lying_there_needs_a_proof_or_an_admin(
        self, monkeypatch: pytest.MonkeyPatch, data_dir: Any
    ) -> None:
        Run.objects.create(
            key=KEY, kind=RunKind.DIRECT, status=RunStatus.RUNNING, attempt=1, created_at=NOON
        )
        ada = person(monkeypatch, "ada", "submit")
        assert post(ada, "/api/v1/runs", {"id": KEY}).json()["code"] == "run_taken"
        session, proof = "a" * 32, "b" * 32
        (data_dir / f".store-proof-{session}").write_text(proof)
        told = {"id": KEY, "session": session, "store_proof": proof}
        answer = post(ada, "/api/v1/runs", told).json()
        assert answer["store_seen"]
        assert Run.objects.get().user == "ada"

    def test_reading_is_not_enough_and_a_runs_token_opens_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reader = person(monkeypatch, "eve", "read")
        for client, status in ((reader, 403), (job_of(KEY), 403), (Client(), 401)):
            assert post(client, "/api/v1/runs", {"id": KEY}).status_code == status
        assert not Run.objects.exists()

    def test_what_is_in_the_trash_or_deleted_for_good_does_not_come_back(self) -> None:
        shipper = by_itself()
        trash.discard([KEY], by=ROOT, now=NOON, even_running=True)
        path = f"/api/v1/runs/{KEY}/attempts/1/streams/metrics.jsonl?offset=0"
        for refused in (opened(), shipper.put(path, line(loss=1)), tell(shipper, status="failed")):
            assert (refused.status_code, refused.json()["code"]) == (409, "in_trash")
        Run.objects.all().delete()
        Deletion.objects.create(run_key=KEY, begun_at=NOON)
        assert opened().json()["code"] == "in_trash"


class TestItsToken:
    def test_it_writes_and_reads_this_run_alone(self) -> None:
        shipper, other = by_itself(), make_run()
        path = f"/api/v1/runs/{KEY}/attempts/1/streams/metrics.r1.jsonl?offset=0"
        told = shipper.put(path, line(step=0, loss=0.5)).json()
        assert (told["size"], told["next_interval"]) == (len(line(step=0, loss=0.5)), 3.0)
        assert shipper.get(f"/api/v1/runs/{KEY}/series").json()["series"][0]["count"] == 1
        for key, attempt in ((other.key, 1), (KEY, 2)):
            path = f"/api/v1/runs/{key}/attempts/{attempt}/streams/metrics.jsonl?offset=0"
            assert shipper.put(path, b"{}\n").status_code == 403
        assert (
            job_of(other.key)
            .put(f"/api/v1/runs/{KEY}/attempts/1/streams/output.log?offset=0", b"x")
            .status_code
            == 403
        )


class TestItsEnd:
    def test_meta_json_ends_it_and_takes_it_up_again(self) -> None:
        shipper = by_itself()
        tell(shipper, status="running")
        run = Run.objects.get()
        assert (run.status, run.started_at.hour if run.started_at else None) == ("running", 11)
        tell(shipper, status="completed", finished_at="2030-01-01T11:30:00Z")
        run.refresh_from_db()
        assert (run.status, run.duration_seconds) == ("completed", 1800)
        tell(shipper, status="running", finished_at=None)
        run.refresh_from_db()
        assert (run.status, run.finished_at) == ("running", None)

    @pytest.mark.parametrize("status", ["", "cancelled", "pending", 7, None, ["completed"]])
    def test_a_word_that_is_none_changes_nothing(self, status: Any) -> None:
        assert tell(by_itself(), status=status, finished_at="nonsense").status_code == 200
        assert Run.objects.get().status == "running"

    @pytest.mark.parametrize("never", ["yesterday", "0001-01-01T00:00:00+14:00", "9" * 400, {}])
    def test_an_end_without_a_time_ends_now(self, never: Any) -> None:
        shipper = by_itself()
        assert tell(shipper, status="failed", finished_at=never).status_code == 200
        assert tell(shipper, status="failed", started_at=never).status_code == 200
        run = Run.objects.get()
        assert run.status == "failed"
        assert run.finished_at is not None

    def test_a_jobs_run_is_ended_by_its_job_alone(self) -> None:
        run = make_run()
        path = f"/api/v1/runs/{run.key}/attempts/1/documents/meta.json"
        assert job_of(run.key).put(path, b'{"status": "completed"}').status_code == 200
        run.refresh_from_db()
        assert run.status == RunStatus.RUNNING
