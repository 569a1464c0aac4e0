"""Reading a log: any stretch of it, from either end, and nothing but a log."""

import os
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from runs import recording, selectors, storage, streams
from runs.errors import Invalid, OffsetGap
from runs.models import Run, RunStatus
from runs.selectors import LOG_PART_LIMIT, LogPart
from tests.runs.factories import NOON, line, log, make_run, series

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    run = make_run()
    log(run, b"0123456789", name="output.log")
    return run


@pytest.mark.parametrize(
    ("offset", "limit", "data", "start"),
    [
        (0, 100, b"0123456789", 0),
        (3, 4, b"3456", 3),
        (9, 1, b"9", 9),
        (10, 5, b"", 10),
        (11, 5, b"", 10),
        (10**30, 5, b"", 10),
        (-3, 100, b"789", 7),
        (-3, 2, b"78", 7),
        (-10, 100, b"0123456789", 0),
        (-11, 100, b"0123456789", 0),
        (-(10**30), 1, b"0", 0),
    ],
)
def test_a_stretch_is_what_was_asked_for(
    run: Run, offset: int, limit: int, data: bytes, start: int
) -> None:
    part = selectors.log_part(run, offset=offset, limit=limit)
    assert part == LogPart(data, start, 10, 1, final=False)


def test_a_run_that_has_not_begun_has_an_empty_log() -> None:
    assert selectors.log_part(make_run(attempt=0)) == LogPart(b"", 0, 0, 0, final=False)


def test_a_log_is_final_when_its_run_is(run: Run) -> None:
    recording.set_statuses([(run, RunStatus.COMPLETED)], now=NOON)
    assert selectors.log_part(run).final


def test_the_log_of_an_older_attempt_is_final_and_its_own(
    run: Run, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        recording.begin_attempts([(run, 2, "node2")], now=NOON)
    log(run, b"second", name="output.log")
    assert selectors.log_part(run).data == b"second"
    assert selectors.log_part(run, attempt=1) == LogPart(b"0123456789", 0, 10, 1, final=True)
    shown = storage.run_folder(run.key) / "output.log"
    assert shown.read_bytes() == b"second"
    assert not shown.readlink().is_absolute()


def test_one_answer_is_bounded(run: Run) -> None:
    log(run, b"x" * 2_000_000, name="output.log")
    assert len(selectors.log_part(run, limit=10**9).data) == LOG_PART_LIMIT


class TestOnASharedDisk:
    def test_a_size_is_believed_as_far_as_the_file_goes(self, run: Run) -> None:
        assert streams.note_size(run, 1, "output.log", size=4) == 10
        with pytest.raises(OffsetGap) as gap:
            streams.note_size(run, 1, "output.log", size=11)
        assert gap.value.size == 10

    def test_metrics_are_indexed_where_they_lie(self, run: Run) -> None:
        path = storage.stream_path(run, 1, "metrics.jsonl")
        path.write_bytes(line(loss=1) + line(loss=2) + b'{"loss"')
        streams.note_size(run, 1, "metrics.jsonl", size=path.stat().st_size)
        assert series(run).count == 2

    def test_a_metrics_file_that_shrank_stops_nobody(self, run: Run) -> None:
        path = storage.stream_path(run, 1, "metrics.jsonl")
        path.write_bytes(line(loss=1) * 3)
        streams.note_size(run, 1, "metrics.jsonl", size=1)
        path.write_bytes(b"")
        assert streams.note_size(run, 1, "metrics.jsonl", size=0) == 0
        assert series(run).count == 3

    @pytest.mark.parametrize("kind", ["link", "pipe"])
    def test_a_link_or_a_pipe_in_its_place_is_not_read(
        self, run: Run, kind: str, tmp_path: Path
    ) -> None:
        """A job may write into its own folder whatever it likes; the server must neither leak nor hang."""
        path = storage.stream_path(run, 1, "output.log")
        path.unlink()
        if kind == "link":
            (tmp_path / "secret").write_text("canary")
            path.symlink_to(tmp_path / "secret")
            with pytest.raises(Invalid, match="plain file"):
                selectors.log_part(run)
        else:
            os.mkfifo(path)
            assert selectors.log_part(run).data == b""
