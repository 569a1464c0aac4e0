"""One file that cannot be delivered holds up neither the others nor the outcome."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer
from whirr.wire import Client
from worker_agent.shipping.artifacts import Artifacts
from worker_agent.shipping.documents import Documents
from worker_agent.shipping.streams import StreamCursor
from worker_agent.shipping.target import Route, Target
from worker_agent.shipping.unreadable import Unreadable


@pytest.fixture
def target(server: FakeServer) -> Target:
    route = Route(Client(server.url), None, lambda seconds: None)
    return Target(route, "job-1", 1)


def forbid(name: str, monkeypatch: pytest.MonkeyPatch, number: int = errno.EACCES) -> None:
    """As chmod 000 does for an agent that is not root."""
    really = os.open

    def opened(path: "os.PathLike[str] | str", *more: Any, **options: Any) -> int:
        if Path(path).name == name:
            raise OSError(number, os.strerror(number), str(path))
        return really(path, *more, **options)

    monkeypatch.setattr(os, "open", opened)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("mkdir metrics.jsonl; touch metrics.jsonl/x", "metrics.jsonl cannot be delivered"),
        ("mkdir git.diff", "git.diff cannot be delivered"),
        ("mkfifo git.diff", "git.diff cannot be delivered"),
        (r"touch artifacts/$(printf 'caf\351')", "its name is not UTF-8"),
    ],
)
def test_the_rest_and_the_outcome_are_delivered(
    agent: AgentProcess, server: FakeServer, script: str, said: str
) -> None:
    rest = "echo pip > requirements.txt; echo model > artifacts/model; echo said; sleep 0.3; exit 3"
    script = f"cd $WHIRR_RUN_DIR; mkdir -p artifacts; {script}; {rest}"
    key = server.submit("sh", "-c", script)
    assert server.outcome(key)["exit_code"] == 3
    agent.delivered()
    place = f"job-{key[0]}/1"
    assert server.log(key) == b"said\n"
    assert server.documents[place, "requirements.txt"] == b"pip\n"
    assert server.artifacts[place, "model"] == b"model\n"
    assert agent.log.count(said) == 1
    assert server.outcome(server.submit("true"))["exit_code"] == 0


def test_an_artifact_that_cannot_be_read_is_dropped(
    server: FakeServer, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "a").write_text("secret")
    (tmp_path / "artifacts" / "b").write_text("open")
    forbid("a", monkeypatch)
    artifacts = Artifacts(tmp_path)
    with pytest.raises(Unreadable, match="Permission denied"):
        artifacts.send_part(target)
    artifacts.refused()
    assert artifacts.send_part(target)
    assert not artifacts.send_part(target)
    assert server.artifacts == {("job-1/1", "b"): b"open"}


def test_an_artifact_that_was_replaced_meanwhile_is_sent_anew(
    server: FakeServer, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "artifacts").mkdir()
    model = tmp_path / "artifacts" / "model"
    model.write_text("old")
    really = os.open

    def open_late(path: Path, *more: Any, **options: Any) -> int:
        if Path(path).name != "model":
            return really(path, *more, **options)
        monkeypatch.setattr(os, "open", really)
        model.unlink()
        model.write_text("newer")
        raise FileNotFoundError(errno.ENOENT, "gone", str(path))

    artifacts = Artifacts(tmp_path)
    monkeypatch.setattr(os, "open", open_late)
    while artifacts.send_part(target):
        pass
    assert server.artifacts["job-1/1", "model"] == b"newer"


def test_a_stream_that_cannot_be_read_says_so(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "output.log").write_text("text")
    forbid("output.log", monkeypatch)
    with pytest.raises(Unreadable, match="Permission denied"):
        StreamCursor(tmp_path, "output.log", resumed=False).send(target)


def test_too_many_open_files_are_no_fault_of_the_file(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "output.log").write_text("text")
    forbid("output.log", monkeypatch, errno.EMFILE)
    with pytest.raises(OSError, match="Too many open files"):
        StreamCursor(tmp_path, "output.log", resumed=False).send(target)


def test_only_the_document_that_was_refused_is_marked_as_sent(
    server: FakeServer, tmp_path: Path, target: Target
) -> None:
    (tmp_path / "meta.json").write_text("{}")
    (tmp_path / "config.json").mkdir()
    documents = Documents(tmp_path)
    with pytest.raises(Unreadable):
        documents.send("config.json", target)
    documents.refused()
    assert documents.changed() == ["meta.json"]
    documents.send("meta.json", target)
    assert documents.changed() == []
    assert server.documents == {("job-1/1", "meta.json"): b"{}"}


def test_a_refused_document_does_not_hide_the_others(
    agent: AgentProcess, server: FakeServer
) -> None:
    server.misbehave("/config.json", times=1000, status=400)
    script = "cd $WHIRR_RUN_DIR; echo x > git.diff; echo y > requirements.txt"
    key = server.submit("sh", "-c", script, config={"lr": 1})
    server.outcome(key)
    agent.delivered()
    sent = {name: text for (_, name), text in server.documents.items() if name != "config.json"}
    assert (sent["git.diff"], sent["requirements.txt"]) == (b"x\n", b"y\n")
    assert agent.log.count("refused config.json") == 1
