from runs.models.artifact import Artifact
from runs.models.event import Event, EventKind, Level
from runs.models.retention import Deletion, Direction, RetentionRule
from runs.models.run import Run, RunKind, RunStatus
from runs.models.series import FULL, STRETCH, Chunk, Overview, Series
from runs.models.stream import Stream

__all__ = [
    "FULL",
    "STRETCH",
    "Artifact",
    "Chunk",
    "Deletion",
    "Direction",
    "Event",
    "EventKind",
    "Level",
    "Overview",
    "RetentionRule",
    "Run",
    "RunKind",
    "RunStatus",
    "Series",
    "Stream",
]
