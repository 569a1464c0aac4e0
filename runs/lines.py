"""Complete lines of a growing file, each handed over exactly once.

How far a file was read stands in the same transaction as what was made of it, so a crash anywhere repeats nothing
and skips nothing. A torn last line waits for its end.
"""

from collections.abc import Callable

from django.db import transaction

from runs import storage
from runs.models import Run, Stream

STRETCH = 4 * 1024 * 1024  # bytes in one transaction

# Keeps what some lines say, the first of which has this number in its file; how many could not be read.
Keep = Callable[[list[bytes], int], int]


def take(run: Run, attempt: int, name: str, *, size: int, keep: Keep) -> bool:
    """Hand over the complete lines among the first `size` bytes that nobody has taken yet; true where there were some.

    `keep` runs inside the transaction, and may be called several times.
    """
    grew = False
    while _take_stretch(run, attempt, name, size=size, keep=keep):
        grew = True
    return grew


@transaction.atomic
def _take_stretch(run: Run, attempt: int, name: str, *, size: int, keep: Keep) -> bool:
    stream = _locked(run, attempt, name)
    wanted = min(size - stream.indexed, STRETCH)
    if wanted <= 0:
        return False
    with storage.reading(storage.stream_path(run, attempt, name)) as file:
        file.seek(stream.indexed)
        data = file.read(wanted)
    end = data.rfind(b"\n") + 1
    if end == 0:
        if len(data) < STRETCH:  # torn, or the file shrank on a shared disk
            return False
        end = len(data)  # a line longer than any record: passed over in parts, counted as bad
    found = data[:end].removesuffix(b"\n").split(b"\n")
    stream.bad_lines += keep(found, stream.lines)
    stream.lines += len(found)
    stream.indexed += end
    stream.save(update_fields=["indexed", "lines", "bad_lines"])
    return True


def _locked(run: Run, attempt: int, name: str) -> Stream:
    mine = Stream.objects.select_for_update().filter(run=run, attempt=attempt, name=name)
    found = mine.first()
    if found is None:
        Stream.objects.get_or_create(run=run, attempt=attempt, name=name)
        found = mine.get()
    return found
