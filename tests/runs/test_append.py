"""Bytes at an offset: whatever is repeated, overlaps or arrives too early, the file is the source, once."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs import streams
from runs.errors import Invalid, LeaseLost, OffsetGap, TooLarge
from runs.streams import BODY_LIMIT, append_to
from tests.runs.factories import log, make_run


class Sender:
    """Somebody who tails `source`, sends stretches of it in any order, and heeds a gap."""

    def __init__(self, source: bytes, path: Path) -> None:
        self.source, self.path = source, path

    def send(self, start: int, length: int) -> None:
        size = self.path.stat().st_size if self.path.exists() else 0
        try:
            told = append_to(self.path, offset=start, data=self.source[start : start + length])
        except OffsetGap as gap:
            assert start > size
            assert gap.size == size
            return
        assert start <= size
        assert told == max(size, min(start + length, len(self.source)))


@settings(max_examples=60, deadline=None)
@given(
    source=st.binary(min_size=1, max_size=400),
    sends=st.lists(st.tuples(st.integers(-60, 3), st.integers(0, 90)), max_size=25),
)
def test_any_splits_repeats_overlaps_and_gaps_give_the_source_once(
    source: bytes, sends: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("append") / "output.log"
    sender = Sender(source, path)
    for distance, length in sends:  # most of them overlap what is there, a few leave a gap
        start = (path.stat().st_size if path.exists() else 0) + distance
        sender.send(max(0, min(start, len(source))), length)
        there = path.read_bytes() if path.exists() else b""
        assert there == source[: len(there)]
    sender.send(path.stat().st_size if path.exists() else 0, len(source))
    assert path.read_bytes() == source


def test_a_gap_says_where_to_go_on(tmp_path: Path) -> None:
    append_to(tmp_path / "f", offset=0, data=b"abc")
    with pytest.raises(OffsetGap) as gap:
        append_to(tmp_path / "f", offset=4, data=b"x")
    assert gap.value.extra == {"size": 3}
    assert (tmp_path / "f").read_bytes() == b"abc"


def test_a_negative_offset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        append_to(tmp_path / "f", offset=-1, data=b"x")


def test_an_empty_body_makes_an_empty_file(tmp_path: Path) -> None:
    assert append_to(tmp_path / "deep" / "f", offset=0, data=b"") == 0
    assert (tmp_path / "deep" / "f").read_bytes() == b""


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    (tmp_path / "f").symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        append_to(tmp_path / "f", offset=0, data=b"x")
    assert target.read_bytes() == b"mine"


@pytest.mark.django_db
class TestTheFence:
    def test_an_older_attempt_is_shut_out_and_leaves_the_newer_one_alone(self) -> None:
        run = make_run(attempt=2)
        log(run, b"new")
        with pytest.raises(LeaseLost, match="superseded by attempt 2"):
            streams.append(run, 1, "output.log", offset=0, data=b"old")
        with pytest.raises(LeaseLost):
            streams.note_size(run, 1, "output.log", size=0)

    def test_an_attempt_that_never_began_is_refused(self) -> None:
        with pytest.raises(Invalid, match="never begun"):
            streams.append(make_run(attempt=1), 2, "output.log", offset=0, data=b"x")

    def test_a_body_beyond_the_limit_is_refused_whole(self) -> None:
        run = make_run()
        with pytest.raises(TooLarge):
            log(run, b"x" * (BODY_LIMIT + 1), name="output.log")
        assert log(run, b"x" * 10, name="output.log") == 10

    @pytest.mark.parametrize("name", ["secret", "../output.log", "meta.json", "", "output.log\0"])
    def test_there_are_no_other_streams(self, name: str) -> None:
        with pytest.raises(Invalid):
            log_path = streams.append(make_run(), 1, name, offset=0, data=b"x")
            assert log_path
