"""The server is away in mid-training, dead first and then silent: training does not notice, and nothing is missing."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import StartAgent
from tests.e2e.programs import Site
from tests.support.outage import Line, Outage

SECONDS = 4.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One that wants to hear of each run every second, though nobody watches."""
    site = Site(tmp_path, WHIRR_SHIP_INTERVAL_SECONDS="1")
    site.start_web()
    site.background.start()
    yield site
    site.stop()


def test_training_notices_no_outage_and_every_byte_arrives_once(
    site: Site, start_agent: StartAgent
) -> None:
    """The short form of `make soak ARGS="--only outage"`."""
    with Line(site.port, breaks=True) as line:
        agent = start_agent("node", "--poll-interval", "0.5", "--server", line.url)

        trained = Outage(site, line, agent, threading.Event().wait).go_through(SECONDS)

    assert not trained.problems, "\n".join(trained.problems)
    assert trained.steps_while_killed > 1
    assert trained.steps_while_silent > 1
    assert trained.longest_step < SECONDS, "a step waited for the server"
