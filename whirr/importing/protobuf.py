"""The few things about protocol buffers that reading event files needs (protobuf.dev, "Encoding").

A message is a list of fields; a field is a number, and a value of one of four shapes. What is unknown is passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Union

Value = Union[
    int, bytes
]  # whole numbers and fixed ones as they are in the file; everything else as bytes

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10


class Malformed(ValueError):
    """Bytes that are no message."""


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Numbers and values in order; fixed ones as unsigned integers. Raises Malformed."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        shape = tag & 7
        if shape == VARINT:
            value: Value
            value, at = varint(data, at)
        else:
            size, at = _size(data, at, shape)
            if at + size > len(data):
                raise Malformed("a field ends behind its message")
            part = data[at : at + size]
            value = part if shape == BYTES else int.from_bytes(part, "little")
            at += size
        yield tag >> 3, value


def _size(data: bytes, at: int, shape: int) -> tuple[int, int]:
    if shape == BYTES:
        return varint(data, at)
    if shape in (FIXED64, FIXED32):
        return (8 if shape == FIXED64 else 4), at
    raise Malformed(f"a field of the unknown shape {shape}")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A whole number of variable length, and where it ends. Raises Malformed."""
    value = 0
    for place in range(LONGEST_VARINT):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise Malformed("a number without an end")


def signed(value: Value) -> int:
    """An int64."""
    number = whole(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def whole(value: Value) -> int:
    """A value that must be a number. Raises Malformed."""
    if not isinstance(value, int):
        raise Malformed("bytes where a number was expected")
    return value


def content(value: Value) -> bytes:
    """A value that must be bytes. Raises Malformed."""
    if not isinstance(value, bytes):
        raise Malformed("a number where bytes were expected")
    return value


def text(value: Value) -> str:
    """A text; what is no UTF-8 is replaced."""
    return content(value).decode("utf-8", "replace")


def double(value: Value) -> float:
    """A float64 from its eight bytes."""
    return float(struct.unpack("<d", whole(value).to_bytes(8, "little"))[0])


def single(value: Value) -> float:
    """A float32 from its four bytes, exactly."""
    return float(struct.unpack("<f", whole(value).to_bytes(4, "little"))[0])


def many(value: Value, code: str) -> list[float]:
    """Packed numbers of one `struct` code, or a single one that was not packed."""
    size = struct.calcsize(code)
    data = value if isinstance(value, bytes) else value.to_bytes(size, "little")
    if len(data) % size:
        raise Malformed("packed numbers that do not fit")
    return list(struct.unpack(f"<{len(data) // size}{code}", data))


def many_varints(value: Value) -> list[int]:
    """Packed int64, or a single one that was not packed."""
    if isinstance(value, int):
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(signed(number))
    return found
