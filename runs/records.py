"""The lines of a metrics file as they were logged, for whoever wants every record."""

from typing import Any

from runs import storage
from runs.models import Run
from runs.parsing import decode
from runs.series_json import number


def records_of(run: Run) -> list[dict[str, Any]]:
    """All complete lines of the newest attempt, NaN and infinities as words; undecodable lines are left out."""
    if run.attempt == 0:
        return []
    path = storage.stream_path(run, run.attempt, "metrics.jsonl")
    if not path.exists():
        return []
    with path.open("rb") as file:
        found = (decode(line) for line in file if line.endswith(b"\n"))
        return [_sayable(record) for record in found if record is not None]


def _sayable(record: dict[str, Any]) -> dict[str, Any]:
    return {
        key: number(value) if isinstance(value, float) else value for key, value in record.items()
    }
