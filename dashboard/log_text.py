"""Bytes of a log as text that a page can show, cut where no character is torn."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from runs import selectors, storage
from runs.errors import Invalid, NotFound
from runs.models import Run

WINDOW = 64 * 1024  # what a page loads at first, and again for each "load earlier"
BATCH = 128 * 1024  # what one push carries
TOO_FAR_BEHIND = 256 * 1024  # beyond this a follower is given the end, and told what it missed

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


@dataclass(frozen=True, slots=True)
class LogText:
    """`text` is bytes `offset` to `end` of a log of `size` bytes. `skipped` bytes before it were left out."""

    text: str
    offset: int
    end: int
    size: int
    attempt: int
    final: bool
    skipped: int = 0


def earlier(run: Run, *, attempt: int, before: int | None = None) -> LogText:
    """The window that ends at byte `before` (None: at the end), from the beginning of a line where there is one."""
    if before is None:
        part = selectors.log_part(run, attempt=attempt, offset=-WINDOW, limit=WINDOW)
    else:
        start = max(0, before - WINDOW)
        part = selectors.log_part(run, attempt=attempt, offset=start, limit=before - start)
    data, offset = _from_line_start(part.data, part.offset)
    text, used = whole_characters(data, final=part.final or before is not None)
    return LogText(text, offset, offset + used, part.size, part.attempt, part.final)


def following(run: Run, *, attempt: int, offset: int) -> LogText:
    """What came after `offset`; where that is too much, the end of it."""
    part = selectors.log_part(run, attempt=attempt, offset=offset, limit=BATCH)
    skipped = 0
    if part.size - part.offset > TOO_FAR_BEHIND:
        end = selectors.log_part(run, attempt=attempt, offset=-BATCH, limit=BATCH)
        skipped, part = end.offset - part.offset, end
    data, start = _from_line_start(part.data, part.offset) if skipped else (part.data, part.offset)
    at_end = part.final and part.offset + len(part.data) >= part.size
    text, used = whole_characters(data, final=at_end)
    return LogText(text, start, start + used, part.size, part.attempt, part.final, skipped)


def raw(run: Run, *, attempt: int) -> BinaryIO:
    """The log's file, to be sent as it is. Raises NotFound where nothing was written, or a link or a pipe is there."""
    try:
        return storage.opened(storage.stream_path(run, attempt, "output.log"))
    except FileNotFoundError:
        raise NotFound(f"{run.key} has written no output") from None
    except Invalid as wrong:
        raise NotFound(f"the output of {run.key} cannot be read: {wrong.detail}") from wrong


def last_lines(run: Run, *, attempt: int, count: int) -> list[str]:
    """The last lines as plain text, from a traceback on where there is one: what went wrong."""
    part = selectors.log_part(run, attempt=attempt, offset=-16 * 1024)
    text = ESCAPES.sub("", part.data.decode("utf-8", errors="replace"))
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1][:2000] for line in text.rstrip("\n").split("\n")]
    lines = lines[-count:] if text.strip() else []
    traces = [at for at, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    return lines[traces[-1] :] if traces else lines


def whole_characters(data: bytes, *, final: bool) -> tuple[str, int]:
    """Decode UTF-8 and say how many bytes that used: a character whose end has not arrived yet waits for it."""
    keep = len(data)
    if not final:
        for back in range(1, min(3, len(data)) + 1):
            byte = data[-back]
            if byte >= 0xC0:
                needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
                keep = len(data) - back if back < needed else len(data)
                break
            if byte < 0x80:
                break
    return data[:keep].decode("utf-8", errors="replace"), keep


def _from_line_start(data: bytes, offset: int) -> tuple[bytes, int]:
    if offset == 0:
        return data, offset
    cut = data.find(b"\n") + 1
    if cut == 0:  # one line longer than the window: begin inside it, but not inside a character
        while cut < min(4, len(data)) and 0x80 <= data[cut] < 0xC0:
            cut += 1
    return data[cut:], offset + cut
