"""TensorFlow's record files: each record has its length before it, and a checksum behind either.

The checksum is CRC-32C, masked (tensorflow/core/lib/hash/crc32c.h). A record whose content is damaged is passed over;
behind one whose length is damaged, nothing can be found. A file that a killed program left ends within a record.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

CHECKED = (
    256 * 1024
)  # bytes of a record that are summed; larger ones are pictures, whose format has sums of its own
LONGEST = 1 << 31


class Damaged(ValueError):
    """From here on the file cannot be read. The text says where and why."""


def records(path: Path, tell: Callable[[str], None]) -> Iterator[bytes]:
    """The records of a file in order; each that is damaged is told, and passed over.

    Raises Damaged where nothing more can be found, OSError.
    """
    with path.open("rb") as file:
        number = 0
        while True:
            at = file.tell()
            try:
                data, is_sound = _next(file)
            except Damaged as problem:
                raise Damaged(f"record {number}, at byte {at}: {problem}") from None
            if data is None:
                return
            if is_sound:
                yield data
            else:
                tell(f"record {number}, at byte {at}, was left out: its checksum is wrong")
            number += 1


def _next(file: BinaryIO) -> tuple[bytes | None, bool]:
    """A record, and whether it is what was written; None at the end of the file."""
    head = file.read(12)
    if not head:
        return None, True
    if len(head) < 12:
        raise Damaged("the file ends within a record")
    length, told = struct.unpack("<QI", head)
    if masked(head[:8]) != told or length >= LONGEST:
        raise Damaged("its length is damaged")
    data, tail = file.read(length), file.read(4)
    if len(data) < length or len(tail) < 4:
        raise Damaged("the file ends within a record")
    return data, length > CHECKED or masked(data) == struct.unpack("<I", tail)[0]


def masked(data: bytes) -> int:
    """The checksum as it stands in these files."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()
