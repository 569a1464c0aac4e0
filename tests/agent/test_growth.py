"""When a log grew, as its node saw it: right to a second, few, and kept until the server knows."""

import os
import re
from pathlib import Path

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for
from whirr.shipping import growth
from whirr.shipping.growth import Growth

BEGAN = 1_700_000_000.0


class Log:
    """A log whose clock stands still."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "output.log"
        self.kept = folder / "7.1.json.marks"
        self.path.touch()
        self.growth = Growth(self.path, self.kept, resumed=False, now=BEGAN)

    def look(self, at: float, *, size: int, written: float) -> None:
        os.truncate(self.path, size)
        os.utime(self.path, (BEGAN + written, BEGAN + written))
        self.growth.look(BEGAN + at)

    def told(self, at: float = 0.0, *, start: int = 0, end: int = 1 << 40) -> tuple[str, int]:
        return self.growth.told(start, end, BEGAN + at)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_what_came_before_and_behind_a_silence_is_told_to_the_second(log: Log) -> None:
    log.look(0.5, size=10, written=0.25)
    log.look(1.5, size=20, written=1.25)  # within a second of what was there before: one mark
    for at in range(2, 34):
        log.look(at + 0.5, size=20, written=1.25)
    log.look(34.5, size=30, written=34.0)
    assert log.told(35.0, end=40)[0] == "10-34750-35000_20-33750-34500_30-1000-1500"
    assert len(log.kept.read_text().splitlines()) == 3, "nothing is noted while nothing grows"


def test_a_clock_or_a_file_that_lies_is_not_believed(log: Log) -> None:
    log.look(2.0, size=10, written=-9e8)  # somebody used touch
    log.look(4.0, size=20, written=9e8)
    log.look(-3600.0, size=30, written=-3600.0)  # the clock was set back
    assert log.told(-3599.0)[0] == "10-0-0_20-0-0_30-1000-1000"


def test_a_log_that_was_cut_short_has_no_marks_of_bytes_that_are_gone(log: Log) -> None:
    for size, at in ((100, 1), (200, 3), (50, 5), (60, 7)):
        log.look(at, size=size, written=at)
    assert log.told(7)[0] == "60-0-2000"


def test_what_is_acknowledged_is_forgotten_and_the_rest_survives(log: Log) -> None:
    for at in (2, 4, 6):
        log.look(at, size=at * 10, written=at)
    log.growth.forget(20)
    with log.kept.open("a") as file:
        file.write("rubbish")  # torn by a power cut
    after = Growth(log.path, log.kept, resumed=True)
    assert after.told(20, 99, BEGAN + 6)[0] == "40-2000-4000_60-0-2000"
    after.look(BEGAN + 900)
    assert after.told(60, 99, BEGAN + 900)[0] == "", "nothing grew since"
    log.growth.forget(60)
    assert log.kept.read_bytes() == b""


def test_a_successor_goes_by_when_the_file_was_changed(log: Log) -> None:
    log.look(2, size=20, written=2)
    os.truncate(log.path, 30)
    os.utime(log.path, (BEGAN + 3, BEGAN + 3))
    after = Growth(log.path, log.kept, resumed=True)
    after.look(BEGAN + 600)
    assert after.told(20, 99, BEGAN + 600)[0] == "30-597000-597000"


def test_marks_are_bounded_and_silences_outlive_it(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the file, which is written anew where it has twice as many."""
    monkeypatch.setattr(growth, "MOST", 16)
    for number in range(1, 101):
        at = number * 2 + (1000 if number > 50 else 0)
        log.look(at, size=number, written=at)
    marks = [mark.split("-") for mark in log.told(1200)[0].split("_")]
    assert len(marks) <= 16
    assert ["50", "1100000"] in [mark[:2] for mark in marks]
    assert len(log.kept.read_text().splitlines()) <= 2 * 16 + 1


def test_a_request_carries_so_many_marks_and_the_bytes_up_to_there(log: Log) -> None:
    for number in range(1, 151):
        log.look(number * 2, size=number, written=number * 2)
    told, end = log.told(300)
    assert (told.count("_") + 1, end) == (100, 100)
    assert log.told(300, start=100, end=170)[1] == 170


def test_an_agent_notes_what_its_jobs_write_and_tells_it(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    """Also between shipments: here there is none for a minute."""
    server.steer(60.0)
    agent = start()
    go = tmp_path / "go"
    script = f"echo early; until [ -e {go} ]; do sleep 0.05; done; echo late"
    key = server.submit("sh", "-c", script)
    kept = agent.state / "attempts" / f"{key[0]}.{key[1]}.json.marks"
    wait_for(lambda: server.log(key) or (kept.exists() and kept.read_bytes()), "nobody looked")
    go.touch()
    server.outcome(key)
    marks = [mark for mark in server.marks if mark]
    assert all(re.fullmatch(r"\d+-\d+-\d+", mark) for mark in marks)
    assert {int(mark.split("-")[0]) for mark in marks} - {6} == {11}
    wait_for(lambda: not list((agent.state / "attempts").iterdir()), "its marks are left")
