"""The two threads that talk to the server survive what nobody foresaw."""

from pathlib import Path

import pytest

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for
from whirr.wire import Client, layout
from worker_agent import records
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.shipping.delivery import Delivery
from worker_agent.shipping.shipper import Shipper


def test_one_delivery_that_fails_oddly_stops_no_other(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Delivery.step
    turns: list[tuple[int, int]] = []

    def step(self: Delivery, client: Client, worker_id: str) -> bool:
        turns.append(self.key)
        if self.key == (1, 1) and turns.count((1, 1)) <= 2:
            raise RuntimeError("nobody foresaw this")
        return really(self, client, worker_id)

    monkeypatch.setattr(Delivery, "step", step)
    log = tmp_path / "worker.log"
    shipper = Shipper(
        Client(server.url), "node1", tmp_path, Log(path=log),
        bandwidth=None, on_lost=lambda key: None, on_acknowledged=lambda key: None,
    )  # fmt: skip
    shipper.interval = 0.1
    for number in (1, 2):
        facts = {"job_id": number, "attempt": 1, "run_id": f"job-{number}"}
        layout.attempt_folder(tmp_path, f"job-{number}", 1).mkdir(parents=True)
        record = records.Record(tmp_path, facts)
        record.ended(Outcome("exited", exit_code=0))
        shipper.follow(record)
    shipper.start(shared=False, apart=True)
    wait_for(lambda: shipper.idle, "not delivered")
    shipper.stop(0.0)
    assert len(server.finishes[1, 1]) == len(server.finishes[2, 1]) == 1
    assert turns.index((2, 1)) == 1
    assert log.read_text().count("nobody foresaw this") == 1


def test_an_answer_that_makes_no_sense_does_not_end_the_conversation(
    server: FakeServer, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = server._news
    told: list[int] = []

    def news(body: dict[str, object]) -> dict[str, object]:
        told.append(1)
        nonsense: dict[str, object] = {"lost": [{"job_id": "many", "attempt": 1}]}
        return nonsense if len(told) <= 3 else really(body)

    monkeypatch.setattr(server, "_news", news)
    key = server.submit("true")
    assert server.outcome(key)["exit_code"] == 0
    assert agent.log.count("cannot talk to the server") == 1
