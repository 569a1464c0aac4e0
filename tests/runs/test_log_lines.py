"""Lines of a log by number: the index agrees with a plain reading of the file, whatever bytes it has."""

import os
import random
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from runs.logs import line_index, lines
from runs.logs.line_index import LineIndex

ALPHABET = [
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"a",
    "é".encode(),
    b"\xff",
    b"\x1b[31m",
    b"word " * 5,
]


def plain(data: bytes) -> list[bytes]:
    """The lines, counted as slowly and surely as can be."""
    found = data.split(b"\n")
    return found if found[-1] else found[:-1]


@pytest.fixture
def handle(tmp_path: Path) -> Callable[[bytes], int]:
    """A file with these bytes, open for reading."""

    def opened(data: bytes) -> int:
        path = tmp_path / "output.log"
        path.write_bytes(data)
        return os.open(path, os.O_RDONLY)

    return opened


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_are_the_lines_that_a_plain_count_finds(
    seed: int, handle: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of a few bytes, entries everywhere, growth in pieces: the corners come up in every log."""
    chance = random.Random(seed)
    monkeypatch.setattr(line_index, "BLOCK", chance.choice([1, 7, 64]))
    monkeypatch.setattr(lines, "BLOCK", line_index.BLOCK)
    monkeypatch.setattr(line_index, "EVERY", chance.choice([1, 3, 10]))
    monkeypatch.setattr(line_index, "APART", chance.choice([1, 20, 1000]))
    data = b"".join(chance.choices(ALPHABET, k=chance.randrange(200)))
    file = handle(data)
    index = LineIndex()
    for size in sorted(chance.choices(range(len(data) + 1), k=5)):
        index.extend(file, size)
        assert index.lines == len(plain(data[:size]))
    index.extend(file, len(data))
    expected = plain(data)

    for _ in range(8):
        first, count = chance.randrange(len(expected) + 2), chance.randrange(1, 30)
        found = lines.read(file, index, first=first, count=count)
        assert [each.data for each in found] == expected[first : first + count]
        assert [each.number for each in found] == list(range(first, first + len(found)))
        for each in found:
            assert data[each.offset : each.end] == each.data
    for at in range(0, len(data) + 1, 3):
        assert lines.number_at(file, index, at) == data[:at].count(b"\n")
    os.close(file)


@pytest.mark.parametrize("length", [32 * 1024 + 1, 1 << 20, (1 << 20) + 1, 3_500_000])
@pytest.mark.parametrize("ends", [b"", b"\nlast"])
def test_a_line_that_is_too_long_shows_its_ends_and_says_what_is_missing(
    length: int, ends: bytes, handle: Callable[[bytes], int]
) -> None:
    long = b"<" + b"x" * (length - 2) + b">"
    file = handle(b"first\n" + long + ends)
    index = LineIndex()
    index.extend(file, 6 + length + len(ends))

    first, found, *last = lines.read(file, index, first=0, count=10)

    assert (first.data, found.data[:2], found.data[-2:]) == (b"first", b"<x", b"x>")
    assert len(found.data) + found.left_out == length
    assert found.cut_at == lines.HEAD
    assert [each.data for each in last] == ([b"last"] if ends else [])
    os.close(file)


def test_an_answer_of_many_bytes_has_fewer_lines_and_goes_on_behind_them(
    handle: Callable[[bytes], int],
) -> None:
    data = b"".join(b"%06d" % number + b"y" * 20_000 + b"\n" for number in range(200))
    file = handle(data)
    index = LineIndex()
    index.extend(file, len(data))
    seen: list[int] = []
    while len(seen) < 200:
        found = lines.read(file, index, first=len(seen), count=200)
        assert sum(len(each.data) for each in found) <= lines.ANSWER + lines.HEAD + lines.TAIL
        seen += [each.number for each in found]
    assert seen == list(range(200))
    os.close(file)


@pytest.mark.parametrize("ends", [b"", b"\nlast"])
def test_the_line_of_a_byte_is_known_without_reading_a_huge_line(
    ends: bytes, handle: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A progress bar without a line break: each push asks for its line, and it is hundreds of megabytes back."""
    data = b"first\n" + b"x" * 3_500_000 + ends
    file = handle(data)
    index = LineIndex()
    for size in (*range(0, len(data), 500_000), len(data)):
        index.extend(file, size)
    asked: list[int] = []

    def unread(_file: int, _count: int, at: int) -> bytes:
        asked.append(at)
        return b""

    monkeypatch.setattr(os, "pread", unread)
    assert [lines.number_at(file, index, at) for at in (10, 3_000_000, 3_500_005)] == [1, 1, 1]
    assert lines.number_at(file, index, len(data)) == (2 if ends else 1)
    assert asked == []
    os.close(file)


def test_an_index_may_be_read_while_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two of its steps every answer is true: readers take no lock."""
    index = LineIndex()
    seen: list[tuple[int, int]] = []

    class Watched(array):  # type: ignore[type-arg]
        def append(self, value: int) -> None:
            look()
            super().append(value)
            look()

    def look() -> None:
        assert index.last_start <= index.size
        seen.append(index.before(10**9))
        seen.append(index.before_byte(10**9)[:2])

    monkeypatch.setattr(line_index, "EVERY", 2)
    monkeypatch.setattr(index, "_numbers", Watched("Q", [0]))
    monkeypatch.setattr(index, "_offsets", Watched("Q", [0]))
    for _ in range(3):
        index._take(b"abc\n" * 5)
    assert all(offset == 4 * number for number, offset in seen)
    assert len(seen) > 20
