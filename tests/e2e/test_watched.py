"""Agents send seldom what nobody looks at, and at once when somebody begins to look."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import StartAgent
from tests.e2e.programs import Site, wait_for

SELDOM = 60  # seconds, far more than these tests wait
SCRIPT = "print('begun', flush=True); import time; time.sleep(3); print('news', flush=True); time.sleep(600)"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, WHIRR_SHIP_INTERVAL_SECONDS=str(SELDOM))
    site.start_web()
    yield site
    site.stop()


def test_who_begins_to_look_sees_news_long_before_the_agent_would_have_sent_it(
    site: Site, start_agent: StartAgent
) -> None:
    agent = start_agent("node1")
    job_id = site.submit(sys.executable, "-c", SCRIPT)
    site.wait_for(job_id, "running", within=20)
    here = agent.attempt_folder(job_id, 1) / "output.log"
    there = site.data / "runs" / f"job-{job_id}" / "attempts" / "1" / "output.log"
    wait_for(lambda: here.exists() and b"news" in here.read_bytes(), within=20, what="news")
    assert not there.exists() or b"news" not in there.read_bytes()
    wait_for(lambda: b"news" in site.log_of(job_id), within=20, what="news on the server")


def test_the_end_of_a_run_that_nobody_watches_is_told_at_once(
    site: Site, start_agent: StartAgent
) -> None:
    start_agent("node1")
    job_id = site.submit(sys.executable, "-c", "import time; time.sleep(2); print('last words')")
    site.wait_for(job_id, "completed", within=30)
    there = site.data / "runs" / f"job-{job_id}" / "attempts" / "1" / "output.log"
    assert there.read_bytes() == b"last words\n"
