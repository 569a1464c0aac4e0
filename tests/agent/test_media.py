"""What a run shows while it goes on arrives while it goes on; checkpoints wait for its end."""

from pathlib import Path

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer

SCRIPT = """cd $WHIRR_RUN_DIR/artifacts; mkdir -p media/images
echo model > model.pt; echo half > media/images/p.whirr-part; echo one > media/images/one.png
until [ -e {folder}/go ]; do sleep 0.05; done; echo two > media/images/two.png
until [ -e {folder}/stop ]; do sleep 0.05; done"""


def test_media_are_sent_at_once_and_once_and_the_rest_at_the_end(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    key = server.submit("sh", "-c", SCRIPT.format(folder=tmp_path))

    def names() -> list[str]:
        return sorted(name.rpartition("artifacts/")[2] for _, name in server.artifacts)

    server.wait_for(lambda: names() == ["media/images/one.png"])
    (tmp_path / "go").touch()
    media = ["media/images/one.png", "media/images/two.png"]
    server.wait_for(lambda: names() == media)
    assert names() == media
    (tmp_path / "stop").touch()
    server.outcome(key)
    agent.delivered()
    assert names() == [*media, "model.pt"]
    assert all(
        bytes(data) in (b"one\n", b"two\n", b"model\n") for data in server.artifacts.values()
    )
