"""Ranks of a job of several processes: which there are, where their lines are, and search within one."""

from collections.abc import Callable

import pytest

from runs.errors import Invalid
from runs.logs import ranks as log_ranks
from runs.logs import survey as log_survey
from runs.logs.ranks import MOST, PAGE, Ranks, checked
from runs.logs.reading import reading
from runs.logs.searching import Wanted, search
from runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def surveyed(run: Run) -> Ranks:
    with reading(run, run.attempt) as log:
        assert log.look_over(seconds=5)
        return log.survey.ranks


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"[default%d]:step\n", ["0", "3"]),
        (b"[rank%d]: Traceback\n", ["0", "3"]),
        (b"[rank%d] step\n", ["0", "3"]),
        (b"\x1b[1;31m[rank%d]\n", ["0", "3"]),
        (b"[1,%d]<stdout>:step\n", ["0", "3"]),
        (b"[prterun-node-1@1,%d]<stderr>: step\n", ["0", "3"]),
        (b" %d: step\n", ["0:", "3:"]),
    ],
)
def test_what_launchers_write_before_a_line_tells_its_rank(
    logged: Callable[[bytes], Run], line: bytes, names: list[str]
) -> None:
    run = logged(line % 0 + line % 3 + line % 3)
    assert surveyed(run).told(3) == [(names[0], 1), (names[1], 2)]
    with reading(run, run.attempt) as log:
        hits = search(log, Wanted("s?", "regex", rank=names[1]))
    assert hits.numbers == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        b"one program\nalone\n",
        b"[rank0]: only\n[rank0]: one\n",
        b"the steps:\n1: load\n2: train\nand then\nmuch else\n",  # a list is no srun
        b"a [rank0]: x\nb [rank1]: y\n[rank12345]: z\n[rank]: z\n[1,2]: z\n",
        b"",
    ],
)
def test_what_only_looks_like_a_rank_is_none(logged: Callable[[bytes], Run], data: bytes) -> None:
    assert surveyed(logged(data)).told(data.count(b"\n")) == []


def test_where_the_lines_of_a_rank_are_is_counted_by_stretches_whatever_the_blocks(
    logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"[rank0]: a\n" * 499 + b"[rank1]\n" + b"[rank1]: b\n" * PAGE + b"plain\n[rank0]: c\n"
    for size in (16, 64, 1 << 20):
        monkeypatch.setattr(log_survey, "BLOCK", size)
        found = surveyed(logged(data))
        assert found.stretches("0") == (PAGE, [499, 0, 1])
        assert found.stretches("1") == (PAGE, [1, PAGE])
        assert found.stretches("7") == (PAGE, [])


def test_a_long_log_has_longer_stretches_and_many_ranks_are_bounded(
    logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_ranks, "STRETCHES", 2)
    found = surveyed(logged(b"[rank0]: a\n[rank1]: b\n" * (2 * PAGE)))
    assert found.stretches("0") == (2 * PAGE, [PAGE, PAGE])
    many = b"".join(b"[rank%d]: x\n" % each for each in range(MOST + 2))
    found = surveyed(logged(many))
    assert len(found.told(MOST + 2)) == MOST
    assert found.left_out == {str(MOST), str(MOST + 1)}


def test_a_search_may_be_within_one_rank(logged: Callable[[bytes], Run]) -> None:
    run = logged(
        b"[rank0]: loss\n[rank1]: loss\nloss of [rank1]: none\n[rank1]: other\n[rank1]: LOSS"
    )
    with reading(run, run.attempt) as log:
        assert search(log, Wanted("loss", rank="1")).numbers == [1, 4]
        assert search(log, Wanted("l.ss", "regex", case=True, rank="1")).numbers == [1]
        assert search(log, Wanted("loss", rank="9")).total == 0


@pytest.mark.parametrize("name", ["x", "-1", "01", "12345", "1::", ":", " 1", "1\n"])
def test_what_is_no_rank_is_refused(logged: Callable[[bytes], Run], name: str) -> None:
    with pytest.raises(Invalid, match="is no rank"):
        checked(name)
    run = logged(b"[rank1]: x\n")
    with reading(run, run.attempt) as log, pytest.raises(Invalid, match="is no rank"):
        search(log, Wanted("x", rank=name))
