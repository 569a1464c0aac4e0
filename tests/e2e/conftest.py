from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import Agent, Site

StartAgent = Callable[..., Agent]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server on SQLite with its background process, gone after the test."""
    site = Site(tmp_path)
    site.start_web()
    site.background.start()
    yield site
    site.stop()


@pytest.fixture
def start_agent(site: Site) -> Iterator[StartAgent]:
    """Starts agents against the site; they are killed after the test."""
    agents: list[Agent] = []

    def start(name: str, *options: str) -> Agent:
        agent = Agent(site, name, *options)
        agent.start()
        agents.append(agent)
        return agent

    yield start
    for agent in agents:
        agent.kill()
