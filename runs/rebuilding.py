"""The database made again from the files: rows of runs, their points and events, their artifacts.

What the files say is compared with what the database says, run by run, and only what differs is written. So an intact
database costs reading, a damaged one is mended, a lost one comes back; and a rehearsal is an audit. What only the
database has (any more) stays: a folder that is not mounted must cost nobody an index.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from runs import checksums, losses, rebuilt_artifacts, rebuilt_rows, run_file, storage, streams
from runs.errors import DomainError, NotFound
from runs.losses import Lost
from runs.models import Chunk, Deletion, Event, Overview, Run, Series, Stream
from runs.series import merging

AT_ONCE = 500  # rows in one statement
EQUAL, MADE, MENDED, DAMAGED, SKIPPED = "equal", "made", "mended", "damaged", "skipped"


@dataclass(slots=True)
class Outcome:
    """What was found about one run, and done. `before` and `after` are checksums of its points and events."""

    key: str
    done: str = EQUAL
    notes: list[str] = field(default_factory=list)
    before: str = ""
    after: str = ""


def checksum(run: Run) -> str:
    """A sha256 of all points and events of a run in the database; equal ones mean equal series."""
    return checksums.of_database(run).whole


def folders() -> list[Path]:
    """The folders of runs, in the order in which the runs were made. Links are passed over."""
    root = Path(settings.RUNS_DIR)
    if not root.is_dir():
        return []
    found = [
        path
        for path in root.iterdir()
        if storage.KEY.match(path.name) and path.is_dir() and not path.is_symlink()
    ]
    return sorted(found, key=lambda path: (_made_at(path), len(path.name), path.name))


def _made_at(folder: Path) -> datetime:
    try:
        told = run_file.read(folder)
        return told["created_at"] if told else rebuilt_rows.made_at(folder)
    except (DomainError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def highest_job() -> int:
    """The largest number of a job that has a folder; 0 where there is none."""
    numbers = [path.name.removeprefix("job-") for path in folders() if path.name[:4] == "job-"]
    return max(map(int, numbers), default=0)


def rebuild(*, rehearse: bool = False) -> Iterator[Outcome]:
    """Compare each run, and write what differs unless this is a rehearsal. A damaged folder is named and skipped.

    Raises NotFound, and changes nothing, where no folder is there of all runs that the database knows.
    """
    found = folders()
    away = losses.without_folder({folder.name for folder in found})
    if away and not found:
        raise NotFound(
            f"no run has a folder below {settings.RUNS_DIR}, and the database knows {len(away)}: "
            "is the disk mounted? Nothing was changed"
        )
    gone = set(Deletion.objects.values_list("run_key", flat=True))
    for folder in found:
        if folder.name in gone:
            yield Outcome(folder.name, SKIPPED, ["was deleted for good"])
            continue
        outcome = Outcome(folder.name)
        try:
            _rebuild(folder, outcome, rehearse=rehearse)
        except Exception as error:  # one folder keeps no other from being rebuilt
            outcome.done = SKIPPED
            outcome.notes.append(f"cannot be read: {str(error) or type(error).__name__}")
        yield outcome
    for key in away:
        yield Outcome(key, DAMAGED, ["its files are missing: the row is left as it is"])
    if not rehearse:
        _tell_the_rest()


def _rebuild(folder: Path, outcome: Outcome, *, rehearse: bool) -> None:
    told = run_file.read(folder)
    if told is None and (folder / run_file.NAME).exists():
        outcome.notes.append("run.json cannot be read")
    run = _row(folder, told, outcome, rehearse=rehearse)
    attempts = rebuilt_rows.attempts_in(folder)
    _compare_index(run, attempts, outcome, rehearse=rehearse)
    if notes := rebuilt_artifacts.differences(run, attempts):
        _mended(outcome, notes)
        if not rehearse:
            rebuilt_artifacts.take_over(run, attempts)
    if notes := rebuilt_artifacts.gone(run, attempts):
        _damaged(outcome, notes)
    if not rehearse:
        _write_down(run, told)


def _mended(outcome: Outcome, notes: list[str]) -> None:
    if outcome.done == MADE:  # of a new one everything differs
        return
    if outcome.done != DAMAGED:
        outcome.done = MENDED
    outcome.notes += notes


def _damaged(outcome: Outcome, notes: list[str]) -> None:
    outcome.done = DAMAGED
    outcome.notes += notes


def _row(folder: Path, told: rebuilt_rows.Told | None, outcome: Outcome, *, rehearse: bool) -> Run:
    """The run, made or corrected."""
    run = Run.objects.filter(key=folder.name).first()
    if run is None:
        outcome.done = MADE
        return rebuilt_rows.make(folder, told, outcome.notes, rehearse=rehearse)
    lacking = rebuilt_rows.lacking(run, told)
    if told and lacking:
        _mended(outcome, [f"its row lacks {', '.join(lacking)}"])
        if not rehearse:
            rebuilt_rows.complete(run, told, lacking)
    if stale := [name for name in rebuilt_rows.differing(run, told) if name not in lacking]:
        _mended(outcome, [f"run.json has another {', '.join(stale)}: the row stays"])
    if facts := rebuilt_rows.lacking_facts(run):
        _mended(outcome, [f"its row lacks what its files tell: {_some(sorted(facts))}"])
        if not rehearse:
            rebuilt_rows.complete_facts(run)
    return run


def _compare_index(run: Run, attempts: list[int], outcome: Outcome, *, rehearse: bool) -> None:
    """Points and events."""
    stored = checksums.of_database(run) if not run._state.adding else checksums.Sums()
    files = checksums.of_files(run, attempts)
    outcome.before = outcome.after = stored.whole
    lost = losses.streams_of(run) if not run._state.adding else Lost()
    if lost.streams:
        some = _some([f"{attempt}/{name}" for attempt, name in sorted(lost.streams)])
        _damaged(outcome, [f"files missing or shorter than what was read of them: {some}"])
    stored, files = lost.left(stored), lost.left(files)
    if stored == files:
        return
    _mended(outcome, _differences(stored, files))
    if rehearse:
        return
    _index_anew(run, attempts, lost)
    made = checksums.of_database(run)
    outcome.after = made.whole
    if lost.left(made) != files and run.is_final:
        outcome.notes.append("still differs from its files: please report it")


def _index_anew(run: Run, attempts: list[int], lost: Lost) -> None:
    _forget(run, lost)
    for attempt in attempts:
        for path in checksums.streams_of(storage.attempt_folder(run, attempt)):
            index = streams.INDEXED.get(storage.parted(path.name)[0])
            if index:
                index(run, attempt, path.name, size=storage.size_of(path))
    for pk in Series.objects.filter(run=run).values_list("pk", flat=True):
        while merging.merge(pk):
            pass


def _write_down(run: Run, told: rebuilt_rows.Told | None) -> None:
    """What the database knows and the files did not: manifests, and the end of a run."""
    rebuilt_artifacts.write_down(run)
    if rebuilt_rows.differing(run, told):
        run_file.keep_old(run)
        run_file.write(run)
    elif run.is_final and (told is None or told["status"] != run.status):
        run_file.write(run)


def _differences(stored: checksums.Sums, files: checksums.Sums) -> list[str]:
    series = _compared("series", dict(stored.series), dict(files.series))
    return series + _compared("events", dict(stored.events), dict(files.events))


def _compared(what: str, has: dict[Any, str], wants: dict[Any, str]) -> list[str]:
    """A line for each kind of difference, with a few names."""
    kinds = {
        "missing": wants.keys() - has.keys(),
        "without a file": has.keys() - wants.keys(),
        "different": {key for key in wants.keys() & has.keys() if wants[key] != has[key]},
    }
    notes = []
    for word, keys in kinds.items():
        if keys:
            some = _some(["/".join(filter(None, map(str, key))) for key in sorted(keys)])
            notes.append(f"{what} {word}: {some}")
    return notes


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''} ({len(names)})"


@transaction.atomic
def _forget(run: Run, lost: Lost) -> None:
    """The index of its files, but for what only the index has.

    Rows are locked in the order in which indexing does it: whoever appends waits, or is waited for.
    """
    streams = Stream.objects.select_for_update().filter(run=run).order_by("pk")
    read = [each.pk for each in streams if (each.attempt, each.name) not in lost.streams]
    series = Series.objects.select_for_update().filter(run=run).order_by("pk")
    rows = series.values_list("pk", "attempt", "writer")
    doomed = [pk for pk, *writer in rows if tuple(writer) not in lost.series]
    for some in _batches(doomed):
        Overview.objects.filter(series__in=some).delete()
        Chunk.objects.filter(series__in=some).delete()
        Series.objects.filter(pk__in=some).delete()
    events = Event.objects.filter(run=run).order_by()
    for attempt, writer in set(events.values_list("attempt", "writer").distinct()) - lost.events:
        events.filter(attempt=attempt, writer=writer).delete()
    for some in _batches(read):
        Stream.objects.filter(pk__in=some).delete()


def _batches(pks: list[int]) -> Iterator[list[int]]:
    return (pks[start : start + AT_ONCE] for start in range(0, len(pks), AT_ONCE))


def _tell_the_rest() -> None:
    """Runs that ended before there was a run.json, or while a disk was full, get one."""
    for run in Run.objects.filter(finished_at__isnull=False, deleted_at=None).iterator():
        folder = storage.run_folder(run.key)
        if folder.is_dir() and not (folder / run_file.NAME).exists():
            run_file.write(run)
