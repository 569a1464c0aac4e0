"""Cancel, retry, hold, release, priority, one by one and by filter: what they answer, twice, and on bad input."""

import json
from typing import Any

import pytest

from jobs.models import Job
from jobs.submitting import Submission, submit_array
from tests.jobs.factories import NOON, after, cancel, claim, finish, fresh, make_job, make_worker
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db

ONE = ("cancel", "retry", "hold", "release")


def call(path: str, body: Any = None) -> Any:
    return post(owner(), f"/api/v1/jobs/{path}", body)


def said(path: str, body: Any = None) -> dict[str, Any]:
    answer = call(path, body)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def patch(job_id: object, body: Any) -> Any:
    return owner().patch(f"/api/v1/jobs/{job_id}", body, content_type="application/json")


def make_array(spec: str = "0-2", **wish: Any) -> list[Job]:
    told = Submission(command_argv=["true"], workdir="/work", **wish)
    return submit_array(told, spec, user="ada", now=NOON)


def failed(**wish: Any) -> Job:
    job = make_job(**wish)
    cancel(job)
    return fresh(job)


@pytest.mark.parametrize("verb", ONE)
@pytest.mark.parametrize("number", ["404", "99999999999999999999"])
def test_a_job_that_is_not_there_is_404(verb: str, number: str) -> None:
    answer = call(f"{number}/{verb}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("verb", ONE)
def test_reading_a_verb_is_405(verb: str) -> None:
    assert owner().get(f"/api/v1/jobs/1/{verb}").status_code == 405


class TestRetry:
    def test_it_queues_a_new_job_that_names_the_old(self) -> None:
        old = failed(name="n")
        told = said(f"{old.pk}/retry")
        assert told["retry_of"] == old.pk
        assert told["run_id"] == f"job-{told['job_id']}"
        assert Job.objects.get(pk=told["job_id"]).name == "n"

    def test_what_has_not_ended_cannot_be_retried(self) -> None:
        job = make_job()
        for _ in range(2):
            answer = call(f"{job.pk}/retry")
            assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")
            if fresh(job).status == "queued":
                claim(make_worker())

    def test_twice_is_refused_while_the_first_has_not_ended(self) -> None:
        old = failed()
        again = said(f"{old.pk}/retry")["job_id"]
        answer = call(f"{old.pk}/retry")
        assert answer.status_code == 409
        assert str(again) in answer.json()["detail"]

    def test_a_filter_takes_those_that_did_not_succeed_and_once_only(self) -> None:
        good, bad, waits = make_array()
        worker = make_worker()
        finish(claim(worker))
        finish(claim(worker), exit_code=3, now=after(1))
        told = said("retry", {"array": f"A{good.array_id}"})
        assert [pair["retry_of"] for pair in told["jobs"]] == [bad.pk]
        assert told["message"] == "1 jobs queued again"
        assert said("retry", {"array": f"A{good.array_id}"})["jobs"] == []
        assert fresh(waits).status == "queued"

    @pytest.mark.parametrize(
        "chosen", [{"tag": "t"}, {"project": "p"}, {"user": "eve"}, {"name": "n"}, "ids"]
    )
    def test_each_filter_finds_its_jobs(self, chosen: Any) -> None:
        mine = failed(tags=["t"], project="p", user="eve", name="n")
        failed(tags=["tt"], project="pp", user="ada", name="nn")
        body = {"ids": [mine.pk]} if chosen == "ids" else chosen
        assert [pair["retry_of"] for pair in said("retry", body)["jobs"]] == [mine.pk]


class TestHold:
    def test_a_held_job_tells_by_whom_and_is_released_again(self) -> None:
        job = make_job()
        for _ in range(2):  # twice is once
            told = said(f"{job.pk}/hold")
            assert (told["held"], told["held_by"], told["id"]) == (True, "owner", job.pk)
        for _ in range(2):
            told = said(f"{job.pk}/release")
            assert (told["held"], told["held_by"], told["status"]) == (False, "", "queued")

    @pytest.mark.parametrize("verb", ["hold", "release"])
    def test_a_job_that_runs_or_has_ended_is_409(self, verb: str) -> None:
        job, worker = make_job(), make_worker()
        attempt = claim(worker)
        assert call(f"{job.pk}/{verb}").json()["code"] == "illegal_move"
        finish(attempt)
        assert call(f"{job.pk}/{verb}").status_code == 409


class TestPriority:
    def test_it_is_changed_and_told(self) -> None:
        job = make_job()
        for _ in range(2):
            answer = patch(job.pk, {"priority": -7})
            assert (answer.status_code, answer.json()["priority"]) == (200, -7)
        assert fresh(job).priority == -7

    @pytest.mark.parametrize(
        "body", [{}, {"priority": None}, {"priority": "x"}, [], {"priority": 1.5}]
    )
    def test_what_is_no_priority_is_refused(self, body: Any) -> None:
        assert patch(make_job().pk, body).status_code == 400

    @pytest.mark.parametrize("value", [1_000_001, -1_000_001, 10**30])
    def test_it_has_bounds(self, value: int) -> None:
        answer = patch(make_job().pk, {"priority": value})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["priority"])

    def test_unknown_and_ended_jobs(self) -> None:
        assert patch(404, {"priority": 1}).status_code == 404
        assert patch(failed().pk, {"priority": 1}).json()["code"] == "illegal_move"


class TestCancelMany:
    def test_it_tells_who_ended_and_who_is_stopping(self) -> None:
        running, queued, ended = make_job(priority=9), make_job(), failed()
        claim(make_worker())
        told = said("cancel", {"ids": [running.pk, queued.pk, ended.pk]})
        assert (told["cancelled"], told["stopping"]) == ([queued.pk], [running.pk])
        again = said("cancel", {"ids": [running.pk, queued.pk, ended.pk]})
        assert (again["cancelled"], again["stopping"]) == ([], [running.pk])

    @pytest.mark.parametrize(
        ("status", "gone"),
        [("queued", ["q"]), ("waiting", ["w"]), ("running", ["r"]), ("active", ["q", "r", "w"])],
    )
    def test_a_status_chooses(self, status: str, gone: list[str]) -> None:
        running = make_job(priority=9, name="r")
        claim(make_worker())
        make_job(name="q")
        make_array("0-1%1", name="w", after=[(running.pk, "any")])
        told = said("cancel", {"status": status})
        names = {job.pk: job.name[0] for job in Job.objects.all()}
        assert sorted({names[pk] for pk in told["cancelled"] + told["stopping"]}) == gone

    def test_an_array_goes_as_one_and_none_of_it_starts_meanwhile(self) -> None:
        members = make_array("0-9%2")
        told = said("cancel", {"array": f"A{members[0].array_id}"})
        assert told["cancelled"] == [job.pk for job in members]
        assert {job.status for job in Job.objects.all()} == {"cancelled"}

    def test_filters_narrow_one_another(self) -> None:
        both = make_job(project="p", tags=["t"])
        make_job(project="p")
        make_job(tags=["t"])
        assert said("cancel", {"project": "p", "tag": "t"})["cancelled"] == [both.pk]
        assert said("cancel", {"project": "nobody's"})["cancelled"] == []


@pytest.mark.parametrize("verb", ["cancel", "retry"])
class TestAChoiceThatCannotBeMeant:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"project": ""},
            {"array": None},
            {"ids": []},
            {"unknown": 1},
            {"ids": 7},
            {"ids": ["x"]},
            {"ids": [0]},
            {"ids": [-1]},
            {"ids": [2**63]},
            {"ids": [None]},
            {"ids": list(range(1, 10_002))},
            {"array": "B3"},
            {"array": "A"},
            {"array": True},
            {"array": 10**30},
            {"array": ["A3"]},
            {"array": "A3\n"},
            {"tag": "a\0b"},
            {"tag": "\ud800"},
            {"name": ["n"]},
            {"user": "x" * 151},
            {"project": {"a": 1}},
            [],
            "ids",
            7,
            None,
        ],
    )
    def test_it_is_refused_and_changes_nothing(self, verb: str, body: Any) -> None:
        jobs = [make_job(), failed()]
        before = [job.status for job in jobs]
        answer = owner().generic(
            "POST", f"/api/v1/jobs/{verb}", json.dumps(body), "application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert [fresh(job).status for job in jobs] == before
        assert Job.objects.count() == 2

    @pytest.mark.parametrize("body", [{"ids": [404]}, {"array": "A404"}, {"ids": [2**63 - 1]}])
    def test_what_is_not_there_is_404(self, verb: str, body: Any) -> None:
        answer = call(verb, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_one_unknown_job_spares_the_others(self, verb: str) -> None:
        job = make_job()
        assert call(verb, {"ids": [job.pk, 404]}).status_code == 404
        assert fresh(job).status == "queued"


@pytest.mark.parametrize("status", ["completed", "failed", "asleep", None, 7])
def test_only_what_has_not_ended_can_be_cancelled_by_status(status: Any) -> None:
    answer = call("cancel", {"status": status})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["status"])
