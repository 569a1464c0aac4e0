from runs.models.artifact import Artifact
from runs.models.run import Run, RunKind, RunStatus
from runs.models.series import Chunk, Series
from runs.models.stream import Stream

__all__ = ["Artifact", "Chunk", "Run", "RunKind", "RunStatus", "Series", "Stream"]
