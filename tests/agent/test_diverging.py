"""An agent whose machine lost its power, and with it the end of a file that the server has."""

from pathlib import Path

import pytest

from tests.agent.fake_server import FakeServer
from tests.agent.test_unreadable import deliver
from whirr.shipping.target import Route, Target
from whirr.wire import Client
from worker_agent.log import Log
from worker_agent.order import Outcome
from worker_agent.records import Record
from worker_agent.shipping.delivery import Delivery


def resumed(folder: Path, server: FakeServer) -> Delivery:
    """That of an attempt that a predecessor of the agent began."""
    record = Record(folder, {"job_id": 1, "attempt": 1, "run_id": "job-1"})
    record.ended(Outcome("exited", exit_code=0))
    target = Target(Route(Client(server.url), None, lambda seconds: None), "job-1", 1)
    return Delivery(record, folder, target, Log(path=str(folder / "worker.log")), resumed=True)


@pytest.mark.parametrize("here", [b"abcdXYZ", b"abcdXYZW", b"abcdXYZW and more", b"X"])
def test_other_bytes_of_the_same_file_are_sent_anew(
    server: FakeServer, tmp_path: Path, here: bytes
) -> None:
    server.streams["job-1/1", "output.log"] += b"abcdefgh"
    (tmp_path / "output.log").write_bytes(here)
    delivery = resumed(tmp_path, server)
    deliver(delivery, server)
    assert delivery.complete
    assert delivery.whole
    assert server.log((1, 1)) == here
    assert (tmp_path / "worker.log").read_text().count("output.log: the server had other") == 1


@pytest.mark.parametrize("here", [b"abcd", b""])
def test_a_file_that_only_lost_its_end_is_not_called_delivered(
    server: FakeServer, tmp_path: Path, here: bytes
) -> None:
    server.streams["job-1/1", "output.log"] += b"abcdefgh"
    (tmp_path / "output.log").write_bytes(here)
    delivery = resumed(tmp_path, server)
    deliver(delivery, server)
    assert server.finishes[1, 1], "the outcome does not wait for ever"
    assert not delivery.whole
    assert server.log((1, 1)) == b"abcdefgh"
    assert (tmp_path / "worker.log").read_text().count("more than lie here") == 1


def test_a_file_that_is_as_the_server_has_it_goes_on(server: FakeServer, tmp_path: Path) -> None:
    server.streams["job-1/1", "output.log"] += b"abcd"
    (tmp_path / "output.log").write_bytes(b"abcdefgh")
    delivery = resumed(tmp_path, server)
    deliver(delivery, server)
    assert (delivery.whole, server.log((1, 1))) == (True, b"abcdefgh")
    assert not (tmp_path / "worker.log").exists()
