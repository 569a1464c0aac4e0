"""A run as JSON, by hand: what RunSerializer describes, in a tenth of its time. A test compares the two."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runs import storage
from runs.models import Run

AS_IT_IS = (
    *("name", "config", "tags", "status", "summary", "hostname"),
    *("kind", "project", "user", "attempt", "dropped", "resumed", "notes", "notes_by"),
    "archived_by",
)
TIMES = ("started_at", "finished_at", "created_at", "archived_at", "trashed_at", "notes_at")
COLUMNS = ("id", "key", *AS_IT_IS, *TIMES)
Row = Mapping[str, Any]


def run_json(run: Run) -> dict[str, Any]:
    """One run."""
    return row_json({column: getattr(run, column) for column in COLUMNS})


def row_json(row: Row) -> dict[str, Any]:
    """The same of a run that was read as `COLUMNS` alone."""
    key, started, finished = row["key"], row["started_at"], row["finished_at"]
    told = {name: row[name] for name in AS_IT_IS}
    told |= {name: stamp(row[name]) for name in TIMES}
    return told | {
        "id": key,
        "job_id": job_of(key),
        "duration_seconds": (finished - started).total_seconds() if started and finished else None,
        "run_dir": folder_of(key),
        "url": f"/runs/{key}/",
    }


def job_of(key: str) -> int | None:
    """The number of its job; None for a direct run."""
    return int(key.removeprefix("job-")) if key.startswith("job-") and is_id(key) else None


def folder_of(key: str) -> str:
    """The folder of a run; empty where the key is none that a run can have: one odd row must not fail a list."""
    return str(storage.run_folder(key)) if is_id(key) else ""


def is_id(key: str) -> bool:
    """Whether a run can be called that."""
    return storage.KEY.match(key) is not None


def stamp(moment: datetime | None) -> str | None:
    """A time in UTC, as DRF writes it."""
    if moment is None:
        return None
    text = moment.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
