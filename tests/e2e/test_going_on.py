"""A training that is stopped goes on from its checkpoint: nothing is done twice, nothing that was recorded is lost."""

import signal
import sys

import pytest

from tests.e2e.conftest import StartAgent
from tests.e2e.programs import ROOT, Agent, Site, wait_for

pytestmark = pytest.mark.e2e
STEPS = 120
LINE = (sys.executable, str(ROOT / "examples" / "resume" / "line.py"), "--steps", str(STEPS))
# So slow at first that whoever stops it is never too late, and then as fast as it can.
FIRST_SLOWLY = 'if [ "$WHIRR_ATTEMPT" = 1 ]; then set -- "$@" --pause 0.2; else set -- "$@" --pause 0; fi; exec "$@"'


def train(site: Site, *options: str) -> int:
    return site.submit(*LINE, *options, env={"PYTHONPATH": str(ROOT)})


def steps(site: Site, job_id: int, attempt: int) -> list[int]:
    """Which steps the server has a loss of."""
    query = f"keys=loss&attempt={attempt}&width=10000"
    found = site.call("GET", f"/api/v1/runs/job-{job_id}/series?{query}").json()["series"]
    return [int(step) for each in found for step in each["points"]["step"]]


def log(site: Site, job_id: int, attempt: int) -> str:
    return site.call("GET", f"/api/v1/runs/job-{job_id}/log?attempt={attempt}").text


def stop(agent: Agent) -> None:
    agent.signal(signal.SIGTERM)
    assert agent.process is not None
    assert agent.process.wait(timeout=60) == 0


def test_a_training_goes_on_where_its_stopped_agent_left_it(
    site: Site, start_agent: StartAgent
) -> None:
    agent = start_agent("node1", "--on-stop", "requeue")
    env = {"PYTHONPATH": str(ROOT)}
    job_id = site.submit("sh", "-c", FIRST_SLOWLY, "sh", *LINE, env=env)
    wait_for(lambda: len(steps(site, job_id, 1)) > 10, within=60, what="ten steps")
    stop(agent)
    job = site.job(job_id)
    assert job["status"] == "queued"
    assert [each["reason"] for each in job["attempts"]] == ["worker_shutdown"]
    agent.start()
    job = site.wait_for(job_id, "completed", within=60)
    assert job["attempt"] == 2
    before, after = steps(site, job_id, 1), steps(site, job_id, 2)
    assert before + after == list(range(STEPS))
    assert f"stops before step {len(before)}" in log(site, job_id, 1)
    assert f"goes on at step {len(before)}" in log(site, job_id, 2)


def test_a_training_gives_way_by_itself_as_often_as_it_likes(
    site: Site, start_agent: StartAgent
) -> None:
    """Forty steps an attempt: three attempts, none of them a failure."""
    start_agent("node1")
    job_id = train(site, "--pause", "0", "--at-most", "40")
    job = site.wait_for(job_id, "completed", within=60)
    assert [each["status"] for each in job["attempts"]] == ["preempted", "preempted", "succeeded"]
    assert job["attempts"][0]["error_message"] == "asked to be requeued (exit code 85)"
    told = [step for attempt in (1, 2, 3) for step in steps(site, job_id, attempt)]
    assert told == list(range(STEPS))


def test_a_cancelled_training_does_not_come_back(site: Site, start_agent: StartAgent) -> None:
    start_agent("node1")
    job_id = train(site, "--pause", "0.2")
    wait_for(lambda: steps(site, job_id, 1), within=60, what="a step")
    site.call("POST", f"/api/v1/jobs/{job_id}/cancel")
    job = site.wait_for(job_id, "cancelled", within=60)
    assert job["attempt"] == 1
    assert "stops before step" in log(site, job_id, 1)
