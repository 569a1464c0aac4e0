"""Reading the queue through the API: the fields of v1, filters, limits."""

from typing import Any

import pytest

from tests.jobs.factories import (
    after,
    cancel,
    claim,
    expire,
    finish,
    make_job,
    make_worker,
)
from tests.site.asking import owner, post
from whirr_site.access.store import store_id

pytestmark = pytest.mark.django_db


def listed(query: str = "") -> list[int]:
    answer = owner().get(f"/api/v1/jobs{query}")
    assert answer.status_code == 200
    return [job["id"] for job in answer.json()["jobs"]]


def test_jobs_are_listed_newest_first() -> None:
    jobs = [make_job().pk for _ in range(3)]
    assert listed() == jobs[::-1]
    assert listed("?limit=2") == [jobs[2], jobs[1]]


def test_a_list_is_narrowed_by_status_tag_and_project() -> None:
    plain = make_job(priority=9)
    tagged = make_job(tags=["base", "x"], project="vision")
    finish(claim(make_worker()))
    assert listed("?status=completed") == [plain.pk]
    assert listed("?status=queued") == [tagged.pk]
    assert listed("?tag=x") == [tagged.pk]
    assert listed("?project=vision&tag=base") == [tagged.pk]
    assert listed("?tag=bas") == []


def test_active_means_every_job_that_has_not_ended() -> None:
    running, ended, queued = make_job(priority=9), make_job(), make_job()
    claim(make_worker())
    cancel(ended)
    assert listed("?status=active") == [queued.pk, running.pk]


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "status=asleep"])
def test_a_query_that_cannot_be_meant_is_refused_by_name(query: str) -> None:
    answer = owner().get(f"/api/v1/jobs?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [query.split("=")[0]]


def test_one_job_is_told_with_all_its_attempts() -> None:
    job, worker = make_job(retries=1), make_worker()
    claim(worker)
    expire(now=after(61))
    finish(claim(worker, now=after(62)), exit_code=3, now=after(63))
    told = owner().get(f"/api/v1/jobs/{job.pk}").json()
    assert (told["status"], told["run_id"], told["worker_id"]) == ("queued", f"job-{job.pk}", None)
    first, second = told["attempts"]
    assert (first["number"], first["status"], first["reason"]) == (1, "lost", "worker_lost")
    assert (second["status"], second["exit_code"], second["gpus"]) == ("failed", 3, [0])
    assert (second["worker_id"], second["signal"]) == ("node1", None)


@pytest.mark.parametrize(
    "path", ["jobs/99999999", "jobs/99999999999999999999", "runs/job-99999999"]
)
def test_what_is_not_there_is_404(path: str) -> None:
    answer = owner().get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_cancel_answers_with_the_status_before() -> None:
    job = make_job()
    path = f"/api/v1/jobs/{job.pk}/cancel"
    assert post(owner(), path).json()["previous_status"] == "queued"
    again = post(owner(), path)  # as a client does whose answer was lost
    assert (again.status_code, again.json()["previous_status"]) == (200, "cancelled")
    assert post(owner(), "/api/v1/jobs/404/cancel").status_code == 404


def test_cancel_queued_names_the_jobs() -> None:
    jobs = [make_job().pk for _ in range(2)]
    told = post(owner(), "/api/v1/jobs/cancel-queued").json()
    assert told == {"message": "2 jobs cancelled", "job_ids": jobs}


def test_the_status_counts_what_there_is() -> None:
    for _ in range(2):
        make_job()
    claim(make_worker())
    told: dict[str, Any] = owner().get("/api/v1/status").json()
    assert (told["queued"], told["running"], told["completed"]) == (1, 1, 0)
    assert (told["workers_total"], told["waiting"], told["cancelled"]) == (1, 0, 0)
    assert told["store_id"] == store_id()


def test_workers_are_told_with_what_they_do() -> None:
    job = make_job()
    claim(make_worker(gpus=2))
    (told,) = owner().get("/api/v1/workers").json()["workers"]
    assert (told["id"], told["hostname"], told["gpu_id"]) == ("node1", "node1.example", 0)
    assert (told["current_job_id"], told["job_ids"]) == (job.pk, [job.pk])


class TestFinish:
    def path(self, number: int = 1) -> str:
        self.job = make_job()
        claim(make_worker())
        return f"/api/v1/jobs/{self.job.pk}/attempts/{number}/finish"

    def test_it_answers_with_the_status(self) -> None:
        path = self.path()
        answer = post(owner(), path, {"worker_id": "node1", "outcome": "exited", "exit_code": 0})
        assert answer.json() == {"job_id": self.job.pk, "attempt": 1, "status": "completed"}

    def test_a_foreign_worker_is_409(self) -> None:
        body = {"worker_id": "node2", "outcome": "exited", "exit_code": 0}
        answer = post(owner(), self.path(), body)
        assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")

    @pytest.mark.parametrize("number", [0, 2, 99999999999999999999])
    def test_an_attempt_that_never_was_is_404(self, number: int) -> None:
        body = {"worker_id": "node1", "outcome": "exited", "exit_code": 0}
        assert post(owner(), self.path(number), body).status_code == 404

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("outcome", "vanished"),
            ("outcome", None),
            ("exit_code", 2**40),
            ("exit_code", "zero"),
            ("signal", 0),
            ("signal", 999),
            ("worker_id", ""),
        ],
    )
    def test_a_report_that_cannot_be_meant_is_refused_by_name(self, field: str, value: Any) -> None:
        body = {"worker_id": "node1", "outcome": "exited", "exit_code": 0} | {field: value}
        answer = post(owner(), self.path(), body)
        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == [field]
