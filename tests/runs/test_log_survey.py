"""The survey of a log: where errors and warnings are, and which lines are a group."""

from collections.abc import Callable

import pytest

from runs import storage, streams
from runs.logs.reading import OUTPUT, reading
from runs.logs.tally import MOST, Tally
from runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def test_the_survey_counts_levels_and_finds_groups(logged: Callable[[bytes], Run]) -> None:
    quiet = b"quiet\n" * 1500
    data = (
        b"ERROR one ValueError\nWARNING\nerrors are no ERRORS\n::group::Setup\nin\n::endgroup::\n"
        + quiet
        + b"--- train\nDeprecationWarning: x\n\x1b[1m--- eval\nTraceback (most recent call last):\nlast"
    )
    run = logged(data)
    with reading(run, run.attempt) as log:
        assert log.look_over(seconds=5)
        assert list(log.survey.buckets(400)) == [(0, 1, 1), (1507, 0, 1), (1509, 1, 0)]
        folds = [(each.kind, each.first, each.last, each.title) for each in log.survey.folds]
    assert folds == [
        ("group", 3, 5, "Setup"),
        ("heading", 1506, 1507, "train"),
        ("heading", 1508, -1, "eval"),
    ]


def test_a_heading_may_tell_of_an_error(logged: Callable[[bytes], Run]) -> None:
    run = logged(
        b"--- ERROR: rank 3 died ---\n::group::Traceback of rank 2\n::endgroup::\n"
        b"+++ DeprecationWarning, KeyError\n--- errors are no ERRORS\n"
    )
    with reading(run, run.attempt) as log:
        assert log.look_over(seconds=5)
        assert list(log.survey.buckets(400)) == [(0, 1, 0), (1, 1, 0), (3, 1, 1)]


def test_a_survey_grows_with_its_log_and_is_the_same_in_the_end(
    logged: Callable[[bytes], Run],
) -> None:
    pieces = [
        b"ERROR\nWARN",
        b"ING\nE",
        b"RROR\n",
        b"::group::a\nFATAL",
        b"\n::endgroup::\nKeyError\n",
    ]
    run = logged(b"")
    for piece in pieces:
        with reading(run, run.attempt) as log:
            log.look_over(seconds=5)
        size = storage.size_of(storage.stream_path(run, run.attempt, OUTPUT))
        streams.append(run, run.attempt, OUTPUT, offset=size, data=piece)
    with reading(run, run.attempt) as log:
        log.look_over(seconds=5)
        assert list(log.survey.buckets(1)) == [(0, 4, 1)]
        assert [(each.first, each.last) for each in log.survey.folds] == [(3, 5)]


def test_marks_of_a_long_log_are_few_and_lead_to_the_first_error() -> None:
    """A stretch that has both leads to its error; of two million lines no more is kept than of five thousand."""
    tally = Tally()
    for line in (5, 7, 90_000, 500_022, 500_040, 1_999_999):
        tally.take(line, error=line not in (5, 90_000))
    found = list(tally.buckets(400, lines=2_000_000))
    assert found == [(7, 1, 1), (90_000, 0, 1), (500_022, 2, 0), (1_999_999, 1, 0)]
    for line in range(2_000_000, 2_100_000, 10):
        tally.take(line, error=True)
    assert len(list(tally.buckets(10**9, lines=2_100_000))) < MOST
    assert len(list(tally.buckets(400, lines=2_100_000))) <= 400
    assert sum(errors for _, errors, _ in tally.buckets(400, lines=2_100_000)) == 10_004


@pytest.mark.parametrize(
    ("lines", "opened"),
    [
        (b"--- a\nx\n^^^ +++\n--- b\n", {0}),
        (b"::group::a\n::group::b\n::endgroup::\n^^^ +++\n::endgroup::\n", {0}),
        (b"::group::a\n::endgroup::\n\x1b[31m^^^ +++\x1b[0m\n", {0}),
        (b"^^^ +++\n--- a\n^^^ + + +\n", set()),
    ],
)
def test_a_program_may_ask_that_the_group_before_is_open(
    lines: bytes, opened: set[int], logged: Callable[[bytes], Run]
) -> None:
    run = logged(lines)
    with reading(run, run.attempt) as log:
        log.look_over(seconds=5)
        assert {each.first for each in log.survey.folds if each.wanted} == opened
