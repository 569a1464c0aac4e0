"""A stream of which the sender has other bytes than this server: it is kept aside, and begins anew.

So it is where the sender's machine lost its power, and with it the end of a file that was here already: the run that
goes on there writes other lines in its place.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.db import transaction

from runs import contents, storage
from runs.errors import Diverged, Invalid
from runs.models import Chunk, Event, Overview, Run, Series, Stream

LONGEST = 1024 * 1024
MOST = 16  # files of one stream that are kept aside


@dataclass(frozen=True, slots=True)
class Tail:
    """What the sender has: the `length` bytes before the offset that it names, by their sha256."""

    length: int
    sha256: str
    restart: bool = False  # where this server has others, keep them aside

    def check(self, offset: int) -> None:
        """Raises Invalid where it makes no sense at that offset."""
        if not 0 < self.length <= min(offset, LONGEST):
            raise Invalid(f"tail={self.length} is none: 1 to {LONGEST} bytes before the offset")
        if not contents.is_digest(self.sha256):
            raise Invalid(
                f"sha256={self.sha256[:70]!r} is none: it has 64 digits, 0 to 9 and a to f"
            )

    def is_in(self, handle: int, offset: int) -> bool:
        """Whether the open file has just these bytes before the offset."""
        found = os.pread(handle, self.length, offset - self.length)
        return sha256(found).hexdigest() == self.sha256


def begin_anew(run: Run, attempt: int, name: str, path: Path) -> None:
    """Keep the file as `<name>.1` (`.2`, …) and make an empty one; what was read from it is forgotten.

    To be called by whoever keeps all other writers of the file out. Raises Diverged where too many are kept already.
    """
    places = (path.with_name(f"{path.name}.{number}") for number in range(1, MOST + 1))
    aside = next((place for place in places if not place.exists()), None)
    if aside is None:
        raise Diverged(storage.size_of(path), f"{MOST} files of {name} are kept aside already")
    _forget(run, attempt, name)  # first: a server that dies here reads the old file once more
    path.rename(aside)
    path.touch(0o600)
    _forget(run, attempt, name)  # somebody who was late may have read it again


@transaction.atomic
def _forget(run: Run, attempt: int, name: str) -> None:
    """Locked in the order in which indexing and merging lock."""
    kind, writer = storage.parted(name)
    mine = Stream.objects.select_for_update().filter(run=run, attempt=attempt, name=name)
    for stream in mine:
        stream.indexed = stream.lines = stream.bad_lines = 0
        stream.save(update_fields=["indexed", "lines", "bad_lines"])
    if kind == "events.jsonl":
        Event.objects.filter(run=run, attempt=attempt, writer=writer).delete()
    elif kind != "output.log":
        found = Series.objects.select_for_update().filter(run=run, attempt=attempt, writer=writer)
        keys = list(found.order_by("pk").values_list("pk", flat=True))
        Overview.objects.filter(series__in=keys).delete()
        Chunk.objects.filter(series__in=keys).delete()
        Series.objects.filter(run=run, attempt=attempt, writer=writer).delete()
