"""wandb, offline."""

import struct
from collections.abc import Iterator
from pathlib import Path

import wandb
from wandb.proto import wandb_internal_pb2

from benchmarks.trackers.libraries import Begun

BLOCK, HEAD = 32 * 1024, 7
FULL, LAST = 1, 4


def begin() -> Begun:
    run = wandb.init(project="bench", mode="offline", config={"lr": 0.1})
    return Begun(run.log, run.finish)


def stored() -> int:
    """Numbers in the history of its transaction logs."""
    found = 0
    for path in Path("wandb").glob("offline-run-*/*.wandb"):
        for data in records(path.read_bytes()):
            record = wandb_internal_pb2.Record.FromString(data)
            if record.WhichOneof("record_type") == "history":
                names = (item.key or item.nested_key[0] for item in record.history.item)
                found += sum(not name.startswith("_") for name in names)
    return found


def records(data: bytes) -> Iterator[bytes]:
    """LevelDB's log format after a header of seven bytes: blocks of 32 KiB with pieces of records."""
    at, pieces = HEAD, b""
    while at + HEAD <= len(data):
        if BLOCK - at % BLOCK < HEAD:
            at += BLOCK - at % BLOCK
            continue
        size, kind = struct.unpack_from("<HB", data, at + 4)
        pieces += data[at + HEAD : at + HEAD + size]
        at += HEAD + size
        if kind in (FULL, LAST):
            yield pieces
            pieces = b""
