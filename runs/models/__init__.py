from runs.models.artifact import Artifact
from runs.models.event import Event, EventKind, Level
from runs.models.run import Run, RunKind, RunStatus
from runs.models.series import STRETCH, Chunk, Overview, Series
from runs.models.stream import Stream

__all__ = [
    "STRETCH",
    "Artifact",
    "Chunk",
    "Event",
    "EventKind",
    "Level",
    "Overview",
    "Run",
    "RunKind",
    "RunStatus",
    "Series",
    "Stream",
]
