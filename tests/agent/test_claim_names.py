"""The name under which an agent asks for work: kept until work comes, so that none that was claimed is forgotten."""

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer


def test_only_an_answer_with_work_ends_the_name_of_a_claim(
    start: Start, server: FakeServer
) -> None:
    """A call that was given up may be handled after the next one: it claims, and releases that one without a word."""
    server.holds = False  # before the first call: that one would be held
    start()
    asked = server.wait_for(lambda: server.syncs[:3] if len(server.syncs) >= 3 else None)
    names = {each["claim_id"] for each in asked}
    assert len(names) == 1

    server.outcome(server.submit("true"))

    server.wait_for(lambda: server.syncs[-1]["claim_id"] not in names, "a new name")
