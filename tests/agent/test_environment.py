"""What a job finds in its environment, and what it must not find there."""

from pathlib import Path

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer
from whirr.stack import roster
from whirr.stack.folder import Folder

SECRETS = {
    "WHIRR_DATABASE_URL": "postgres://whirr:password@db/whirr",
    "WHIRR_REDIS_URL": "redis://:password@cache",
    "WHIRR_SECRET_KEY": "signs-every-session",
}


def test_a_job_does_not_inherit_the_servers_secrets(server: FakeServer, start: Start) -> None:
    start(**SECRETS, WHIRR_MODE="server", KEPT="yes")
    key = server.submit("env", env={"WHIRR_MINE": "kept"})
    server.outcome(key)
    found = dict(line.split("=", 1) for line in server.log(key).decode().splitlines())
    assert not {*SECRETS, "WHIRR_MODE"} & set(found)
    assert (found["WHIRR_MINE"], found["KEPT"]) == ("kept", "yes")
    assert found["WHIRR_TOKEN"] == f"run-token-{key[0]}"


def test_attempts_of_a_job_share_a_folder_for_checkpoints(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    start()
    say = 'echo "$WHIRR_RESUME:$WHIRR_CHECKPOINT_DIR"; echo 7 > $WHIRR_CHECKPOINT_DIR/step$WHIRR_ATTEMPT'
    first = server.submit("sh", "-c", say, env={"WHIRR_RESUME": "1"})
    server.outcome(first)
    again = server.submit("sh", "-c", say, run_id=f"job-{first[0]}", attempt=2)
    server.wait_for(lambda: server.finishes[again])
    folder = tmp_path / "data" / "runs" / f"job-{first[0]}" / "checkpoints"
    assert {path.name for path in folder.iterdir()} == {"step1", "step2"}
    said = [(folder.parent / "attempts" / n / "output.log").read_text() for n in "12"]
    assert said == [f":{folder}\n", f"1:{folder}\n"]


def test_the_stacks_agent_is_not_given_the_servers_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    shape = roster.Shape("server", "127.0.0.1", 8080)
    agent = roster.agent(Folder(tmp_path), shape)
    web = roster.web(Folder(tmp_path), shape)
    assert not SECRETS.keys() & agent.env.keys()
    assert SECRETS.items() <= web.env.items()
