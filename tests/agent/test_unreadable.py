"""One file that cannot be delivered holds up neither the others nor the outcome."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer
from whirr.shipping import unreadable
from whirr.shipping.artifacts import Artifacts
from whirr.shipping.documents import Documents
from whirr.shipping.streams import StreamCursor
from whirr.shipping.target import Route, Target
from whirr.shipping.unreadable import Unreadable
from whirr.wire import Client
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.records import Record
from worker_agent.shipping.delivery import Delivery


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


def troubled(
    monkeypatch: pytest.MonkeyPatch, call: str, name: str, number: int = errno.ESTALE
) -> list[str]:
    """As of a file server that is away: this call fails for that name while the list says so."""
    really = getattr(os, call)
    trouble = [name]

    def tried(path: Any = ".", *more: Any, **options: Any) -> Any:
        if not isinstance(path, int) and Path(path).name in trouble:
            raise OSError(number, os.strerror(number), str(path))
        return really(path, *more, **options)

    monkeypatch.setattr(os, call, tried)
    return trouble


def over(folder: Path, server: FakeServer) -> Delivery:
    (folder / "artifacts").mkdir()
    (folder / "artifacts" / "model").write_text("model")
    (folder / "output.log").write_text("text")
    (folder / "git.diff").write_text("diff")
    record = Record(folder, {"job_id": 1, "attempt": 1, "run_id": "job-1"})
    record.ended(Outcome("exited", exit_code=0))
    route = Route(Client(server.url), None, lambda seconds: None)
    log = Log(path=str(folder / "worker.log"))
    return Delivery(record, folder, Target(route, "job-1", 1), log, resumed=False)


def deliver(delivery: Delivery, server: FakeServer) -> None:
    """Turn by turn, until it is complete or comes to a stop."""
    for _ in range(20):
        delivery.step(Client(server.url), "node1")
        if delivery.complete:
            return
        delivery.send_artifact()


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EMFILE, errno.ETIMEDOUT])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("stat", "output.log"), ("open", "output.log"), ("stat", "git.diff"),
        ("open", "artifacts"), ("stat", "artifacts"), ("open", "model"),
    ],
)  # fmt: skip
def test_trouble_of_the_disk_that_passes_loses_nothing(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    call: str, name: str, number: int,
) -> None:  # fmt: skip
    delivery = over(tmp_path, server)
    trouble = troubled(monkeypatch, call, name, number)
    for _ in range(3):
        with pytest.raises(OSError, match=f"Errno {number}"):
            deliver(delivery, server)
    too_soon = delivery.complete
    assert not too_soon
    trouble.clear()
    deliver(delivery, server)
    assert delivery.complete
    assert delivery.whole
    assert server.log((1, 1)) == b"text"
    assert server.documents["job-1/1", "git.diff"] == b"diff"
    assert server.artifacts["job-1/1", "model"] == b"model"
    assert {name for name, _, _ in delivery.sent()} == {
        "output.log", "git.diff", "artifacts/model",
    }  # fmt: skip


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize(
    ("call", "name", "said"),
    [
        ("stat", "output.log", "output.log cannot be delivered"),
        ("stat", "git.diff", "git.diff cannot be delivered"),
        ("open", "artifacts", "an artifact cannot be delivered"),
        ("open", "model", "an artifact cannot be delivered"),
    ],
)
def test_trouble_that_stays_is_complained_of_once_and_nothing_is_marked(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    call: str, name: str, said: str, number: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(unreadable, "_PATIENCE", 0.0)
    delivery = over(tmp_path, server)
    troubled(monkeypatch, call, name, number)
    deliver(delivery, server)
    assert delivery.complete
    assert server.finishes[1, 1], "the outcome does not wait for ever"
    assert not delivery.whole
    assert (tmp_path / "worker.log").read_text().count(said) == 1


def test_a_folder_in_artifacts_that_cannot_be_read_hides_no_other(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = over(tmp_path, server)
    for name in ("a", "b", "c"):
        (tmp_path / "artifacts" / name).mkdir()
        (tmp_path / "artifacts" / name / "x").write_text(name)
    troubled(monkeypatch, "open", "b", errno.EACCES)
    deliver(delivery, server)
    assert delivery.complete
    assert not delivery.whole
    names = {name for _, name in server.artifacts}
    assert names == {"model", "a/x", "c/x"}
    assert (tmp_path / "worker.log").read_text().count("an artifact cannot be delivered") == 1


def test_a_document_that_is_too_large_is_complained_of_and_never_taken_for_delivered(
    agent: AgentProcess, server: FakeServer
) -> None:
    script = "cd $WHIRR_RUN_DIR; head -c 5000000 /dev/zero > git.diff; echo '{}' > config.json"
    key = server.submit("sh", "-c", script)
    server.outcome(key)
    agent.delivered()
    assert agent.log.count("git.diff cannot be delivered: it is larger than 4 MiB") == 1
    folder = agent.data_dir / "runs" / f"job-{key[0]}" / "attempts" / "1"
    assert not (folder / ".delivered").exists()
    assert (f"job-{key[0]}/1", "config.json") in server.documents
