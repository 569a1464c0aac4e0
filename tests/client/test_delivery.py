"""The library's own shipper: started beside a direct run, ended with it, and never in its way."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.agent.test_staying_small import HEAVY
from tests.cli.command import wait_for
from tests.cli.tracking_server import TrackingServer
from tests.client.projects import ROOT
from whirr import _delivery
from whirr.shipping import mark, server, trainer
from whirr.shipping.shipper import Shipper

NAME = "local-20300101-120000-abcdef"
LINE = b'{"_idx": 0, "loss": 0.5}\n'
PATIENCE = 20.0


@pytest.fixture
def tracking() -> Iterator[TrackingServer]:
    found = TrackingServer()
    yield found
    found.stop()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a run that this process has begun."""
    for name in (server.URL, server.TOKEN, server.OFFLINE):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "runs" / NAME
    (folder / "artifacts").mkdir(parents=True)
    (folder / "metrics.jsonl").write_bytes(LINE)
    tell(folder, "running")
    yield folder
    for process in shippers(folder):
        process.kill()


def tell(folder: Path, status: str) -> None:
    meta = {"id": NAME, "status": status, "pid": os.getpid(), "hostname": os.uname().nodename}
    (folder / "draft").write_text(json.dumps(meta))
    (folder / "draft").rename(folder / "meta.json")


def shippers(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in (process.info["cmdline"] or [])
    ]


def start(folder: Path) -> Any:
    return _delivery.start(folder, folder.name, folder.parent.parent)


def test_it_is_delivered_while_it_goes_on_and_wholly_when_it_ends(
    run: Path, tracking: TrackingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.URL, tracking.url)
    monkeypatch.setenv(server.TOKEN, "canary")
    delivery = start(run)
    wait_for(
        lambda: tracking.runs.get(NAME, {}).get("streams/metrics.jsonl") == LINE, "the first line"
    )
    [process] = shippers(run)
    assert process.ppid() != os.getpid()  # who waits for all its children does not meet it
    assert "canary" not in " ".join(process.cmdline())
    with (run / "metrics.jsonl").open("ab") as file:
        file.write(LINE)
    (run / "artifacts" / "model").write_bytes(b"w" * 10)
    tell(run, "completed")
    assert delivery.end(PATIENCE) is True
    assert tracking.files(NAME)["streams/metrics.jsonl"] == LINE * 2
    assert tracking.files(NAME)["artifacts/model"] == b"w" * 10
    assert mark.holds(run, mark.read(run))
    assert (run / "shipper.log").stat().st_mode & 0o777 == 0o600
    assert all(b"canary" not in path.read_bytes() for path in run.rglob("*") if path.is_file())
    wait_for(lambda: not shippers(run), "its end")


@pytest.mark.parametrize("env", [{}, {server.URL: "http://127.0.0.1:1", server.OFFLINE: "1"}])
def test_without_a_server_there_is_no_process(
    run: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert start(run) is None
    assert not (run / "shipper.log").exists()


def test_a_server_that_is_away_is_waited_for_by_the_shipper_alone(
    run: Path, tracking: TrackingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.URL, tracking.url)
    tracking.away = True
    delivery = start(run)
    tell(run, "completed")
    assert delivery.end(0.2) is False
    tracking.away = False
    wait_for(lambda: mark.holds(run, mark.read(run)), "the rest", PATIENCE)


def test_a_shipper_that_was_killed_has_a_successor_at_the_end(
    run: Path, tracking: TrackingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.URL, tracking.url)
    delivery = start(run)
    wait_for(lambda: NAME in tracking.runs, "a shipper at work")  # and not the one that only forks
    [process] = shippers(run)
    process.kill()
    tell(run, "completed")
    assert delivery.end(PATIENCE) is True
    assert "documents/meta.json" in tracking.files(NAME)


def test_an_hour_after_the_end_whirr_sync_has_to_do_the_rest(run: Path) -> None:
    tell(run, "completed")
    env = {server.URL: "http://127.0.0.1:1"}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        told = (str(run), str(run.parent.parent), trainer.Trainer.here(), env, theirs.fileno())
        shipper = Shipper(*told)
        assert shipper._round()[0] is None
        shipper._over_since = time.monotonic() - 3601
        assert shipper._round()[0] == 1


def test_what_is_refused_for_good_ends_the_shipper_and_says_why(
    run: Path, tracking: TrackingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.URL, tracking.url)
    tracking.refused[NAME] = "run_taken"
    delivery = start(run)
    log = run / "shipper.log"
    wait_for(lambda: log.exists() and "run_taken" in log.read_text(), "a reason")
    wait_for(lambda: not shippers(run), "its end")
    assert delivery.end(PATIENCE) is False


def test_a_second_shipper_waits_for_the_first(
    run: Path, tracking: TrackingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(server.URL, tracking.url)
    with (run / trainer.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        delivery = start(run)
        tell(run, "completed")
        assert delivery.end(0.3) is False
        assert not tracking.asked
    wait_for(lambda: mark.holds(run, mark.read(run)), "its turn")


def test_the_process_loads_nothing_heavy() -> None:
    load = "import sys; sys.path.insert(0, sys.argv[1]); import whirr.shipping.shipper; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", load, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "whirr.shipping.direct" in told.stdout.split()
    assert not HEAVY & set(told.stdout.split())


class TestWhichServer:
    @pytest.fixture
    def stack(self, tmp_path: Path) -> Iterator[Path]:
        """A folder on which a stack runs, as far as anybody can tell."""
        (tmp_path / "server.json").write_text('{"url": "http://127.0.0.1:8080"}')
        (tmp_path / "secret").write_text("s3cret\n")
        with (tmp_path / "stack.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield tmp_path

    @pytest.mark.parametrize(
        ("env", "url", "token"),
        [
            ({}, "http://127.0.0.1:8080", "s3cret"),
            ({"WHIRR_SERVER_URL": "http://127.0.0.1:8080/"}, "http://127.0.0.1:8080", "s3cret"),
            ({"WHIRR_SERVER_URL": "http://head:1"}, "http://head:1", None),
            ({"WHIRR_SERVER_URL": "http://head:1", "WHIRR_TOKEN": " t "}, "http://head:1", "t"),
            ({"WHIRR_TOKEN": "t"}, "http://127.0.0.1:8080", "t"),
        ],
    )
    def test_the_environment_comes_first_and_a_secret_goes_to_its_own_server(
        self, stack: Path, env: dict[str, str], url: str, token: str | None
    ) -> None:
        found = server.find(env, stack)
        assert found is not None
        assert (found.url, found.token) == (url, token)
        assert "s3cret" not in repr(found)

    @pytest.mark.parametrize("text", ["", "{", "[1]", '{"url": 7}'])
    def test_what_a_stack_says_may_be_nonsense(self, stack: Path, text: str) -> None:
        (stack / "server.json").write_text(text)
        assert server.find({}, stack) is None

    def test_a_stack_that_was_killed_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "server.json").write_text('{"url": "http://127.0.0.1:8080"}')
        (tmp_path / "stack.lock").touch()
        assert server.find({}, tmp_path) is None


class TestTheTraining:
    def test_a_number_that_another_process_got_is_not_it(self) -> None:
        here = trainer.Trainer.here()
        assert here.lives()
        assert not trainer.Trainer(here.pid, here.ticks + 1).lives()
        assert not trainer.Trainer(2**22 + 1, 0).lives()

    def test_a_run_that_another_process_took_up_is_not_closed(self, run: Path) -> None:
        gone = trainer.Trainer(2**22 + 1, 7)
        assert not trainer.close_if_killed(run, gone)
        os.utime(run / "meta.json", (1, 1))  # this process is younger: it only has the number
        assert trainer.close_if_killed(run, gone)
        meta = trainer.meta_of(run) or {}
        assert (meta["status"], meta["reason"]) == ("failed", trainer.KILLED)
        assert meta["finished_at"] <= time.strftime(
            "%Y-%m-%dT%H:%M:%S.999999Z", time.gmtime(time.time())
        )
        assert not trainer.close_if_killed(run, gone)
