"""tensorboardX."""

from pathlib import Path

from tensorboardX import SummaryWriter

from benchmarks.trackers.libraries import Begun
from benchmarks.trackers.libraries.formats import tensorflow_records

FOLDER = "events"


def begin() -> Begun:
    writer = SummaryWriter(FOLDER)

    def log(values: dict[str, float], step: int) -> None:
        for key, value in values.items():
            writer.add_scalar(key, value, step)

    return Begun(log, writer.close)


def stored() -> int:
    """Events in its files, the first of which tells the version."""
    return sum(max(0, tensorflow_records(path.read_bytes()) - 1) for path in Path(FOLDER).iterdir())
