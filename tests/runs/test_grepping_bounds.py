"""A search for a terminal looks at no more of a log than it must, and takes no page's turn."""

import os
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from runs import streams
from runs.logs import grepping, last_hits, marks, searching
from runs.logs.grepping import Grep, grep
from runs.logs.last_hits import search_back
from runs.logs.reading import reading
from runs.logs.searching import Wanted
from runs.logs.turns import TERMINALS, TURNS, Busy
from runs.models import Run
from tests.runs.factories import make_run
from tests.runs.test_grepping import asked, lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

NOW = 2_000_000_000.0


def wrote(data: bytes) -> Run:
    run = make_run()
    streams.append(run, run.attempt, "output.log", offset=0, data=data)
    return run


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What of a log was looked through; there is time for two blocks of 1000 bytes."""
    looked: list[bytes] = []
    finder = searching.finder

    def counted(wanted: Wanted) -> searching.Finder:
        find = finder(wanted)

        def places(block: bytes, over: searching.Over) -> tuple[searching.Places, bool]:
            looked.append(block)
            return find(block, over) if len(looked) < 3 else (last_hits.NOWHERE, False)

        return places

    monkeypatch.setattr(searching, "BLOCK", 1000)
    monkeypatch.setattr(searching, "finder", counted)
    return looked


def test_what_came_before_a_moment_costs_no_time(client: Client, blocks: list[bytes]) -> None:
    data = b"loss old\n" * 5000 + b"loss new\n" * 100
    run = wrote(data)
    grown = marks.told(f"45000-50000-51000_{len(data)}-1000-2000")
    marks.note(run, run.attempt, size=len(data), at=NOW, grown=grown)
    answer = asked(client, run, "/search", q="loss", since=NOW - 40)
    assert b"".join(answer) == b"loss new\n" * 100
    assert (answer["X-Whirr-Complete"], answer["X-Whirr-Total"]) == ("1", "100")
    assert blocks[0].startswith(b"loss new")


def test_the_last_hits_are_the_last_ones_whenever_the_time_is_over(
    client: Client, blocks: list[bytes]
) -> None:
    run = wrote(b"".join(b"loss %06d\n" % number for number in range(5000)))
    answer = asked(client, run, "/search", q="loss", tail=2)
    assert b"".join(answer) == b"loss 004998\nloss 004999\n"
    told = {name: int(answer[f"X-Whirr-{name}"]) for name in ("Shown", "Total", "Complete")}
    seen = b"".join(blocks[:2]).count(b"\n")
    assert told == {"Shown": 2, "Total": seen, "Complete": 0}
    assert int(answer["X-Whirr-Searched"]) == 5000 - seen + 1


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("text", ["a", "b", "q$"])
@pytest.mark.parametrize("first", [0, 3])
def test_from_the_end_the_same_is_found_as_from_the_beginning(
    end: bytes, text: str, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in lines longer than a block, of which each is one hit."""
    monkeypatch.setattr(searching, "BLOCK", 1000)
    parts = [b"a", b"", b"\x1b[1mb\x1b[0m", b"a" * 3500, b"q" * 999, b"q" * 1000, b"b a" * 200]
    data = b"\n".join(parts * 4) + end
    start = (first, len(b"\n".join(parts[:first])) + 1 if first else 0)
    run = wrote(data)
    with reading(run, run.attempt) as log:
        wanted = Wanted(text, "regex")
        there = searching.search(log, wanted, near=first, start=start)
        back = search_back(log, wanted, most=5, start=start)
    assert (back.total, back.numbers) == (there.total, there.numbers[-5:])
    assert (back.complete, back.searched) == (True, there.searched)


def test_a_terminal_has_one_turn_and_a_name_one_search() -> None:
    here, page = grepping._turn("me job-1"), TURNS.taken("page", wait=0)
    with here, page, pytest.raises(Busy), TERMINALS.taken("you job-1", wait=0):
        pass
    with pytest.raises(Busy, match="in your name"), grepping._turn("me job-1") as given_up:
        with pytest.raises(Busy), TERMINALS.taken("me job-1", wait=0):
            pass
        assert given_up()


def test_a_search_is_that_of_who_asks_for_a_run(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, taken = wrote(b"a\n"), TERMINALS.taken
    named: list[str] = []

    def noted(who: str) -> AbstractContextManager[searching.Over]:
        named.append(who)
        return taken(who)

    monkeypatch.setattr(TERMINALS, "taken", noted)
    lines(client, run, q="a")
    list(grep(run, attempt=run.attempt, asked=Grep(Wanted("a")), now=NOW, who="me").lines)
    assert named[0].endswith(f" {run.key}")
    assert named[0] != f" {run.key}"
    assert named[1] == f"me {run.key}"


def test_the_end_of_a_long_line_is_in_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment within a line of gigabytes: its end is not looked for in the file."""
    run = wrote(b"one\n" + b"x" * 5_000_000 + b"\nlast\n" + b"y" * 3_000_000)
    with reading(run, run.attempt) as log:
        read: list[int] = []

        def counted(handle: int, size: int, at: int, *, real: Any = os.pread) -> bytes:
            read.append(size)
            return bytes(real(handle, size, at))

        monkeypatch.setattr(os, "pread", counted)
        places = [grepping._line_start(log, at) for at in (0, 2, 4, 9, 5_000_005, 5_000_006)]
        ends = [grepping._line_start(log, at) for at in (5_000_011, log.size, log.size + 9)]
        monkeypatch.undo()
        assert places == [0, 4, 4, 5_000_005, 5_000_005, 5_000_010]
        assert ends == [log.size] * 3
        assert sum(read) <= 4 << 20
