"""Lines of a log by their numbers, in bounded answers."""

import os
from dataclasses import dataclass

from runs.logs.line_index import BLOCK, LineIndex

ANSWER = 1 << 20  # bytes of one answer, the last line's aside
HEAD = 16 * 1024  # of a line that is too long: bytes from its beginning, and from its end,
TAIL = 16 * 1024  # where the last state of a progress bar is


@dataclass(frozen=True, slots=True)
class Line:
    """`data` is the line without its end; after the first `cut_at` bytes of it `left_out` bytes are missing."""

    number: int
    offset: int
    data: bytes
    cut_at: int = 0
    left_out: int = 0

    @property
    def end(self) -> int:
        return self.offset + len(self.data) + self.left_out


def read(handle: int, index: LineIndex, *, first: int, count: int) -> list[Line]:
    """At most `count` lines from line `first` on; fewer where they are many bytes (ask again behind the last)."""
    found: list[Line] = []
    size, weight = index.size, 0
    number, offset = index.before(first)
    until = index.behind(first + count)[1]
    while len(found) < count and offset < size and weight < ANSWER:
        block = os.pread(handle, min(BLOCK, max(until, offset + 1) - offset, size - offset), offset)
        if not block:
            break
        *whole, rest = block.split(b"\n")
        if rest and offset + len(block) >= size:
            whole.append(rest)
        elif not whole:
            line, offset = _beyond_a_block(handle, index, number, offset)
            found += [line] if number >= first else []
            weight, number = weight + len(line.data), number + 1
            continue
        for data in whole:
            if number >= first:
                found.append(_cut(number, offset, data))
                weight += len(found[-1].data)
                if len(found) == count or weight >= ANSWER:
                    break
            number, offset = number + 1, offset + len(data) + 1
    return found


def _cut(number: int, offset: int, data: bytes) -> Line:
    if len(data) <= HEAD + TAIL:
        return Line(number, offset, data)
    kept = data[:HEAD] + data[-TAIL:]
    return Line(number, offset, kept, cut_at=HEAD, left_out=len(data) - len(kept))


def _beyond_a_block(handle: int, index: LineIndex, number: int, offset: int) -> tuple[Line, int]:
    """A line of which one block shows no end, and where the next begins."""
    size = index.size  # before what follows: it may grow meanwhile
    is_open = index.last_start <= offset
    behind, after = index.behind(number)
    end = size if is_open else after - 1
    if not is_open and behind != number + 1:
        end = _end_of(handle, offset, after)
    head = os.pread(handle, min(HEAD, end - offset), offset)
    tail_at = max(offset + len(head), end - TAIL)
    tail = os.pread(handle, end - tail_at, tail_at)
    left_out = tail_at - offset - len(head)
    cut_at = len(head) if left_out else 0
    return Line(number, offset, head + tail, cut_at=cut_at, left_out=left_out), end + 1


def _end_of(handle: int, offset: int, until: int) -> int:
    """Where the line that begins at `offset` ends; somewhere before `until`."""
    while offset < until:
        block = os.pread(handle, min(BLOCK, until - offset), offset)
        at = block.find(b"\n")
        if at >= 0 or not block:
            return offset + max(at, 0)
        offset += len(block)
    return until


def number_at(handle: int, index: LineIndex, offset: int) -> int:
    """The number of the line that byte `offset` belongs to, the `\\n` being the end of its line."""
    number = index.newlines  # before what follows: it may grow meanwhile
    if offset >= index.last_start:
        return number
    number, at, alone = index.before_byte(offset)
    while not alone and at < offset:
        block = os.pread(handle, min(BLOCK, offset - at), at)
        if not block:
            break
        number, at = number + block.count(b"\n"), at + len(block)
    return number
