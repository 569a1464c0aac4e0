"""A network that loses requests now and then is no outage: what gets through between counts as progress."""

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer

FILES = ("metrics.jsonl", "events.jsonl", "meta.json", "config.json", "git.json", "git.diff")
WRITE = f'for name in {" ".join(FILES)}; do echo "{{}}" > "$WHIRR_RUN_DIR/$name"; done; echo done'


def test_one_failure_in_each_turn_does_not_add_up_to_a_long_silence(
    agent: AgentProcess, server: FakeServer
) -> None:
    """Eight turns fail, each at another request; waits that doubled each time would take a minute and more."""
    for name in ("output.log", *FILES, "/finish"):
        server.misbehave(name, status=503, perform=False)

    key = server.submit("sh", "-c", WRITE)

    assert server.outcome(key)["exit_code"] == 0
    assert server.faults == []
    assert server.log(key) == b"done\n"
