"""What came behind a byte of a log: what a page that shows its end is sent."""

import os
import re
from dataclasses import dataclass

from dashboard.logs.text import whole_characters
from runs.logs import marks
from runs.logs.reading import Log, reading
from runs.models import Run

BATCH = 128 * 1024  # bytes of one push
AT_ONCE = 2.0  # seconds: lines that came within have one time
TOO_FAR_BEHIND = 256 * 1024  # beyond this a follower is given the end, and told what it missed


@dataclass(frozen=True, slots=True)
class Push:
    """`text` is bytes `offset` to `end` of a log of `size` bytes; its first byte belongs to line `line`, from 1.

    `skipped` bytes before it were left out, and then it begins with a line. `anew`: the log is shorter than it was, so
    all that was shown of it is gone. `time`: seconds since 1970 when its end came; None where nobody saw it.
    `times`: those of its lines, where they came at different ones.
    """

    text: str
    offset: int
    end: int
    size: int
    line: int
    count: int
    skipped: int = 0
    anew: bool = False
    time: float | None = None
    times: list[float] | None = None


def following(run: Run, *, attempt: int, offset: int) -> Push:
    """What came after `offset`; where that is too much, the end of it. Raises Invalid for a link or a pipe."""
    with reading(run, attempt) as log:
        if offset > log.size:
            return Push("", log.size, log.size, log.size, log.lines, log.lines, anew=True)
        start = offset
        if log.size - offset > TOO_FAR_BEHIND:
            start = _line_start(log, log.size - BATCH)
        data = (
            os.pread(log.handle, min(BATCH, log.size - start), start) if log.size > start else b""
        )
        at_end = log.final and start + len(data) >= log.size
        text, used = whole_characters(data, final=at_end)
        end = start + used
        line = log.number_at(start) + 1 if used else log.lines
        time, times = _times(log, start, data[:used]) if used else (None, None)
        return Push(
            text, start, end, log.size, line, log.lines, start - offset, time=time, times=times
        )


def _times(log: Log, start: int, data: bytes) -> tuple[float | None, list[float] | None]:
    """When the last byte came, and each line where that took longer than the pushes that pages mostly get."""
    found = marks.recent(log.path)
    ends = found.of([start, start + len(data) - 1])
    if ends is None:
        return None, None
    if 0 <= ends[1] - ends[0] <= AT_ONCE:
        return ends[1], None
    starts = [start, *(start + at.end() for at in re.finditer(rb"\n", data))]
    return ends[1], found.of(starts)


def _line_start(log: Log, offset: int) -> int:
    """The beginning of a line, behind `offset`; within a line that is longer than a push, of a character."""
    data = os.pread(log.handle, BATCH, offset)
    cut = data.find(b"\n") + 1
    if cut == 0 or cut == len(data):
        cut = 0
        while cut < min(4, len(data)) and 0x80 <= data[cut] < 0xC0:
            cut += 1
    return offset + cut
