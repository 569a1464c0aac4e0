"""Runs to which several processes wrote: who they are, and what each of them measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.metrics import is_system, telling
from runs import storage
from runs.errors import Invalid
from runs.models import Run, Series, Stream

MAIN = "main"  # what the one without a name is called on a page
COLUMNS_SHOWN = 16
ROWS_SHOWN = 100
WRITERS_NAMED = 4


@dataclass(frozen=True, slots=True)
class ByWriter:
    """A line for each metric, a column for each writer; None where it logged no such metric."""

    writers: list[str]
    lines: list[tuple[str, list[Series | None]]]
    more_writers: int
    more_lines: int


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote to an attempt, and how many of their lines cannot be read."""

    writers: list[str]
    unread: int

    @property
    def some(self) -> str:
        """The first few by name."""
        rest = len(self.writers) - WRITERS_NAMED
        return ", ".join(self.writers[:WRITERS_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def label(writer: str) -> str:
    """How a page calls a writer."""
    return writer or MAIN


def order(writer: str) -> tuple[int, str]:
    """A sort key: the main one first, then r2 before r10."""
    return len(writer), writer


def written(run: Run, attempt: int) -> Written:
    """Who wrote metrics or events of an attempt, the agent aside, and what of it cannot be read; one query."""
    found, unread = set(), 0
    rows = Stream.objects.filter(run=run, attempt=attempt).values_list("name", "bad_lines")
    for name, bad in rows:
        unread += bad
        try:
            kind, writer = storage.parted(name)
        except Invalid:
            continue
        if kind in ("metrics.jsonl", "events.jsonl"):
            found.add(writer)
    return Written([label(each) for each in sorted(found, key=order)], unread)


def by_writer(series: Sequence[Series]) -> ByWriter | None:
    """The metrics of an attempt, writer by writer; None where only one wrote any."""
    logged = [each for each in series if not is_system(each.key)]
    writers = sorted({each.writer for each in logged}, key=order)
    if len(writers) < 2:
        return None
    by_place = {(each.key, each.writer): each for each in logged}
    keys = sorted({each.key for each in logged}, key=telling)
    shown = writers[:COLUMNS_SHOWN]
    return ByWriter(
        writers=[label(each) for each in shown],
        lines=[(key, [by_place.get((key, each)) for each in shown]) for key in keys[:ROWS_SHOWN]],
        more_writers=len(writers) - len(shown),
        more_lines=max(0, len(keys) - ROWS_SHOWN),
    )


def main_ones(series: Sequence[Series]) -> list[Series]:
    """Of each metric of a run the main writer's series, or else the first one's; in the order in which they came."""
    return list(main_by_run(series).values())


def main_by_run(series: Sequence[Series]) -> dict[tuple[int, str], Series]:
    """The same for many runs, by run and key."""
    best: dict[tuple[int, str], Series] = {}
    for each in series:
        other = best.get((each.run_id, each.key))
        if other is None or order(each.writer) < order(other.writer):
            best[each.run_id, each.key] = each
    return best
