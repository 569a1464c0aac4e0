"""A run as JSON, by hand: what RunSerializer describes, in a tenth of its time. A test compares the two."""

from datetime import datetime
from typing import Any

from runs import storage
from runs.models import Run

AS_IT_IS = (
    *("name", "config", "tags", "status", "duration_seconds", "summary", "hostname"),
    *("kind", "project", "user", "attempt"),
)
TIMES = ("started_at", "finished_at", "created_at")


def run_json(run: Run) -> dict[str, Any]:
    """One run, from its row alone."""
    told = {name: getattr(run, name) for name in AS_IT_IS}
    told |= {name: stamp(getattr(run, name)) for name in TIMES}
    return told | {
        "id": run.key,
        "job_id": job_of(run),
        "run_dir": str(storage.run_folder(run.key)),
        "url": f"/runs/{run.key}/",
    }


def job_of(run: Run) -> int | None:
    """The number of its job; None for a direct run."""
    return int(run.key.removeprefix("job-")) if run.key.startswith("job-") else None


def stamp(moment: datetime | None) -> str | None:
    """A time in UTC, as DRF writes it."""
    if moment is None:
        return None
    text = moment.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
