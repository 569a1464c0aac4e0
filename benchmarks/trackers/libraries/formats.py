"""The files of peers, as far as counting what is in them needs it."""

import struct
from collections.abc import Iterator

TF_HEAD, TF_CHECKSUM = 12, 4  # length (8) and its checksum, then the record, then its checksum
BLOCK, HEAD = 32 * 1024, 7  # checksum (4), length (2), kind
FULL, LAST = 1, 4


def tensorflow_records(data: bytes) -> int:
    """Whole records of a TFRecord file."""
    found = at = 0
    while at + TF_HEAD <= len(data):
        at += TF_HEAD + struct.unpack_from("<Q", data, at)[0] + TF_CHECKSUM
        found += at <= len(data)
    return found


def leveldb_records(data: bytes) -> Iterator[bytes]:
    """Records of LevelDB's log format behind the seven bytes that wandb writes first; a torn one is none."""
    at, pieces = HEAD, b""
    while at + HEAD <= len(data):
        if BLOCK - at % BLOCK < HEAD:
            at += BLOCK - at % BLOCK
            continue
        size, kind = struct.unpack_from("<HB", data, at + 4)
        if at + HEAD + size > len(data):
            return
        pieces += data[at + HEAD : at + HEAD + size]
        at += HEAD + size
        if kind in (FULL, LAST):
            yield pieces
            pieces = b""
