"""Every call of whirr 0.5 as it goes over the wire: no field was dropped, none has another type, no token is asked for.

The test is the worker: plain HTTP against a real server with WHIRR_AUTH=none.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.programs import Site

pytestmark = pytest.mark.e2e

Shape = dict[str, tuple[type, ...]]
NONE = type(None)
JOB: Shape = {
    "id": (int,),
    "name": (str,),
    "command_argv": (list,),
    "workdir": (str,),
    "config": (dict,),
    "tags": (list,),
    "status": (str,),
    "attempt": (int,),
    "worker_id": (str, NONE),
    "created_at": (str,),
    "started_at": (str, NONE),
    "finished_at": (str, NONE),
    "exit_code": (int, NONE),
    "run_id": (str,),
}
RUN: Shape = {
    "id": (str,),
    "job_id": (int,),
    "name": (str,),
    "config": (dict,),
    "tags": (list,),
    "status": (str,),
    "started_at": (str, NONE),
    "finished_at": (str, NONE),
    "duration_seconds": (float, NONE),
    "summary": (dict,),
    "hostname": (str,),
    "run_dir": (str,),
}
WORKER: Shape = {
    "id": (str,),
    "hostname": (str,),
    "gpu_id": (int, NONE),
    "status": (str,),
    "current_job_id": (int, NONE),
    "heartbeat_at": (str,),
}
MESSAGE: Shape = {"message": (str,), "success": (bool,)}
STATUS = ("queued", "running", "completed", "failed", "workers_online", "workers_total")
TIMES = ("created_at", "started_at", "finished_at", "heartbeat_at", "lease_expires_at", "modified")


def check_shape(told: dict[str, Any], shape: Shape) -> None:
    """All fields are there and of a type that 0.5 reads; times are ISO 8601 with a zone."""
    for name, types in shape.items():
        assert type(told[name]) in types, f"{name} is {told[name]!r}"
    for name in set(TIMES) & set(shape):
        if told[name] is not None:
            assert datetime.fromisoformat(told[name].replace("Z", "+00:00")).tzinfo, name


class Old:
    """The calls of 0.5 with the bodies of 0.5."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str) -> dict[str, Any]:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def register(self, worker_id: str, *gpu_ids: int) -> None:
        body = {"worker_id": worker_id, "hostname": "host", "gpu_ids": list(gpu_ids)}
        check_shape(self.post("/api/v1/workers/register", **body), MESSAGE)

    def submit(self, **wish: Any) -> int:
        """With null for all that was not said, as its client sends it."""
        body = {"command_argv": ["true"], "workdir": "/", "name": None, "config": None}
        told = self.post("/api/v1/jobs", **body | {"tags": None} | wish)
        check_shape(
            told, {"job_id": (int,), "run_id": (str,), "run_dir": (str,), "message": (str,)}
        )
        assert told["run_id"] == f"job-{told['job_id']}"
        assert told["run_dir"].endswith(f"/runs/{told['run_id']}")
        return int(told["job_id"])

    def claim(self, worker_id: str, gpu_id: int | None = None) -> Any:
        body = {"worker_id": worker_id, "gpu_id": gpu_id, "lease_seconds": 60}
        return self.post("/api/v1/jobs/claim", **body)["job"]

    def complete(self, job_id: int, worker_id: str, exit_code: int) -> dict[str, Any]:
        body = {"worker_id": worker_id, "exit_code": exit_code, "run_id": f"job-{job_id}"}
        return self.post(f"/api/v1/jobs/{job_id}/complete", **body, error_message=None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("wire-of-0.5"), WHIRR_AUTH="none")
    try:
        site.start_web()
        yield site
    finally:
        site.stop()


@pytest.fixture
def old(site: Site) -> Iterator[Old]:
    """An empty queue: what another test left waiting is cancelled."""
    yield Old(site.client)
    site.client.post("/api/v1/jobs/cancel-queued").raise_for_status()


def test_health_and_status(old: Old) -> None:
    assert old.get("/health") == {"status": "healthy"}
    check_shape(old.get("/api/v1/status"), dict.fromkeys(STATUS, (int,)))


def test_a_job_from_submit_to_its_end(old: Old) -> None:
    """Job, run and worker have all fields of 0.5 in each state, and the claim has those that its worker reads."""
    old.register("host:life")
    job_id = old.submit()
    states = [old.get(f"/api/v1/jobs/{job_id}")]
    claimed = old.claim("host:life")
    states += [claimed, old.get(f"/api/v1/jobs/{job_id}")]
    (worker,) = (
        each for each in old.get("/api/v1/workers")["workers"] if each["id"] == "host:life"
    )
    check_shape(worker, WORKER)
    assert (worker["status"], worker["current_job_id"]) == ("busy", job_id)
    told = old.complete(job_id, "host:life", 0)
    assert told == {"message": f"Job {job_id} marked as completed", "success": True}
    states.append(old.get(f"/api/v1/jobs/{job_id}"))
    for state in states:
        check_shape(state, JOB)
    assert [state["status"] for state in states] == ["queued", "running", "running", "completed"]
    assert (claimed["id"], claimed["worker_id"], claimed["attempt"]) == (job_id, "host:life", 1)
    assert (states[-1]["worker_id"], states[-1]["exit_code"]) == ("host:life", 0)
    assert old.claim("host:life") is None


def test_a_heartbeat_tells_the_lease_and_the_cancel(old: Old) -> None:
    old.register("host:beat")
    job_id = old.submit()
    assert old.claim("host:beat")["id"] == job_id
    path, body = f"/api/v1/jobs/{job_id}/heartbeat", {"worker_id": "host:beat"}
    told = old.post(path, **body, lease_seconds=600)
    check_shape(told, {"success": (bool,), "lease_expires_at": (str,), "cancel_requested": (bool,)})
    left = datetime.fromisoformat(told["lease_expires_at"]) - datetime.now(UTC)
    assert 590 < left.total_seconds() <= 600
    cancelled = old.http.post(f"/api/v1/jobs/{job_id}/cancel").json()  # 0.5 sends no body here
    check_shape(cancelled, {"message": (str,), "previous_status": (str,)})
    assert (told["cancel_requested"], cancelled["previous_status"]) == (False, "running")
    assert old.post(path, **body)["cancel_requested"] is True
    old.complete(job_id, "host:beat", -15)
    assert old.get(f"/api/v1/jobs/{job_id}")["status"] == "cancelled"


def test_fail_ends_a_job(old: Old) -> None:
    old.register("host:fail")
    job_id = old.submit()
    old.claim("host:fail")
    body = {"worker_id": "host:fail", "error_message": "boom"}
    check_shape(old.post(f"/api/v1/jobs/{job_id}/fail", **body), MESSAGE)
    job = old.get(f"/api/v1/jobs/{job_id}")
    assert (job["status"], job["exit_code"]) == ("failed", 1)


@pytest.mark.parametrize("claiming_id", ["gpus", "gpus-gpu1"])
def test_a_gpu_is_claimed_by_either_name(old: Old, claiming_id: str) -> None:
    old.register("gpus", 1)
    job_id = old.submit()
    assert old.claim(claiming_id, gpu_id=1)["id"] == job_id
    beat = old.post(f"/api/v1/jobs/{job_id}/heartbeat", worker_id=claiming_id, lease_seconds=60)
    assert beat["success"] is True
    (worker,) = (each for each in old.get("/api/v1/workers")["workers"] if each["id"] == "gpus")
    check_shape(worker, WORKER)
    assert (worker["gpu_id"], worker["current_job_id"]) == (1, job_id)
    old.complete(job_id, claiming_id, 0)


def test_saying_goodbye_both_ways(old: Old) -> None:
    old.register("host:bye")
    told = old.post("/api/v1/workers/unregister", worker_id="host:bye")
    assert told == {"message": "Worker host:bye unregistered", "success": True}
    answer = old.http.post("/api/v1/workers/host:bye/unregister")
    assert (answer.status_code, answer.json()) == (200, told)
    (worker,) = (each for each in old.get("/api/v1/workers")["workers"] if each["id"] == "host:bye")
    assert worker["status"] == "offline"


def test_runs_metrics_and_artifacts(old: Old, site: Site) -> None:
    """What a worker of 0.5 left in the data folder is told with all fields of 0.5."""
    old.register("host:runs")
    job_id = old.submit(tags=["kept"], config={"lr": 1}, name="first")
    old.claim("host:runs")
    folder = Path(old.get(f"/api/v1/runs/job-{job_id}")["run_dir"])
    assert folder == site.data / "runs" / f"job-{job_id}"
    record = {"_idx": 0, "_timestamp": "2026-01-01T00:00:00Z", "step": 0, "loss": 0.5}
    (folder / "metrics.jsonl").write_text(str(record).replace("'", '"') + "\n")
    (folder / "artifacts" / "a.bin").write_bytes(b"\x00\xff")
    old.complete(job_id, "host:runs", 0)
    (run,) = old.get("/api/v1/runs?status=completed&tag=kept&limit=500")["runs"]
    check_shape(run, RUN)
    assert run == old.get(f"/api/v1/runs/job-{job_id}")
    assert (run["config"], run["job_id"], run["hostname"]) == ({"lr": 1}, job_id, "host")
    assert old.get(f"/api/v1/runs/job-{job_id}/metrics") == {"metrics": [record], "count": 1}
    listed = old.get(f"/api/v1/runs/job-{job_id}/artifacts")
    (artifact,) = listed["artifacts"]
    check_shape(artifact, {"path": (str,), "size": (int,), "modified": (str,)})
    assert (artifact["path"], artifact["size"], listed["count"]) == ("a.bin", 2, 1)
    assert old.http.get(f"/api/v1/runs/job-{job_id}/artifacts/a.bin").content == b"\x00\xff"


def test_a_list_has_bounds(old: Old) -> None:
    ids = [old.submit() for _ in range(51)]
    listed = old.get("/api/v1/jobs")["jobs"]
    assert len(listed) == 50
    assert len(old.get("/api/v1/jobs?status=queued&limit=500")["jobs"]) == len(ids)
    assert len(old.get("/api/v1/jobs?limit=1")["jobs"]) == 1
    for job in listed:
        check_shape(job, JOB)
    for limit in (0, 501):
        assert old.http.get(f"/api/v1/jobs?limit={limit}").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "jobs/404404", None, 404),
        ("GET", "runs/job-404404", None, 404),
        ("GET", "runs/job-404404/metrics", None, 404),
        ("GET", "runs/job-404404/artifacts/a", None, 404),
        ("POST", "jobs/404404/cancel", None, 404),
        ("POST", "jobs", {"workdir": "/"}, 400),
        ("POST", "jobs/claim", {"worker_id": "host:x", "lease_seconds": 9}, 400),
        ("POST", "jobs/404404/complete", {"worker_id": "x", "exit_code": 0}, 404),
        ("POST", "jobs/404404/heartbeat", {"worker_id": "x", "lease_seconds": 60}, 404),
    ],
)
def test_an_error_is_a_sentence_in_detail(
    old: Old, method: str, path: str, body: Any, status: int
) -> None:
    answer = old.http.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == status
    assert type(answer.json()["detail"]) is str
    assert answer.json()["detail"]


def test_another_worker_may_neither_renew_nor_end_a_job(old: Old) -> None:
    old.register("host:holder")
    old.register("host:thief")
    job_id = old.submit()
    old.claim("host:holder")
    body = {"worker_id": "host:thief", "exit_code": 0, "error_message": "", "lease_seconds": 60}
    for call, status in (("heartbeat", 404), ("complete", 403), ("fail", 403)):
        answer = old.http.post(f"/api/v1/jobs/{job_id}/{call}", json=body)
        assert (answer.status_code, type(answer.json()["detail"])) == (status, str)
    old.complete(job_id, "host:holder", 0)


def test_two_workers_of_a_node_have_one_name_and_two_jobs(old: Old) -> None:
    """0.5 calls every worker without a GPU `<host>:default`, however many a person starts there."""
    wanted = [old.submit(), old.submit()]
    for _ in wanted:
        old.register("host:default")
    assert [old.claim("host:default")["id"] for _ in wanted] == wanted
    for job_id in wanted:
        old.complete(job_id, "host:default", 0)
