"""Search through a log, and its index: nothing is missed, nothing is told that is not so."""

import os
import random
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from runs import storage
from runs.errors import Invalid
from runs.logs import searching
from runs.logs.reading import OUTPUT, reading
from runs.logs.searching import Hits, Wanted
from runs.logs.spans import MOST, Spans
from runs.logs.turns import Busy, Turns
from runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def searched(run: Run, wanted: Wanted, **how: Any) -> Hits:
    with reading(run, run.attempt) as log:
        return searching.search(log, wanted, **how)


@pytest.mark.parametrize("seed", range(20))
def test_a_text_is_found_in_the_lines_that_have_it(
    seed: int, logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(searching, "BLOCK", chance.choice([1000, 3000]))
    words = [b"loss", b"LOSS", b"lo\x1b[1mss", b"\n", b"\n", b" ", b"x" * 30, b"\xff", b"\r\n"]
    data = b"".join(chance.choices(words, k=1500))
    run = logged(data)
    shown = [searching.ESCAPES.sub(b"", line) for line in data.split(b"\n")]

    for wanted, has in (
        (Wanted("loss"), lambda line: b"loss" in line.lower()),
        (Wanted("loss", case=True), lambda line: b"loss" in line),
        (Wanted("l.s+", kind="regex", case=True), lambda line: re.search(b"l[^\n]s+", line)),
    ):
        hits = searched(run, wanted)
        expected = [at for at, line in enumerate(shown) if has(line)]
        assert (hits.total, hits.numbers, hits.complete) == (len(expected), expected, True)


def test_hits_around_a_place_are_given_and_all_are_counted(logged: Callable[[bytes], Run]) -> None:
    run = logged(b"hit\nmiss\n" * 12_000)

    hits = searched(run, Wanted("hit"), near=20_000)

    assert hits.total == 12_000
    assert hits.before == 5000
    assert (hits.numbers[0], hits.numbers[-1]) == (10_000, 23_998)
    assert searched(run, Wanted("hit")).numbers[:2] == [0, 2]


@pytest.mark.parametrize("text", ["é", "É", "ß€", "Ω."])
def test_case_of_letters_beyond_ascii_is_one(text: str, logged: Callable[[bytes], Run]) -> None:
    run = logged(f"a {text.lower()}\nb {text.upper()}\nnone\n".encode())
    assert searched(run, Wanted(text)).numbers[0] == 0
    assert searched(run, Wanted("É")).total == (2 if text in "éÉ" else 0)


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [("^$", [1]), ("c$", [0]), ("^d", [2]), ("[^x]+", [0, 2]), ("a|d", [0, 2])],
)
def test_an_expression_looks_at_each_line(
    pattern: str, lines: list[int], logged: Callable[[bytes], Run]
) -> None:
    assert searched(logged(b"abc\n\nd"), Wanted(pattern, kind="regex")).numbers == lines


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(""), "1 to 1000"),
        (Wanted("x" * 1001), "1 to 1000"),
        (Wanted("a\nb"), "one line"),
        (Wanted("(a", kind="regex"), r"missing \): \(a \(RE2"),
        (Wanted("(?=a)", kind="regex"), "RE2 knows no look-around"),
        (Wanted("((a{1000}){1000}){9}", kind="regex"), "not a regular expression"),
        (Wanted("a", kind="sql"), "no kind of search"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(
    wanted: Wanted, said: str, logged: Callable[[bytes], Run]
) -> None:
    with pytest.raises(Invalid, match=said):
        searched(logged(b"a\n"), wanted)


def test_a_search_whose_time_is_over_says_how_far_it_came(
    logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "BLOCK", 1000)
    hits = searched(logged(b"line\n" * 1000), Wanted("line"), patience=0)
    assert not hits.complete
    assert hits.total == hits.searched < 1000


def test_an_expression_that_is_slow_elsewhere_is_quick_here(logged: Callable[[bytes], Run]) -> None:
    run = logged(b"a" * 100_000 + b"\n")
    assert searched(run, Wanted("(a+)+$|(a|a)*b", kind="regex"), patience=5).complete


@pytest.mark.parametrize(
    ("line", "wanted", "spans"),
    [
        (b"a \x1b[31mlo\x1b[0mss 1 loss 22", Wanted(r"loss \d+", "regex"), [(2, 6), (9, 7)]),
        ("😀é Ö ö".encode(), Wanted("ö"), [(4, 1), (6, 1)]),
        (b"a.b a-b", Wanted("a.b"), [(0, 3)]),
        (b"Aa", Wanted("a", case=True), [(1, 1)]),
        (b"a", Wanted("x*", "regex"), []),
        (b"\xff KeyError", Wanted("", "errors"), [(2, 8)]),
        (b"a" * 9000, Wanted("a"), [(at, 1) for at in range(50)]),
        (b"", Wanted("^", "regex"), []),
    ],
)
def test_where_in_a_line_the_hits_are(
    line: bytes, wanted: Wanted, spans: list[tuple[int, int]]
) -> None:
    assert Spans(wanted).of(line) == spans


def test_a_line_is_asked_for_few_hits_also_where_they_are_empty() -> None:
    """`(?:x.*y)?` is found before each byte, and looks at the rest of the line for it."""

    class Endless:
        asked = 0

        def finditer(self, line: bytes) -> Iterator[re.Match[bytes]]:
            for hit in re.finditer(b"", line):
                self.asked += 1
                yield hit

    places, pattern = Spans(Wanted("x")), Endless()
    places._pattern = cast(Any, pattern)
    assert places.of(b"x" * 16_000) == []
    assert pattern.asked == MOST


@pytest.mark.parametrize("how", ["shorter", "replaced", "rewritten"])
def test_an_index_is_never_that_of_another_file(how: str, logged: Callable[[bytes], Run]) -> None:
    """A job on a shared disk may cut its log short, or put another in its place."""
    run = logged(b"one\ntwo\nthree\n")
    with reading(run, run.attempt) as log:
        assert log.lines == 3
    path = storage.stream_path(run, run.attempt, OUTPUT)
    new = {
        "shorter": b"x\n",
        "replaced": b"a\nb\nc\nd\ne\nf\ng\nh\n",
        "rewritten": b"no line break at all",
    }[how]
    if how == "replaced":
        path.with_name("draft").write_bytes(new)
        path.with_name("draft").replace(path)
    else:
        path.write_bytes(new)
    with reading(run, run.attempt) as log:
        assert log.lines == len(new.rstrip(b"\n").split(b"\n"))
        assert [each.data for each in log.read(0, 20)] == new.rstrip(b"\n").split(b"\n")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_log_that_is_no_plain_file_is_refused(kind: str, logged: Callable[[bytes], Run]) -> None:
    run = logged(b"")
    path = storage.stream_path(run, run.attempt, OUTPUT)
    path.unlink()
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(Invalid, match="plain file"), reading(run, run.attempt):
        pass


class Counted:
    """An expression that counts how often it is asked, and knows nothing but its first hit behind a place."""

    def __init__(self, pattern: bytes) -> None:
        self._pattern = re.compile(pattern)
        self.asked = 0

    def search(self, block: bytes, after: int) -> re.Match[bytes] | None:
        self.asked += 1
        return self._pattern.search(block, after)


def test_an_expression_is_asked_once_a_line_however_many_hits_that_has() -> None:
    """`a.*b|a` looks at the rest of the line for every `a`: all hits of a long line are quadratic work."""
    pattern = Counted(b"a")
    places, complete = searching._by_expression(cast(Any, pattern))(b"a" * 60_000, searching.never)
    assert (places.tolist(), complete, pattern.asked) == ([0], True, 1)


def test_many_hits_in_a_block_do_not_outlast_the_patience() -> None:
    pattern = Counted(b"x*")
    found, complete = searching._by_expression(cast(Any, pattern))(b"\n" * 60_000, lambda: True)
    assert (len(found), complete, pattern.asked) == (searching.HITS, False, searching.HITS)


@pytest.mark.parametrize("wanted", [Wanted("a"), Wanted("aa"), Wanted("a", kind="regex")])
def test_a_line_that_comes_in_parts_is_one_hit(
    wanted: Wanted, logged: Callable[[bytes], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "BLOCK", 1000)
    hits = searched(logged(b"a" * 5000 + b"\nb\naa"), wanted)
    assert (hits.total, hits.numbers, hits.searched) == (2, [0, 2], 3)


def test_a_search_that_nobody_waits_for_ends(logged: Callable[[bytes], Run]) -> None:
    hits = searched(logged(b"line\n"), Wanted("line"), given_up=lambda: True)
    assert (hits.total, hits.complete) == (0, False)


def test_few_search_at_once_and_a_page_only_once() -> None:
    turns = Turns(2)
    with turns.taken("page", wait=0) as given_up, turns.taken("", wait=0) as unknown:
        assert not given_up()
        with pytest.raises(Busy, match="try again"), turns.taken("other", wait=0):
            pass
        assert not given_up()
        with pytest.raises(Busy), turns.taken("page", wait=0):
            pass
        assert given_up()
        assert not unknown()
    with turns.taken("page", wait=0) as given_up, turns.taken("other", wait=0):
        assert not given_up()
