"""How much room a run takes: files exactly, the database by the length of what it keeps."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, Model, Sum, TextField
from django.db.models.functions import Cast, Coalesce, Length

from runs import storage, trees
from runs.batches import parts
from runs.models import Artifact, Chunk, Event, Overview, Run, Series, Stream

A_ROW = (
    100  # bytes, estimated: what a row costs beside its long columns, and its entries in indexes
)
AT_ONCE = 500  # runs of one query


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a run: which they are, which columns are long, and how many of them go in one transaction."""

    model: type[Model]
    run: str
    long: tuple[str, ...]
    at_once: int


# In the order in which they are deleted. A chunk has up to 200 KB, a table that was logged 256.
TABLES = (
    Table(Chunk, "series__run", ("steps", "values", "times"), 100),
    Table(Overview, "series__run", ("data",), 500),
    Table(Event, "run", ("body",), 500),
    Table(Stream, "run", (), 2000),
    Table(Series, "run", (), 2000),
)


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes. `of_each`: what a run, by its primary key, would free alone; `together`: what all of them would.

    Content that several runs share counts for none of them alone.
    """

    of_each: dict[int, int]
    together: int


def measure(runs: Sequence[Run]) -> Room:
    """The room that these runs take."""
    each = {run.pk: folder_bytes(storage.run_folder(run.key)) for run in runs}
    for some in parts(each, AT_ONCE):
        for table in TABLES:
            for run, length in _lengths(table, some):
                each[run] += length
    together = sum(each.values())
    for holders, size in _contents(each):
        together += size if holders <= each.keys() else 0
        if len(holders) == 1:
            each[next(iter(holders))] += size
    return Room(each, together)


def length(table: Table) -> Any:
    """The expression for the bytes of some rows of a table."""
    long = (Sum(Coalesce(_length(table.model, name), 0)) for name in table.long)
    return sum(long, start=Count("pk") * A_ROW)


def _length(model: type[Model], name: str) -> Any:
    binary = model._meta.get_field(name).get_internal_type() == "BinaryField"
    return Length(name if binary else Cast(name, TextField()))


def _lengths(table: Table, runs: Collection[int]) -> list[tuple[int, int]]:
    found = table.model._default_manager.filter(**{f"{table.run}__in": runs}).order_by()
    return list(
        found.values(table.run).annotate(bytes=length(table)).values_list(table.run, "bytes")
    )


def _contents(runs: Collection[int]) -> Iterator[tuple[set[int], int]]:
    """Each content that these runs keep: all runs that keep it, and its bytes."""
    for some in parts(runs, AT_ONCE):
        kept = Artifact.objects.filter(run__in=some).exclude(blob="").order_by()
        sizes = dict(kept.values_list("blob", "received"))
        holders = defaultdict(set)
        for blobs in parts(sizes, AT_ONCE):
            for blob, run in Artifact.objects.filter(blob__in=blobs).values_list("blob", "run"):
                holders[blob].add(run)
        # A content is told once: by the batch that has the first of its runs that are asked about.
        for blob, who in holders.items():
            asked = [run for run in who if run in runs]
            if min(asked, default=None) in some:
                yield who, sizes[blob]


def folder_bytes(folder: Path) -> int:
    """The bytes of the plain files below a folder; links are not followed, and what vanishes counts nothing."""
    if folder.is_symlink() or not folder.is_dir():
        return 0
    return sum(info.st_size for _, info in trees.files(folder))


UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def human(size: float) -> str:
    """1_288_490_189 as "1.2 GiB"."""
    at = 0
    while abs(size) >= 1024 and at < len(UNITS) - 1:
        size, at = size / 1024, at + 1
    return f"{size:.0f} {UNITS[at]}" if at == 0 or size >= 100 else f"{size:.1f} {UNITS[at]}"
