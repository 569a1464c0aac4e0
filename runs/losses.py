"""What the database knows and the files do not have (any more): folders that are away, streams that became shorter.

The index is all that is left of these, so nothing that compares the two may take it for wrong.
"""

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from runs import checksums, storage
from runs.models import Artifact, Event, Run, RunStatus, Series, Stream

Writer = tuple[int, str]  # attempt and writer


@dataclass(slots=True)
class Lost:
    """Of one run: whose series, whose events, and the streams' names by attempt."""

    series: set[Writer] = field(default_factory=set)
    events: set[Writer] = field(default_factory=set)
    streams: set[tuple[int, str]] = field(default_factory=set)

    def left(self, sums: checksums.Sums) -> checksums.Sums:
        """Those that can be compared."""
        return checksums.Sums(
            {key: each for key, each in sums.series.items() if key[:2] not in self.series},
            {key: each for key, each in sums.events.items() if key not in self.events},
        )


def without_folder(there: set[str]) -> list[str]:
    """The keys of runs that have had files and have no folder among those that are there."""
    of_it = {"run": OuterRef("pk")}
    known = [Exists(model.objects.filter(**of_it)) for model in (Stream, Series, Event, Artifact)]
    final = [status for status in RunStatus if status.is_final]
    ended = Q(status__in=final, started_at__isnull=False)
    found = Run.objects.filter(known[0] | known[1] | known[2] | known[3] | ended, deleted_at=None)
    return [key for key in found.order_by("pk").values_list("key", flat=True) if key not in there]


def streams_of(run: Run) -> Lost:
    """Streams whose files are missing, no files, or shorter than what was read of them; in use, they only grow."""
    lost = Lost()
    for attempt, name, indexed in Stream.objects.filter(run=run, indexed__gt=0).values_list(
        "attempt", "name", "indexed"
    ):
        if _size(run, attempt, name) < indexed:
            _add(lost, attempt, name)
    for attempt, writer in _writers(run, Series):
        name = _name("metrics", writer)
        if _size(run, attempt, name) < 0:
            _add(lost, attempt, name)
    for attempt, writer in _writers(run, Event):
        if _size(run, attempt, _name("events", writer)) < 0:
            _add(lost, attempt, _name("events", writer))
    return lost


def _writers(run: Run, model: type[Series] | type[Event]) -> set[Writer]:
    return set(model.objects.filter(run=run).order_by().values_list("attempt", "writer").distinct())


def _name(kind: str, writer: str) -> str:
    if writer == storage.SYSTEM_WRITER:
        return "system.jsonl"
    return f"{kind}.{writer}.jsonl" if writer else f"{kind}.jsonl"


def _add(lost: Lost, attempt: int, name: str) -> None:
    kind, writer = storage.parted(name)
    lost.streams.add((attempt, name))
    (lost.events if kind == "events.jsonl" else lost.series).add((attempt, writer))


def _size(run: Run, attempt: int, name: str) -> int:
    """Bytes of a plain file; -1 where there is none."""
    path = storage.stream_path(run, attempt, name)
    return path.stat().st_size if path.is_file() and not path.is_symlink() else -1
