"""Client, command, library and worker of whirr 0.5.3 as published work with our server, without being told of it.

They are real processes; the worker asks for work every 5 seconds and renews its lease every 30, so the job that is
cancelled while it runs starts first and is waited for last.
"""

import base64
import csv
import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import without
from tests.e2e import whirr_0_5_3
from tests.e2e.programs import processes_with, wait_for
from tests.e2e.whirr_0_5_3 import OldSite, OldWorker, Refused
from tests.support.servers import Missing

pytestmark = pytest.mark.e2e

TRACKED = """
import whirr
run = whirr.init(name="inner", config={"lr": 0.1}, tags=["inside"], capture_pip=False)
for step in range(3):
    run.log({"loss": 1 / (step + 1)}, step=step)
with open("weights.bin", "wb") as file:
    file.write(bytes(range(256)))
run.save_artifact("weights.bin")
run.summary({"best": 0.25})
run.finish()
print("trained")
"""
SLEEP = "import time; time.sleep(600)  # "
# It ends only when both workers have had one: the second may come when the first could have done them all.
COUNT = """
echo "$WHIRR_JOB_ID $CUDA_VISIBLE_DEVICES" >> ran
while [ "$(cut -d' ' -f2 ran | sort -u | wc -l)" -lt 2 ]; do sleep 0.05; done"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldSite]:
    try:
        whirr_0_5_3.python()
    except Missing as problem:
        without(problem)
    old = OldSite(tmp_path_factory.mktemp("whirr-0.5.3"))
    try:
        old.start()
        yield old
    finally:
        old.stop()


@pytest.fixture(scope="module")
def never_ran(old: OldSite) -> int:
    """A job that is cancelled before any worker is there."""
    job_id = old.submit("touch", "never")
    told = old.client.call("cancel_job", job_id=job_id)
    assert told == {"message": f"Job {job_id} cancelled", "previous_status": "queued"}
    return job_id


@pytest.fixture(scope="module")
def sleeper(old: OldSite, never_ran: int) -> dict[str, Any]:
    """A job that is cancelled while it runs: {job_id, the cancel's answer, the worker meanwhile}."""
    job_id = old.submit(whirr_0_5_3.python(), "-c", f"{SLEEP}{old.site.port}")
    worker = old.start_worker()
    # After its first heartbeat: the cancel is for the second one, and this worker busy for half a minute.
    wait_for(lambda: renewed(old, job_id), within=30, what="a renewed lease")
    busy = old.worker(worker.worker_id)
    return {"id": job_id, "told": old.client.call("cancel_job", job_id=job_id), "worker": busy}


def renewed(old: OldSite, job_id: int) -> bool:
    """Whether the lease runs longer than the 60 seconds of the claim."""
    job = old.http.get(f"/api/v1/jobs/{job_id}").json()
    if job["status"] != "running":
        return False
    lease = datetime.fromisoformat(job["lease_expires_at"])
    return lease > datetime.fromisoformat(job["started_at"]) + timedelta(seconds=60)


@pytest.fixture(scope="module")
def jobs(old: OldSite, sleeper: dict[str, Any]) -> dict[str, int]:
    """Jobs that were queued before the workers for GPU 0 and GPU 1 came."""
    (old.folder / "tracked.py").write_text(TRACKED)
    tracked = ("--", whirr_0_5_3.python(), "tracked.py")
    found = {
        "tracked": old.submit_by_command("--name", "lr sweep", "--tags", "a, b", *tracked),
        "plain": old.submit_by_command("--", "sh", "-c", "exit 3"),
    }
    found |= {f"counted {n}": old.submit("sh", "-c", COUNT, tags=["ten"]) for n in range(10)}
    return found


@pytest.fixture(scope="module")
def pair(old: OldSite, jobs: dict[str, int]) -> list[OldWorker]:
    return [old.start_worker(gpu) for gpu in (0, 1)]


def test_it_is_whirr_0_5_3_as_published(old: OldSite) -> None:
    """Every file has the checksum that its wheel names: nobody mended it for us."""
    home = whirr_0_5_3.site_packages()
    record = (home / "whirr-0.5.3.dist-info" / "RECORD").read_text()
    rows = csv.reader(record.splitlines())
    sources = [(name, code) for name, code, _ in rows if name.startswith("whirr/") and code]
    assert len(sources) > 40
    for name, code in sources:
        digest = hashlib.sha256((home / name).read_bytes()).digest()
        assert code == f"sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')}", name


def test_a_queued_job_is_cancelled_and_never_runs(old: OldSite, never_ran: int) -> None:
    job = old.job(never_ran)
    assert (job["status"], job["started_at"], job["worker_id"]) == ("cancelled", None, None)
    assert not (old.folder / "never").exists()


def test_a_worker_is_listed_as_busy_with_its_job(old: OldSite, sleeper: dict[str, Any]) -> None:
    worker = sleeper["worker"]
    assert (worker["status"], worker["current_job_id"]) == ("busy", sleeper["id"])
    assert (worker["gpu_id"], worker["id"].endswith(":default")) == (None, True)
    assert sleeper["told"]["previous_status"] == "running"


def test_jobs_wait_with_name_and_tags(old: OldSite, jobs: dict[str, int]) -> None:
    active = {job["id"]: job for job in old.client.call("get_active_jobs")}
    assert set(jobs.values()) <= set(active)
    told = active[jobs["tracked"]]
    assert (told["name"], told["tags"], told["status"]) == ("lr sweep", ["a", "b"], "queued")
    assert (told["workdir"], told["command_argv"][1:]) == (str(old.folder), ["tracked.py"])
    assert old.client.call("get_status")["queued"] == len(jobs)


def test_two_workers_never_share_a_job(
    old: OldSite, jobs: dict[str, int], pair: list[OldWorker]
) -> None:
    counted = [job_id for name, job_id in jobs.items() if name.startswith("counted")]
    ended = [old.wait_for(job_id) for job_id in counted]
    assert [job["status"] for job in ended] == ["completed"] * 10
    assert {job["attempt"] for job in ended} == {1}
    ran = [line.split() for line in (old.folder / "ran").read_text().splitlines()]
    assert sorted(int(job_id) for job_id, _ in ran) == counted
    assert {gpu for _, gpu in ran} == {"0", "1"}
    assert {job["worker_id"] for job in ended} == {worker.worker_id for worker in pair}


def test_what_a_job_logged_can_be_read(
    old: OldSite, jobs: dict[str, int], pair: list[OldWorker]
) -> None:
    """Its library writes files and tells no server: ours looks for them."""
    job = old.wait_for(jobs["tracked"])
    assert (job["status"], job["exit_code"], job["attempt"]) == ("completed", 0, 1)
    run = old.client.call("get_run", run_id=job["run_id"])
    assert (run["id"], run["job_id"], run["name"]) == (job["run_id"], job["id"], "lr sweep")
    assert (run["config"], run["summary"]) == ({"lr": 0.1}, {"best": 0.25})
    assert (run["status"], run["tags"]) == ("completed", ["a", "b", "inside"])
    records = old.client.call("get_metrics", run_id=run["id"])
    assert [(each["step"], each["idx"], each["loss"]) for each in records] == [
        (0, 0, 1.0),
        (1, 1, 0.5),
        (2, 2, 1 / 3),
    ]
    (series,) = old.http.get(f"/api/v1/runs/{run['id']}/series?keys=loss").json()["series"]
    assert series["points"]["value"] == [1.0, 0.5, 1 / 3]
    assert old.http.get(f"/api/v1/runs/{run['id']}/log").text == "trained\n"


def test_its_files_are_listed_and_downloaded(
    old: OldSite, jobs: dict[str, int], pair: list[OldWorker]
) -> None:
    run_id = old.wait_for(jobs["tracked"])["run_id"]
    (listed,) = old.client.call("list_artifacts", run_id=run_id)
    assert (listed["path"], listed["size"]) == ("weights.bin", 256)
    for path in (listed["path"], "artifacts/weights.bin"):  # 0.5 named it from the run's folder on
        sent = old.client.call("get_artifact", run_id=run_id, path=path)
        assert bytes.fromhex(sent) == bytes(range(256))
    log = old.client.call("get_artifact", run_id=run_id, path="output.log")
    assert bytes.fromhex(log) == b"trained\n"
    for path in ("nothing", "artifacts/nothing", "../../secret"):
        with pytest.raises(Refused, match="Error fetching artifact"):
            old.client.call("get_artifact", run_id=run_id, path=path)


def test_a_job_that_fails_tells_its_exit_code(
    old: OldSite, jobs: dict[str, int], pair: list[OldWorker]
) -> None:
    told = old.client.call("wait_for_job", job_id=jobs["plain"], poll_interval=0.1, timeout=30)
    assert (told["status"], told["exit_code"], told["config"]) == ("failed", 3, {})
    assert old.client.call("get_run", run_id=told["run_id"])["status"] == "failed"


def test_lists_are_narrowed(old: OldSite, jobs: dict[str, int], pair: list[OldWorker]) -> None:
    for job_id in jobs.values():
        old.wait_for(job_id)
    completed = old.http.get("/api/v1/jobs?status=completed").json()["jobs"]
    assert {job["id"] for job in completed} == set(jobs.values()) - {jobs["plain"]}
    assert [run["job_id"] for run in old.client.call("get_runs", status="failed")] == [
        jobs["plain"]
    ]
    assert [run["job_id"] for run in old.client.call("get_runs", tag="a")] == [jobs["tracked"]]
    assert len(old.client.call("get_runs", tag="ten", limit=4)) == 4
    counts = old.client.call("get_status")
    assert (counts["completed"], counts["failed"], counts["queued"]) == (11, 1, 0)


def test_what_is_refused_is_told_in_words(old: OldSite, never_ran: int) -> None:
    assert old.client.call("get_job", job_id=404) is None
    assert old.client.call("get_run", run_id="job-404") is None
    with pytest.raises(Refused, match="Server error: there is no job 404"):
        old.client.call("cancel_job", job_id=404)
    # Asked for once more, as a client does whose answer was lost: it is as good as done.
    assert old.client.call("cancel_job", job_id=never_ran)


def test_a_worker_that_stops_ends_its_job_and_is_offline(
    old: OldSite, pair: list[OldWorker]
) -> None:
    """It reports the job that it kills as failed: so it was with the server of 0.5."""
    marker = f"stopped {old.site.port}"
    job_id = old.submit(whirr_0_5_3.python(), "-c", f"{SLEEP}{marker}")
    taken_by = old.wait_for(job_id, "running")["worker_id"]
    (worker,) = (each for each in pair if each.worker_id == taken_by)
    assert old.worker(taken_by)["gpu_id"] == pair.index(worker)
    assert worker.stop() == 0
    assert processes_with(marker) == []
    assert (old.job(job_id)["status"], old.job(job_id)["exit_code"]) == ("failed", -15)
    told = old.worker(taken_by)
    assert (told["status"], told["current_job_id"]) == ("offline", None)
    again = old.client.call("unregister_worker", worker_id=taken_by)
    assert again == {"message": f"Worker {taken_by} unregistered", "success": True}


def test_a_running_job_is_killed_when_it_is_cancelled(
    old: OldSite, sleeper: dict[str, Any]
) -> None:
    marker = f"{SLEEP}{old.site.port}"
    job = old.wait_for(sleeper["id"], within=45)
    assert (job["status"], job["exit_code"]) == ("cancelled", -15)
    wait_for(lambda: not processes_with(marker), within=30, what="the job's process gone")
    told = old.worker(sleeper["worker"]["id"])
    assert (told["status"], told["current_job_id"]) == ("idle", None)
