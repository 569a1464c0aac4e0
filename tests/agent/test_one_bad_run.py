"""One run that the server cannot take holds up no other; an agent that may see the server's files deletes none."""

from __future__ import annotations

from functools import partial

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer


@pytest.mark.parametrize("status", [500, 403, 503])
@pytest.mark.parametrize("where", ["streams/output.log", "artifacts/model", "finish"])
def test_the_others_are_delivered_and_it_follows_once_it_is_taken(
    server: FakeServer, start: Start, status: int | None, where: str
) -> None:
    agent = start("--slots", "3")
    bad_path = "/jobs/1/attempts/1/finish" if where == "finish" else f"/job-1/attempts/1/{where}"
    server.misbehave(bad_path, times=100_000, status=status, perform=False)
    script = "cd $WHIRR_RUN_DIR; echo said; echo model > artifacts/model"
    keys = [server.submit("sh", "-c", script) for _ in range(3)]
    for key in keys[1:]:
        server.outcome(key)
        has_come = partial(server.artifacts.get, (f"job-{key[0]}/1", "model"))
        server.wait_for(has_come)
        assert server.log(key) == b"said\n"
    server.faults.clear()
    server.outcome(keys[0])
    agent.delivered()
    assert server.log(keys[0]) == b"said\n"
    assert server.artifacts["job-1/1", "model"] == b"model\n"
