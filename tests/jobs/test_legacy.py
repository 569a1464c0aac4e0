"""Workers of whirr 0.5: claim, heartbeat, complete, fail; a GPU of a node goes by `<node>-gpu<n>`."""

from typing import Any

import pytest

from jobs import legacy, workers
from jobs.errors import NotFound
from jobs.models import Attempt, Job
from jobs.states import JobStatus
from tests.jobs.factories import NOON, after, cancel, expire, fresh, make_job, make_worker, sync
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db


def take(name: str = "node1", gpu_id: int | None = None, seconds: float = 0) -> Job | None:
    order = legacy.claim(name, gpu_id, lease_seconds=60, now=after(seconds))
    return order.job if order else None


class TestNames:
    def test_a_gpu_of_a_node_is_the_node(self) -> None:
        worker = make_worker("node1", gpus=2)
        assert legacy.worker_of("node1") == (worker, None)
        assert legacy.worker_of("node1-gpu1") == (worker, [1])

    def test_a_worker_of_exactly_that_name_comes_first(self) -> None:
        make_worker("node1")
        exact = make_worker("node1-gpu0")
        assert legacy.worker_of("node1-gpu0") == (exact, None)

    @pytest.mark.parametrize("name", ["node2", "node1-gpu", "node1-gpux", "-gpu0", "node1-gpu²"])
    def test_others_are_not_found(self, name: str) -> None:
        make_worker("node1")
        with pytest.raises(NotFound):
            legacy.worker_of(name)


class TestClaim:
    def test_each_gpu_gets_a_job_of_its_own(self) -> None:
        jobs = [make_job(), make_job(), make_job()]
        make_worker(gpus=2)
        assert [take("node1-gpu0"), take("node1-gpu1")] == jobs[:2]
        assert take("node1-gpu0") is None
        assert [a.gpus for a in Attempt.objects.order_by("pk")] == [[0], [1]]

    def test_a_gpu_may_be_named_beside_the_node(self) -> None:
        make_job()
        make_worker(gpus=4)
        take("node1", gpu_id=3)
        assert Attempt.objects.get().gpus == [3]

    def test_a_node_that_names_no_gpu_gets_one_that_is_free(self) -> None:
        make_job()
        second = make_job()
        make_worker(gpus=2)
        take("node1-gpu0")
        assert take("node1") == second

    def test_a_job_for_two_gpus_is_not_for_a_worker_that_knows_one(self) -> None:
        make_job(gpus=2)
        make_worker(gpus=2)
        assert take("node1-gpu0") is None
        assert take("node1") is None

    def test_it_respects_drain_and_disable(self) -> None:
        make_job()
        make_worker()
        workers.set_draining("node1", True, actor="ada", now=NOON)
        assert take() is None

    def test_it_is_not_a_gpu_that_a_new_agent_was_given(self) -> None:
        make_job()
        make_job()
        sync(make_worker(gpus=1))
        assert take("node1-gpu0") is None


class TestTheCalls:
    def claimed(self, worker_id: str = "node1-gpu0") -> dict[str, Any]:
        job = make_job(config={"lr": 1})
        make_worker(gpus=2)
        answer = post(owner(), "/api/v1/jobs/claim", {"worker_id": worker_id, "lease_seconds": 30})
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()["job"]
        assert told["id"] == job.pk
        return told

    def test_a_claim_has_the_fields_that_an_old_worker_reads(self) -> None:
        told = self.claimed()
        assert (told["command_argv"], told["workdir"]) == (["python", "train.py"], "/work")
        assert (told["run_id"], told["status"]) == (f"job-{told['id']}", "running")
        assert (told["worker_id"], told["config"], told["attempt"]) == ("node1", {"lr": 1}, 1)

    def test_no_job_is_null(self) -> None:
        make_worker()
        assert post(owner(), "/api/v1/jobs/claim", {"worker_id": "node1"}).json() == {"job": None}

    def test_an_unknown_worker_is_404(self) -> None:
        assert post(owner(), "/api/v1/jobs/claim", {"worker_id": "x"}).status_code == 404

    @pytest.mark.parametrize("lease", [9, 601, "long"])
    def test_a_lease_has_bounds(self, lease: Any) -> None:
        body = {"worker_id": "node1", "lease_seconds": lease}
        assert "lease_seconds" in post(owner(), "/api/v1/jobs/claim", body).json()["fields"]

    def test_a_heartbeat_renews_and_tells_of_a_cancel(self) -> None:
        job = Job.objects.get(pk=self.claimed()["id"])
        path = f"/api/v1/jobs/{job.pk}/heartbeat"
        answer = post(owner(), path, {"worker_id": "node1-gpu0", "lease_seconds": 300})
        assert answer.json()["success"] is True
        assert answer.json()["cancel_requested"] is False
        assert fresh(job).lease_seconds == 300
        cancel(job)
        assert post(owner(), path, {"worker_id": "node1"}).json()["cancel_requested"] is True

    @pytest.mark.parametrize("worker_id", ["node2", "node2-gpu0"])
    def test_a_heartbeat_of_another_worker_is_404(self, worker_id: str) -> None:
        job_id = self.claimed()["id"]
        make_worker("node2")
        answer = post(owner(), f"/api/v1/jobs/{job_id}/heartbeat", {"worker_id": worker_id})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_a_heartbeat_of_a_job_that_was_taken_away_is_404(self) -> None:
        job_id = self.claimed()["id"]
        expire(now=after(10**7))
        sync(make_worker("node2"), now=after(10**7))
        answer = post(owner(), f"/api/v1/jobs/{job_id}/heartbeat", {"worker_id": "node1-gpu0"})
        assert answer.status_code == 404

    @pytest.mark.parametrize(("code", "status"), [(0, "completed"), (3, "failed")])
    def test_complete_ends_the_job(self, code: int, status: str) -> None:
        job_id = self.claimed()["id"]
        body = {"worker_id": "node1-gpu0", "exit_code": code}
        answer = post(owner(), f"/api/v1/jobs/{job_id}/complete", body)
        assert answer.status_code == 200
        assert answer.json() == {"message": f"Job {job_id} marked as {status}", "success": True}
        job = Job.objects.get()
        assert (job.status, job.exit_code) == (status, code)

    def test_fail_ends_the_job_with_its_message(self) -> None:
        job_id = self.claimed()["id"]
        body = {"worker_id": "node1-gpu0", "error_message": "boom"}
        assert post(owner(), f"/api/v1/jobs/{job_id}/fail", body).status_code == 200
        job = Job.objects.get()
        assert (job.status, job.error_message) == (JobStatus.FAILED, "boom")

    @pytest.mark.parametrize("verb", ["complete", "fail"])
    def test_another_worker_may_not_end_it(self, verb: str) -> None:
        job_id = self.claimed()["id"]
        make_worker("node2")
        body = {"worker_id": "node2", "exit_code": 0, "error_message": ""}
        answer = post(owner(), f"/api/v1/jobs/{job_id}/{verb}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert Job.objects.get().status == JobStatus.RUNNING

    @pytest.mark.parametrize("verb", ["heartbeat", "complete", "fail"])
    def test_a_job_that_is_not_there_is_404(self, verb: str) -> None:
        body = {"worker_id": "node1", "exit_code": 0, "error_message": ""}
        assert post(owner(), f"/api/v1/jobs/404404/{verb}", body).status_code == 404

    def test_an_exit_code_that_no_process_has_is_refused(self) -> None:
        job_id = self.claimed()["id"]
        body = {"worker_id": "node1-gpu0", "exit_code": 2**40}
        answer = post(owner(), f"/api/v1/jobs/{job_id}/complete", body)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["exit_code"])
