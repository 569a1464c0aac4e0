"""The database made again from the files: rows of runs, their points and events, their artifacts.

What the files say is compared with what the database says, run by run, and only what differs is written. So an intact
database costs reading, a damaged one is mended, a lost one comes back; and a rehearsal is an audit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from runs import checksums, rebuilt_artifacts, rebuilt_rows, run_file, storage, streams
from runs.errors import DomainError
from runs.models import Chunk, Deletion, Event, Overview, Run, Series, Stream
from runs.series import merging

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
    """Compare each run, and write what differs unless this is a rehearsal. A damaged folder is named and skipped."""
    gone = set(Deletion.objects.values_list("run_key", flat=True))
    for folder in folders():
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
        outcome.done = DAMAGED
        outcome.notes += notes
    if not rehearse:
        _write_down(run, told)


def _mended(outcome: Outcome, notes: list[str]) -> None:
    if outcome.done != MADE:  # of a new one everything differs
        outcome.done = MENDED
        outcome.notes += notes


def _row(folder: Path, told: rebuilt_rows.Told | None, outcome: Outcome, *, rehearse: bool) -> Run:
    """The run, made or corrected."""
    run = Run.objects.filter(key=folder.name).first()
    if run is None:
        outcome.done = MADE
        return rebuilt_rows.make(folder, told, outcome.notes, rehearse=rehearse)
    differing = rebuilt_rows.differing(run, told)
    if told and differing:
        _mended(outcome, [f"its row has another {', '.join(differing)}"])
        if not rehearse:
            rebuilt_rows.correct(run, told, differing)
    return run


def _compare_index(run: Run, attempts: list[int], outcome: Outcome, *, rehearse: bool) -> None:
    """Points and events."""
    stored = checksums.of_database(run) if not run._state.adding else checksums.Sums()
    files = checksums.of_files(run, attempts)
    outcome.before = outcome.after = stored.whole
    if stored == files:
        return
    _mended(outcome, _differences(stored, files))
    if rehearse:
        return
    _index_anew(run, attempts)
    made = checksums.of_database(run)
    outcome.after = made.whole
    if made != files and run.is_final:
        outcome.notes.append("still differs from its files: please report it")


def _index_anew(run: Run, attempts: list[int]) -> None:
    _forget(run)
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
    if run.is_final and (told is None or told["status"] != run.status):
        run_file.write(Run.objects.get(pk=run.pk))


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
            some = ", ".join("/".join(filter(None, map(str, key))) for key in sorted(keys)[:3])
            notes.append(f"{what} {word}: {some}{' …' if len(keys) > 3 else ''} ({len(keys)})")
    return notes


@transaction.atomic
def _forget(run: Run) -> None:
    """The index of its files, in an order that loads no row."""
    Overview.objects.filter(series__run=run).delete()
    Chunk.objects.filter(series__run=run).delete()
    for model in (Series, Event, Stream):
        model.objects.filter(run=run).delete()


def _tell_the_rest() -> None:
    """Runs that ended before there was a run.json, or while a disk was full, get one."""
    for run in Run.objects.filter(finished_at__isnull=False, deleted_at=None).iterator():
        if not (storage.run_folder(run.key) / run_file.NAME).exists():
            run_file.write(run)
