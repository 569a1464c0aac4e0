"""kill -9 of the agent in mid-job: nothing is orphaned, the job goes on elsewhere, its first log stays readable."""

import sys
import time

from tests.e2e.conftest import StartAgent
from tests.e2e.programs import ROOT, Site, processes_with, wait_for

TRAINER = str(ROOT / "tests" / "e2e" / "trainer.py")
LEASE = 10


def test_a_job_of_a_killed_agent_is_gone_in_two_seconds_and_completes_as_attempt_two_elsewhere(
    site: Site, start_agent: StartAgent
) -> None:
    first = start_agent("first", "--lease-seconds", str(LEASE))
    job_id = site.submit(sys.executable, TRAINER, "killed-agent", "100", "--child")
    site.wait_for(job_id, "running", within=20)
    wait_for(lambda: b"line 5" in site.log_of(job_id), within=20, what="log")
    assert processes_with("killed-agent")

    first.kill()

    killed_at = time.monotonic()
    wait_for(lambda: not processes_with("killed-agent"), within=2, what="training gone")
    start_agent("second")
    job = site.wait_for(job_id, "running", within=LEASE + 10, attempt=2)
    assert time.monotonic() - killed_at <= LEASE + 10
    assert job["worker_id"] == "second"
    job = site.wait_for(job_id, "completed", within=30)
    assert [(each["status"], each["reason"]) for each in job["attempts"]] == [
        ("lost", "worker_lost"),
        ("succeeded", "ok"),
    ]
    log_of_first = site.call("GET", f"/api/v1/runs/job-{job_id}/log?attempt=1").text
    assert log_of_first.startswith("line 0 of killed-agent\nline 1 of killed-agent\n")
    log_of_second = site.call("GET", f"/api/v1/runs/job-{job_id}/log").text
    assert log_of_second.splitlines()[-1] == "line 99 of killed-agent"
