"""wandb, offline."""

from pathlib import Path

import wandb
from wandb.proto import wandb_internal_pb2

from benchmarks.trackers.libraries import Begun
from benchmarks.trackers.libraries.formats import leveldb_records


def begin() -> Begun:
    run = wandb.init(project="bench", mode="offline", config={"lr": 0.1})
    return Begun(run.log, run.finish)


def stored() -> int:
    """Numbers in the history of its transaction logs."""
    found = 0
    for path in Path("wandb").glob("offline-run-*/*.wandb"):
        for data in leveldb_records(path.read_bytes()):
            record = wandb_internal_pb2.Record.FromString(data)
            if record.WhichOneof("record_type") == "history":
                names = (item.key or item.nested_key[0] for item in record.history.item)
                found += sum(not name.startswith("_") for name in names)
    return found
