"""kill -9 of the web process in mid-job: training goes on, and afterwards the server has every byte, once."""

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import StartAgent
from tests.e2e.programs import ROOT, Agent, Site, sha256, wait_for

TRAINER = str(ROOT / "tests" / "e2e" / "trainer.py")


def assert_complete_to_the_byte(site: Site, agent: Agent, job_id: int, *, lines: int) -> None:
    ours = agent.attempt_folder(job_id, 1)
    theirs = site.data / "runs" / f"job-{job_id}" / "attempts" / "1"
    for name in ("output.log", "metrics.jsonl"):
        wait_for(
            lambda name=name: sha256(ours / name) == sha256(theirs / name),  # type: ignore[misc]
            within=20,
            what=f"{name} of agent and server equal",
        )
        assert len((theirs / name).read_bytes().splitlines()) == lines
    series = site.call("GET", f"/api/v1/runs/job-{job_id}/series?width=5000").json()["series"]
    logged = {each["key"]: each["count"] for each in series if "system/" not in each["key"]}
    assert logged == {"loss": lines, "twice": lines}
    twice = next(each for each in series if each["key"] == "twice")
    assert twice["points"]["value"] == [2 * step for step in range(lines)]


def test_training_goes_on_while_the_server_is_dead_and_nothing_is_missing_afterwards(
    site: Site, start_agent: StartAgent
) -> None:
    agent = start_agent("node", "--poll-interval", "1")
    enough = site.folder / "enough"
    job_id = site.submit(sys.executable, TRAINER, "killed-server", "0", "--until", str(enough))
    metrics = agent.attempt_folder(job_id, 1) / "metrics.jsonl"
    wait_for(
        lambda: site.log_of(job_id) and metrics.exists() and metrics.stat().st_size > 500,
        within=30,
        what="first bytes",
    )

    site.web.kill()
    at_death = metrics.stat().st_size
    wait_for(lambda: metrics.stat().st_size > at_death + 2000, within=30, what="training goes on")
    site.start_web()
    enough.touch()

    job = site.wait_for(job_id, "completed", within=60)
    assert [each["status"] for each in job["attempts"]] == ["succeeded"]
    lines = len(metrics.read_bytes().splitlines())
    assert lines > 30
    assert_complete_to_the_byte(site, agent, job_id, lines=lines)


@pytest.mark.postgres
def test_the_same_holds_on_postgresql_and_redis(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    site = Site(
        tmp_path, WHIRR_MODE="server", WHIRR_DATABASE_URL=postgres_url, WHIRR_REDIS_URL=redis_url
    )
    site.start_web()
    agent = Agent(site, "node", "--poll-interval", "1")
    try:
        site.background.start()
        agent.start()
        job_id = site.submit(sys.executable, TRAINER, f"pg-{os.getpid()}", "150")
        metrics = agent.attempt_folder(job_id, 1) / "metrics.jsonl"
        wait_for(
            lambda: metrics.exists() and metrics.stat().st_size > 500, within=20, what="points"
        )
        site.web.kill()
        site.start_web()
        site.wait_for(job_id, "completed", within=60)
        assert_complete_to_the_byte(site, agent, job_id, lines=150)
    finally:
        agent.kill()
        site.stop()
