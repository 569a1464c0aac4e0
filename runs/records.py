"""The lines of a metrics file as they were logged, for whoever wants every record."""

from typing import Any

from runs import storable, storage
from runs.models import Run
from runs.parsing import decode


def records_of(run: Run) -> list[dict[str, Any]]:
    """All complete lines of the newest attempt, NaN and infinities as words; undecodable lines are left out."""
    if run.attempt == 0:
        return []
    path = storage.stream_path(run, run.attempt, "metrics.jsonl")
    if not path.exists():
        return []
    with storage.reading(path) as file:
        found = (decode(line) for line in file if line.endswith(b"\n"))
        return [storable.json(record) for record in found if record is not None]
