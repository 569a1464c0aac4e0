"""How much an agent sends at once, how fast, and in which order; and that nothing is lost on the way."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_http import Answer
from tests.agent.fake_server import FakeServer, Key
from tests.agent.watching import wait_for
from whirr.shipping.artifacts import Artifacts
from whirr.shipping.documents import Documents
from whirr.shipping.streams import StreamCursor
from whirr.shipping.target import Route, Target
from whirr.wire import Client
from whirr.wire.answers import Answer as Answered
from worker_agent import records
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.shipping.delivery import Delivery
from worker_agent.shipping.shipper import Shipper

MEGABYTE = 1024 * 1024


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Meter(Client):
    """Notes what goes out and when."""

    def __init__(self, url: str, clock: Clock) -> None:
        super().__init__(url)
        self.clock = clock
        self.sent: list[tuple[float, int]] = []

    def put(self, path: str, body: bytes = b"", *rest: Any, **options: Any) -> Answered:
        self.sent.append((self.clock(), len(body)))
        return super().put(path, body, *rest, **options)


def most_in(sent: list[tuple[float, int]], seconds: float) -> int:
    """The most bytes that went out within any stretch of that length."""
    return max(sum(size for at, size in sent if begin <= at < begin + seconds) for begin, _ in sent)


@settings(max_examples=60, deadline=None)
@given(
    rate=st.integers(1000, 10_000_000),
    bodies=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 500_000)), min_size=1, max_size=40),
    window=st.floats(0.1, 20),
)
def test_no_stretch_of_time_sees_more_than_the_bandwidth_and_one_part(
    rate: int, bodies: list[tuple[float, int]], window: float
) -> None:
    clock = Clock()
    route = Route(Client("http://node.example"), rate, clock.wait, clock)
    sent = []
    for idle, size in bodies:
        clock.wait(idle)
        part = min(size, route.part)
        route.pay(part)
        sent.append((clock(), part))
    assert most_in(sent, window) <= rate * window + route.part


def test_streams_documents_and_artifacts_share_one_bandwidth(
    server: FakeServer, tmp_path: Path
) -> None:
    rate = 200_000
    clock = Clock()
    meter = Meter(server.url, clock)
    target = Target(Route(meter, rate, clock.wait, clock), "job-1", 1)
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "model").write_bytes(os.urandom(700_000))
    (tmp_path / "output.log").write_bytes(b"x" * 600_000)
    (tmp_path / "git.diff").write_bytes(b"y" * 90_000)
    log, artifacts = StreamCursor(tmp_path, "output.log", resumed=False), Artifacts(tmp_path)
    documents = Documents(tmp_path)
    while log.pending() or artifacts.pending(target):
        log.send(target)
        for name in documents.changed():
            documents.send(name, target)
        artifacts.send_part(target)
    assert sum(size for _, size in meter.sent) == 1_390_000
    largest = max(size for _, size in meter.sent)
    assert most_in(meter.sent, 1.0) <= rate + largest
    assert clock() >= (1_390_000 - largest) / rate
    assert server.streams["job-1/1", "output.log"] == b"x" * 600_000
    assert server.artifacts["job-1/1", "model"] == (tmp_path / "artifacts" / "model").read_bytes()


class Counting(FakeServer):
    """Keeps sizes alone of what it is sent."""

    largest = 0
    size = 0

    def _bytes(self, key: Key, kind: str, name: str, query: dict[str, int], body: bytes) -> Answer:
        assert query["offset"] == self.size
        self.largest = max(self.largest, len(body))
        self.size += len(body)
        return 200, {"size": self.size}


def test_a_log_of_200_megabytes_goes_out_a_megabyte_at_a_time(
    tmp_path: Path, monkeypatch: Any
) -> None:
    reads: list[int] = []
    really = os.pread

    def pread(fd: int, size: int, offset: int) -> bytes:
        reads.append(size)
        return really(fd, size, offset)

    monkeypatch.setattr(os, "pread", pread)
    with (tmp_path / "output.log").open("wb") as file:
        file.truncate(200 * MEGABYTE)
    server = Counting()
    target = Target(Route(Client(server.url), None, lambda seconds: None), "job-1", 1)
    cursor = StreamCursor(tmp_path, "output.log", resumed=False)
    while cursor.pending():
        before = server.size
        cursor.send(target)
        assert server.size - before <= 8 * MEGABYTE, "the others have their turn, too"
    server.stop()
    assert (server.size, server.largest, max(reads)) == (200 * MEGABYTE, MEGABYTE, MEGABYTE)


MODEL = "head -c 8000000 /dev/urandom > $WHIRR_RUN_DIR/artifacts/model"


def received(server: FakeServer, key: Key) -> int:
    return len(server.artifacts[f"job-{key[0]}/{key[1]}", "model"])


@pytest.mark.parametrize("gpus", [0, 1], ids=["a slot", "a GPU"])
def test_the_hardware_is_given_again_and_small_things_overtake_a_large_artifact(
    server: FakeServer, start: Start, gpus: int
) -> None:
    path = "/usr/bin:/bin"  # where there is no nvidia-smi: --gpu is trusted
    start("--bandwidth", "400000", *(("--gpu", "3") if gpus else ()), PATH=path)
    large = server.submit("sh", "-c", MODEL, wants_gpus=gpus)
    server.wait_for(lambda: received(server, large))
    script = 'cd $WHIRR_RUN_DIR; echo "{}" > metrics.jsonl; echo said; exit 3'
    small = server.submit("sh", "-c", script, wants_gpus=gpus)
    assert server.outcome(small)["exit_code"] == 3
    assert server.log(small) == b"said\n"
    assert server.streams[f"job-{small[0]}/1", "metrics.jsonl"] == b"{}\n"
    server.outcome(large)
    assert received(server, large) < 8_000_000


def test_a_kill_9_in_the_middle_of_an_artifact_costs_one_part_at_most(
    server: FakeServer, start: Start
) -> None:
    agent = start("--bandwidth", "2000000")
    key = server.submit("sh", "-c", MODEL)
    server.wait_for(lambda: received(server, key) > MEGABYTE)
    agent.kill()
    before = received(server, key)
    assert before < 8_000_000
    sent = len(server.requests)
    start().delivered()
    path = agent.data_dir / "runs" / f"job-{key[0]}" / "attempts" / "1" / "artifacts" / "model"
    assert server.artifacts[f"job-{key[0]}/1", "model"] == path.read_bytes()
    again = [target for _, target in server.requests[sent:] if "/artifacts/" in target]
    assert len(again) <= 2 + (8_000_000 - before) // MEGABYTE + 1
    assert server.outcome(key)["exit_code"] == 0


def test_a_server_that_never_answers_does_not_keep_the_agent_from_ending(tmp_path: Path) -> None:
    silent = create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    shipper = Shipper(
        Client(url, timeout=3600), "node1", tmp_path, Log(path=str(tmp_path / "worker.log")),
        bandwidth=None, on_lost=lambda key: None, on_acknowledged=lambda key: None,
    )  # fmt: skip
    record = records.Record(tmp_path, {"job_id": 1, "attempt": 1, "run_id": "job-1"})
    record.ended(Outcome("exited", exit_code=0))
    shipper.follow(record)
    shipper.start(shared=False, apart=True)
    connection, _ = silent.accept()
    ending = threading.Thread(target=shipper.stop, args=(0.2,), daemon=True)
    ending.start()
    ending.join(60)
    assert not ending.is_alive()
    assert not shipper.idle, "its outcome waits on the disk for the next start"
    connection.close()
    silent.close()


def test_a_shorter_interval_is_obeyed_at_once(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    server.steer(60.0)
    start()
    gate = tmp_path / "gate"
    script = f"while [ ! -e {gate} ]; do sleep 0.02; done; echo said; touch {gate}.said; sleep 100"
    key = server.submit("sh", "-c", script, config={"lr": 1})
    server.wait_for(lambda: server.syncs and server.syncs[-1]["running"])
    assert server.syncs[-1]["ship_interval"] == 60.0
    server.wait_for(lambda: server.documents)  # its first turn is over, and the next in a minute
    gate.touch()
    wait_for(Path(f"{gate}.said").exists)
    assert not server.log(key)
    server.steer(0.5)
    server.log_with(key, b"said")  # within 20 s, not 60
    server.wait_for(lambda: server.syncs[-1]["ship_interval"] == 0.5)


def test_a_stream_may_shorten_the_interval_and_never_lengthens_it(
    server: FakeServer, tmp_path: Path
) -> None:
    shipper = Shipper(
        Client(server.url), "node1", tmp_path, Log(path=str(tmp_path / "worker.log")),
        bandwidth=None, on_lost=lambda key: None, on_acknowledged=lambda key: None,
    )  # fmt: skip
    delivery = Delivery(
        records.Record(tmp_path, {"job_id": 1, "attempt": 1, "run_id": "job-1"}),
        tmp_path,
        Target(Route(Client(server.url), None, lambda seconds: None), "job-1", 1),
        Log(path=str(tmp_path / "worker.log")),
        resumed=False,
    )
    shipper.steer(5.0)
    for told, expected in ((15.0, 5.0), (2.0, 2.0), (None, 2.0), (30.0, 2.0)):
        delivery._target.next_interval = told
        shipper._step(delivery)
        assert shipper.interval == expected


def test_the_server_hears_of_the_bandwidth(server: FakeServer, start: Start) -> None:
    start("--bandwidth", "400000")
    assert wait_for(lambda: server.syncs)[0]["load"]["bandwidth_bytes_per_second"] == 400_000


def test_without_a_bandwidth_nothing_is_said(agent: AgentProcess, server: FakeServer) -> None:
    assert "bandwidth_bytes_per_second" not in wait_for(lambda: server.syncs)[0]["load"]
