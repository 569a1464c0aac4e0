"""What went wrong, by what the log says: the traceback that a failed run ended with, and where it stands."""

import os
import re
from dataclasses import dataclass

from runs.errors import Invalid
from runs.logs.reading import Log, reading
from runs.logs.searching import ESCAPES
from runs.models import Run

LOOKED_AT = 256 * 1024  # bytes at the end of the log
LONGEST = 300  # characters of what was raised

MPI = r"\[(?:[\w.@-]+@)?\d+,\d+\]<std(?:out|err|diag)>:"
# What launchers write before a line.
RANK = rf"(?:\[default\d+\]:|{MPI}(?: |(?! ))| {{0,3}}\d+: )?(?:\[(?:rank)?\d+\]:? )?"
TRACE = re.compile(rf"{RANK}(?:  [+|] )*Traceback \(most recent call last\)")
RAISED = re.compile(rf"{RANK}(?:  [+|] )*[A-Za-z_][\w.]*(?::|$)")
WITHIN = re.compile(rf"{RANK}(?:  [+|] )*(?:\s|$)|\[(?:rank)?\d+\]:?\s*$")
OF_THE_LAUNCHER = re.compile(r"torch\.distributed\.elastic\.\S+ChildFailedError")
WRONG = re.compile(
    r"\b(?:ERROR|CRITICAL|FATAL)\b|\b[A-Z]\w*Error\b|^(?:Segmentation fault|Killed|Aborted|terminate called)|"
    r"core dumped|CUDA error"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`line` (from 1): where the traceback begins; `error_line`: what was raised, `text`, stands there."""

    line: int
    error_line: int
    text: str


def failure(run: Run, *, attempt: int) -> Failure | None:
    """The last traceback at the end of the log, or the last line that tells of an error. None where there is neither.

    Of several ranks the launcher's own word comes last, and tells nothing: the traceback before it counts.
    """
    try:
        with reading(run, attempt) as log:
            first, lines = _end_of(log)
    except Invalid:
        return None
    traces = [_read(lines, at) for at, line in enumerate(lines) if TRACE.match(line)]
    traces = [each for each in traces if not OF_THE_LAUNCHER.search(each[2])] or traces
    if traces:
        at, raised, text = traces[-1]
        return Failure(first + at + 1, first + raised + 1, text[:LONGEST])
    for at in range(len(lines) - 1, -1, -1):
        if WRONG.search(lines[at]):
            return Failure(first + at + 1, first + at + 1, lines[at].strip()[:LONGEST])
    return None


def _read(lines: list[str], at: int) -> tuple[int, int, str]:
    """Where a traceback begins, the line that says what was raised, and that line without its rank."""
    for number in range(at + 1, len(lines)):
        if not WITHIN.match(lines[number]):
            is_raised = RAISED.match(lines[number])
            text = re.sub(rf"^{RANK}", "", lines[number]) if is_raised else lines[number]
            return at, number, text.strip()
    return at, at, lines[at].strip()


def _end_of(log: Log) -> tuple[int, list[str]]:
    """Index of the first line, and the last lines without escapes, progress bars by their last state."""
    if not log.size:
        return 0, []
    start = max(0, log.size - LOOKED_AT)
    data = os.pread(log.handle, log.size - start, start)
    first = log.number_at(start)
    if start:
        cut = data.find(b"\n") + 1
        data, first = data[cut:], first + (1 if cut else 0)
    text = ESCAPES.sub(b"", data).decode("utf-8", "replace")
    lines = text.removesuffix("\n").split("\n")
    return first, [line.rstrip("\r").rsplit("\r", 1)[-1][:2000] for line in lines]


def last_words(run: Run, *, attempt: int, count: int) -> list[str]:
    """The last lines as plain text, from a traceback on where there is one; none where there is no output."""
    wrong = failure(run, attempt=attempt)
    try:
        with reading(run, attempt) as log:
            first, lines = _end_of(log)
    except Invalid:
        return []
    if not any(line.strip() for line in lines):
        return []
    if wrong is not None and wrong.line != wrong.error_line:
        return lines[max(wrong.line - 1 - first, 0) :][:count]
    return lines[-count:]
