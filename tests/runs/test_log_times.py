"""When the bytes of a log came: marks are right, few, and never worse than none."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from runs import storage, streams
from runs.logs import marks
from runs.logs.reading import OUTPUT
from runs.models import Run
from tests.runs.factories import make_run
from whirr_site.access.principals import startup_secret

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


@pytest.fixture
def logged() -> Callable[[bytes], Run]:
    """A run that wrote these bytes."""

    def write(data: bytes) -> Run:
        run = make_run()
        streams.append(run, run.attempt, OUTPUT, offset=0, data=data)
        return run

    return write


def test_marks_tell_when_bytes_came(logged: Callable[[bytes], Run]) -> None:
    """A log that is silent and then speaks spoke at the end of the silence, not in the middle of it."""
    run = logged(b"x" * 400)
    for size, at in ((100, 1000.0), (150, 1000.5), (300, 1002.0), (400, 5000.0)):
        marks.note(run, run.attempt, size=size, at=at)
    times = marks.of(storage.stream_path(run, run.attempt, OUTPUT))

    assert times.sizes.tolist() == [100, 300, 400]  # one a second at most
    assert times.of([0, 99, 100, 200, 300, 350, 400, 900]) == [
        1000.0, 1000.0, 1000.0, 1001.0, 4985.0, 4992.5, 5000.0, 5000.0
    ]  # fmt: skip
    assert marks.recent(path_of(run)).of([900]) == [5000.0]


def test_marks_begin_anew_with_their_log_and_bear_rubbish(logged: Callable[[bytes], Run]) -> None:
    run = logged(b"x" * 1000)
    path = storage.stream_path(run, run.attempt, OUTPUT)
    assert marks.of(path).of([0]) is None
    marks.note(run, run.attempt, size=1000, at=50.0)
    os.truncate(path, 10)
    marks.note(run, run.attempt, size=10, at=60.0)
    assert marks.of(path).of([0]) == [60.0]
    path.with_name(marks.NAME).write_bytes(b"\xff" * 47)
    assert marks.of(path).of([0]) is None
    path.with_name(marks.NAME).unlink()
    path.with_name(marks.NAME).symlink_to("/etc/hostname")
    marks.note(run, run.attempt, size=2000, at=70.0)
    assert marks.of(path).of([0]) is None
    assert not marks.recent(path)


def path_of(run: Run) -> Path:
    return storage.stream_path(run, run.attempt, OUTPUT)


def test_a_note_that_comes_late_takes_no_mark_away(logged: Callable[[bytes], Run]) -> None:
    """Two requests append one after the other and note their sizes in any order; only a shorter log begins anew."""
    run = logged(b"x" * 300)
    for size, at in ((100, 10.0), (300, 20.0), (200, 21.5), (400, 30.0)):
        marks.note(run, run.attempt, size=size, at=at)
    assert marks.of(path_of(run)).sizes.tolist() == [100, 300]


@pytest.mark.parametrize("time", [-9e10, -1.0, 4.1e9, 9e10, float("inf"), float("nan")])
def test_a_time_that_is_none_is_left_out(time: float, logged: Callable[[bytes], Run]) -> None:
    run = logged(b"x" * 300)
    told = np.array([(100, 1000.0), (200, time)], marks._MARK)
    path_of(run).with_name(marks.NAME).write_bytes(told.tobytes())
    assert marks.of(path_of(run)).times.tolist() == [1000.0]
    assert marks.recent(path_of(run)).times.tolist() == [1000.0]


def test_marks_beyond_the_limit_are_thinned_and_the_last_one_stays(
    logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MOST", 10)
    run = logged(b"x" * 300)
    for number in range(1, 12):
        marks.note(run, run.attempt, size=number, at=number * 10.0)
    assert marks.of(path_of(run)).sizes.tolist() == [2, 4, 6, 8, 10, 11]
    monkeypatch.setattr(marks, "RECENT", 3)
    assert marks.recent(path_of(run)).sizes.tolist() == [8, 10, 11]


def test_marks_are_read_once_while_they_are_the_same(
    logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = logged(b"x" * 300)
    marks.note(run, run.attempt, size=100, at=10.0)
    first = marks.of(path_of(run))
    assert marks.of(path_of(run)) is first
    marks.note(run, run.attempt, size=300, at=20.0)
    assert marks.of(path_of(run)).sizes.tolist() == [100, 300]


def test_what_the_writer_saw_counts_and_bytes_that_are_marked_stay_so(
    logged: Callable[[bytes], Run],
) -> None:
    """A line, 33 s of silence, a line: both have their own second, whenever they were sent, and however often."""
    run = logged(b"x" * 60)
    seen = marks.told("20-39000-40000_30-5000-6000_40-3000-5000")
    for later in (0.0, 0.3):
        marks.note(run, run.attempt, size=60, at=1040.0 + later, grown=seen)
    times = marks.of(path_of(run))
    assert times.of([0, 19, 20, 30, 40]) == [1001.0, 1001.0, 1034.0, 1035.0, 1037.0]
    marks.note(run, run.attempt, size=60, at=1100.0, grown=marks.told("50-99000-99000_61-0-0"))
    assert marks.of(path_of(run)).sizes.tolist() == [20, 20, 30, 40, 50], "no byte that is not here"
    assert times.of([99]) == marks.recent(path_of(run)).of([99]) == [1037.0], (
        "never before what is there"
    )


def test_marks_of_the_writer_are_two_a_second_at_most(logged: Callable[[bytes], Run]) -> None:
    run = logged(b"x" * 300)
    for number in range(1, 101):
        grown = marks.told(f"{number}-0-50")
        marks.note(run, run.attempt, size=number, at=1000 + number * 0.1, grown=grown)
    times = marks.of(path_of(run)).times
    assert len(times) <= 21
    assert times[-1] == 1010.0


@pytest.mark.parametrize(
    "text", ["", "_", "1", "1-2", "1-2-3-4", "-1-2-3", "a-b-c", "1.5-2-3", "٣-1-1", "9" * 16 + "-1-1", "1-1-1\n"]
)  # fmt: skip
def test_marks_that_cannot_be_read_are_none(text: str) -> None:
    assert marks.told(text) == []
    assert len(marks.told("1-1-1_" * 5000)) == marks.MOST_TOLD


def test_agents_send_marks_with_bytes_and_with_sizes(client: Client) -> None:
    """Odd ones cost nothing: the log is marked as it arrives, as where an older agent sends it."""
    run = make_run()
    address = f"/api/v1/runs/{run.key}/attempts/{run.attempt}/streams/output.log"

    def put(query: str, data: bytes = b"") -> int:
        told = {"Authorization": f"Bearer {startup_secret()}"}
        kind = "application/octet-stream"
        return client.put(f"{address}?{query}", data, content_type=kind, headers=told).status_code

    assert put("offset=0&marks=3-60000-61000", b"one") == 200
    assert put("offset=3&marks=rubbish", b"two") == 200
    assert put("size=6&marks=6-0-1") == 200
    found = marks.of(path_of(run))
    assert found.sizes.tolist() == [3, 6]
    assert 59 < found.times[1] - found.times[0] < 90
