"""Complete lines of a growing file, each handed over exactly once.

How far a file was read stands in the same transaction as what was made of it, so a crash anywhere repeats nothing
and skips nothing. A torn last line waits for its end.

SQLite has one writer: what one transaction takes is bounded in bytes and lines here, and in what they hold by `keep`.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from django.db import connection, transaction

from runs import storage
from runs.models import Run, Stream

STRETCH = 4 * 1024 * 1024  # bytes in one transaction
LINES = 65_536  # and lines
PAUSE = 0.11  # seconds: who waits for SQLite's lock looks every 0.1 s


class Kept(NamedTuple):
    """The first `lines` were taken, at least one; `bad` of them could not be read, or not be kept whole."""

    lines: int
    bad: int


# Keeps what some lines say, the first of which has this number in its file.
Keep = Callable[[list[bytes], int], Kept]


def take(run: Run, attempt: int, name: str, *, size: int, keep: Keep, at_once: int = LINES) -> bool:
    """Hand over the complete lines among the first `size` bytes that nobody has taken yet; true where there were some.

    `keep` runs inside the transaction, and is called until it has taken all, with at most `at_once` lines.
    """
    grew = False
    while (left := _take_stretch(run, attempt, name, size, keep, at_once)) is not None:
        grew = True
        if left and not connection.features.has_select_for_update:
            time.sleep(PAUSE)
    return grew


@transaction.atomic
def _take_stretch(
    run: Run, attempt: int, name: str, size: int, keep: Keep, at_once: int
) -> int | None:
    """Bytes of complete lines that were read but are left for the next transaction; None where nothing was taken."""
    stream = _locked(run, attempt, name)
    wanted = min(size - stream.indexed, STRETCH)
    if wanted <= 0:
        return None
    with storage.reading(storage.stream_path(run, attempt, name)) as file:
        file.seek(stream.indexed)
        data = file.read(wanted)
    end = data.rfind(b"\n") + 1
    if end == 0:
        if len(data) < STRETCH:  # torn, or the file shrank on a shared disk
            return None
        end = len(data)  # a line longer than any record: passed over in parts, counted as bad
    found = data[:end].removesuffix(b"\n").split(b"\n", at_once)[:at_once]
    taken, bad = keep(found, stream.lines)
    used = min(end, sum(map(len, found[:taken])) + taken)
    stream.bad_lines += bad
    stream.lines += taken
    stream.indexed += used
    stream.save(update_fields=["indexed", "lines", "bad_lines"])
    return end - used


def _locked(run: Run, attempt: int, name: str) -> Stream:
    mine = Stream.objects.select_for_update().filter(run=run, attempt=attempt, name=name)
    found = mine.first()
    if found is None:
        Stream.objects.get_or_create(run=run, attempt=attempt, name=name)
        found = mine.get()
    return found
