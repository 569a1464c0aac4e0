"""whirr sync: what is delivered, what is passed over, what is named as wrong, and with which exit code."""

import json
import os
import platform
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Call
from tests.cli.tracking_server import TrackingServer
from whirr.cli import checkup
from whirr.shipping import mark
from whirr.stack.folder import Folder

LINES = b'{"_idx": 0, "step": 0, "loss": 0.5}\n' * 3


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / ".whirr"
    (folder / "runs").mkdir(parents=True)
    return folder.parent


@pytest.fixture
def tracking() -> Any:
    server = TrackingServer()
    yield server
    server.stop()


def make(project: Path, number: int = 1, **meta: Any) -> Path:
    """A direct run as the library leaves it."""
    folder = project / ".whirr" / "runs" / f"local-20300101-120000-{number:06x}"
    (folder / "artifacts" / "deep").mkdir(parents=True)
    (folder / "metrics.jsonl").write_bytes(LINES)
    (folder / "metrics.r1.jsonl").write_bytes(LINES * 2)
    (folder / "artifacts" / "deep" / "model").write_bytes(b"w" * 1000)
    told = {"id": folder.name, "status": "completed", "name": "n", "hostname": "elsewhere"}
    (folder / "meta.json").write_text(json.dumps(told | meta))
    return folder


def states(text: str) -> dict[str, str]:
    return {each["run"][-1]: each["state"] for each in json.loads(text)}


def test_everything_arrives_once_and_the_next_time_only_who_answers_is_asked(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    folder = make(project)
    done = quick("sync", str(project), "--json", WHIRR_SERVER_URL=tracking.url)
    assert (done.returncode, states(done.stdout)) == (0, {"1": "delivered"})
    assert tracking.files(folder.name) == {
        "streams/metrics.jsonl": LINES,
        "streams/metrics.r1.jsonl": LINES * 2,
        "artifacts/deep/model": b"w" * 1000,
        "documents/meta.json": (folder / "meta.json").read_bytes(),
    }
    assert list(tracking.files(folder.name))[-1] == "documents/meta.json"  # it ends the run
    asked = tracking.asked
    for where in (str(project), str(project / ".whirr"), str(folder)):
        again = quick("sync", where, "--json", WHIRR_SERVER_URL=tracking.url)
        assert (again.returncode, states(again.stdout)) == (0, {"1": "already"})
    assert tracking.asked == asked + 3
    tracking.away = True
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    tracking.away = False
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(LINES)
    grown = quick("sync", str(folder), "-s", tracking.url, "--json")
    assert json.loads(grown.stdout)[0]["state"] == "delivered"
    assert tracking.files(folder.name)["streams/metrics.jsonl"] == LINES * 2


def test_another_server_at_the_same_address_gets_everything(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    first, second = make(project, 1), make(project, 2)
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    tracking.runs.clear()
    tracking.asked = 0
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    assert (tracking.asked, tracking.runs) == (1, {})
    tracking.store_id = "decaf"
    server = checkup.Server(tracking.url, None, is_own=False)
    [found] = checkup.of_direct_runs(Folder(project / ".whirr"), server)
    assert "2 not delivered" in found["says"]
    done = quick("sync", str(project), "--json", WHIRR_SERVER_URL=tracking.url)
    assert states(done.stdout) == {"1": "delivered", "2": "delivered"}
    assert tracking.runs.keys() == {first.name, second.name}


def test_an_artifact_of_the_same_size_and_another_content_is_sent_again(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    """As after a run that was resumed."""
    folder = make(project)
    quick("sync", str(project), WHIRR_SERVER_URL=tracking.url)
    (folder / "artifacts" / "deep" / "model").write_bytes(b"x" * 1000)
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    assert tracking.files(folder.name)["artifacts/deep/model"] == b"x" * 1000


@pytest.mark.parametrize(("spoilt", "code"), [(1, 0), (2, 1)])
def test_an_artifact_whose_bytes_were_spoilt_on_the_way_is_sent_once_more(
    quick: Call, project: Path, tracking: TrackingServer, spoilt: int, code: int
) -> None:
    folder = make(project)
    tracking.spoilt = spoilt
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == code
    assert tracking.spoilt == 0
    assert ("artifacts/deep/model" in tracking.files(folder.name)) == (code == 0)


def test_no_large_artifact_is_hashed_before_the_end_is_told(
    quick: Call, project: Path, tracking: TrackingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whirr.shipping.artifacts._SMALL", 999)
    folder = make(project)
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    order = list(tracking.files(folder.name))
    assert order[-2:] == ["documents/meta.json", "artifacts/deep/model"]


def test_a_server_that_writes_into_the_very_folder_is_not_sent_the_same_for_ever(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    tracking.folder = make(project)
    done = quick("sync", str(project), WHIRR_SERVER_URL=tracking.url)
    assert (done.returncode, tracking.asked < 100) == (1, True)
    assert "something writes to it" in done.stderr


@pytest.mark.parametrize("why", ["it cannot be read", "it is the server's"])
def test_where_the_server_may_read_the_very_folder_nothing_is_sent(
    quick: Call, project: Path, tracking: TrackingServer, why: str
) -> None:
    folder, store = make(project), project / ".whirr" / "store-id"
    if why == "it cannot be read":
        store.mkdir()
    else:
        store.write_text(tracking.store_id)
    done = quick("sync", str(project), WHIRR_SERVER_URL=tracking.url)
    assert (done.returncode, tracking.files(folder.name)) == (1, {})
    assert "remove the file `store-id`" in done.stderr
    store.rename(project / "away")
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    assert "documents/meta.json" in tracking.files(folder.name)


def test_a_live_run_is_delivered_as_far_as_it_is_and_a_killed_one_is_closed(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    here: dict[str, Any] = {"status": "running", "hostname": platform.node()}
    live = make(project, 1, pid=os.getpid(), **here)
    dead = make(project, 2, pid=2**22 + 1, **here)  # beyond the largest number of a process
    make(project, 3, status="running", pid=2**22 + 1)  # of another machine: who knows
    done = quick("sync", str(project), "--json", WHIRR_SERVER_URL=tracking.url)
    assert done.returncode == 0
    assert states(done.stdout) == {"1": "live", "2": "delivered", "3": "live"}
    assert tracking.files(live.name)["streams/metrics.jsonl"] == LINES
    assert not (live / mark.MARK).exists()
    told = json.loads(tracking.files(dead.name)["documents/meta.json"])
    assert told["status"] == "failed"
    assert "killed" in told["reason"]


def test_what_is_no_run_is_named_and_the_others_are_delivered(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    runs = project / ".whirr" / "runs"
    make(project, 1)
    make(project, 2, id="local-20300101-120000-ffffff")
    (make(project, 3) / "meta.json").write_text('{"torn')
    (make(project, 4) / "meta.json").unlink()
    (runs / "local-by-hand").mkdir()
    (runs / "local-20300101-120000-000005").symlink_to(runs / "local-20300101-120000-000001")
    (runs / "job-7").mkdir()
    done = quick("sync", str(project), WHIRR_SERVER_URL=tracking.url)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("whirr: local-")]
    assert len(told) == 5
    assert len(tracking.runs) == 1


@pytest.mark.parametrize("code", ["run_taken", "in_trash"])
def test_what_the_server_refuses_is_told_and_the_others_are_delivered(
    quick: Call, project: Path, tracking: TrackingServer, code: str
) -> None:
    tracking.refused[make(project, 1).name] = code
    make(project, 2)
    done = quick("sync", str(project), "--json", WHIRR_SERVER_URL=tracking.url)
    assert (done.returncode, states(done.stdout)) == (1, {"1": "failed", "2": "delivered"})
    assert code in done.stderr


def test_one_file_that_is_refused_holds_up_no_other_and_is_tried_again(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    folder = make(project)
    tracking.unwanted.add("artifacts/deep/model")
    done = quick("sync", str(project), WHIRR_SERVER_URL=tracking.url)
    assert done.returncode == 1
    assert "artifacts/deep/model" in done.stderr
    assert "documents/meta.json" in tracking.files(folder.name)
    tracking.unwanted.clear()
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    assert tracking.files(folder.name)["artifacts/deep/model"] == b"w" * 1000


def test_a_file_of_which_the_server_has_more_than_there_is_is_told(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    """Somebody cut it off, or the folder is an older copy: neither side is thrown away."""
    folder = make(project)
    tracking.runs[folder.name] = {"streams/metrics.jsonl": LINES * 3}
    done = quick("sync", str(project), WHIRR_SERVER_URL=tracking.url)
    assert done.returncode == 1
    assert done.stderr.count("other bytes") == 1
    assert f"{len(LINES) * 2} more than lie here" in done.stderr
    assert tracking.files(folder.name)["streams/metrics.jsonl"] == LINES * 3
    assert not (folder / mark.MARK).exists()


@pytest.mark.parametrize("new", [1, 9], ids=["fewer bytes", "more bytes"])
def test_after_a_power_cut_other_lines_are_not_lost(
    quick: Call, project: Path, tracking: TrackingServer, new: int
) -> None:
    """The end of the file was not on the disk yet; the run went on there with other lines."""
    folder = make(project)
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    with (folder / "metrics.jsonl").open("r+b") as file:
        file.truncate(50)
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 1
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(b'\n{"_idx": 2, "loss": 7.5}\n' * new)
    assert quick("sync", str(project), WHIRR_SERVER_URL=tracking.url).returncode == 0
    held = tracking.files(folder.name)
    assert held["streams/metrics.jsonl"] == (folder / "metrics.jsonl").read_bytes()
    assert held["streams/metrics.jsonl.1"] == LINES
    assert mark.holds(folder, mark.read(folder))


def test_exit_codes(
    quick: Call, project: Path, tmp_path: Path, tracking: TrackingServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("whirr.cli.syncing.PATIENCE", 0.0)
    make(project)
    nobody = "http://127.0.0.1:1"
    for words, code in (
        ([str(project)], 3),  # no server is known
        ([str(project), "-s", nobody], 3),
        ([str(tmp_path / "nothing"), "-s", nobody], 2),
        ([str(tmp_path), "-s", nobody], 2),
        (["-s", nobody], 2),
        ([str(project), "-s", "ftp://x"], 2),
    ):
        done = quick("sync", *words)
        assert (done.returncode, done.stderr.startswith("whirr: ")) == (code, True), words
    tracking.locked = True
    assert quick("sync", str(project), "-s", tracking.url).returncode == 4


def test_a_token_is_in_no_file_and_no_word(
    quick: Call, project: Path, tracking: TrackingServer
) -> None:
    folder = make(project)
    done = quick("sync", str(project), WHIRR_SERVER_URL=tracking.url, WHIRR_TOKEN="canary")
    assert tracking.tokens == {"Bearer canary", f"Bearer of-{folder.name}"}
    left = b"".join(path.read_bytes() for path in project.rglob("*") if path.is_file())
    assert b"canary" not in left + done.stdout.encode() + done.stderr.encode()
    assert b"of-local" not in left
