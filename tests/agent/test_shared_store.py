"""An agent that sees the server's own data folder sends no content; one that has a copy of it sends everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_http import Answer
from tests.agent.fake_server import FakeServer

SCRIPT = """cd $WHIRR_RUN_DIR; echo hello; echo '{"loss": 1}' > metrics.jsonl; echo '{}' > meta.json
echo diff > git.diff; mkdir -p artifacts; head -c 100000 /dev/zero > artifacts/model"""


class Weighing(FakeServer):
    """Keeps what came with requests for a run's files."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__()

    def answer(self, method: str, target: str, body: bytes) -> Answer | None:
        if "/runs/" in target:
            self.bodies.append(body)
        return super().answer(method, target, body)


@pytest.fixture
def server() -> Iterator[Weighing]:
    server = Weighing()
    yield server
    server.stop()


def store(folder: Path) -> Path:
    folder.mkdir()
    (folder / "store-id").write_text("c0ffee\n")
    return folder


def test_on_a_shared_disk_not_a_byte_of_content_travels(
    server: Weighing, start: Start, tmp_path: Path
) -> None:
    server.store_id, server.store = "c0ffee", store(tmp_path / "data")
    agent = start()
    key = server.submit("sh", "-c", SCRIPT)
    server.outcome(key)
    agent.delivered()
    assert server.bodies
    assert not any(server.bodies)
    assert server.sizes[f"job-{key[0]}/1", "output.log"] == 6


def test_a_copy_of_the_servers_folder_is_not_the_folder(
    server: Weighing, start: Start, tmp_path: Path
) -> None:
    server.store_id, server.store = "c0ffee", store(tmp_path / "the-servers")
    server.holds = (
        False  # or the job may go to a request of the first one, whose answer nobody reads
    )
    first = start("--data-dir", str(tmp_path / "the-servers"))
    server.is_registered()
    first.kill()
    shutil.copytree(tmp_path / "the-servers", tmp_path / "data")  # with its proof and its session
    for told in (tmp_path / "data").rglob("worker.log"):
        told.unlink()  # what the first one said may be in it, or not yet
    registered = len(server.registrations)
    agent = start()
    server.wait_for(lambda: len(server.registrations) > registered)
    key = server.submit("sh", "-c", SCRIPT)
    server.outcome(key)
    agent.delivered()
    assert server.log(key) == b"hello\n"
    assert not list(agent.data_dir.glob("runs/*/attempts/1/.delivered")), "it may be the folder"
    assert len(server.artifacts[f"job-{key[0]}/1", "model"]) == 100_000
    assert "sees this data folder" not in agent.log


def test_an_older_server_that_proves_nothing_is_sent_everything(
    server: Weighing, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path / "data")

    def register(body: dict[str, Any]) -> Answer:
        server.registrations.append(body)
        return 200, {"store_id": "c0ffee", "lease_seconds": 60}

    monkeypatch.setattr(server, "_register", register)
    start()
    key = server.submit("echo", "hello")
    server.outcome(key)
    assert server.log(key) == b"hello\n"
