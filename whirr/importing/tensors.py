"""TensorProto as plain numbers or texts (tensorflow/core/framework/tensor.proto)."""

from __future__ import annotations

from dataclasses import dataclass, field

from whirr.importing.protobuf import Malformed, Value, content, fields, many, many_varints, whole

# Type numbers of types.proto: how they stand in tensor_content.
CODES = {1: "f", 2: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", 19: "e", 22: "I", 23: "Q"}
FLOATS = {5: "f", 6: "d"}  # fields of values, by their struct code
WHOLE = (7, 10, 11)
TEXTS = 8


@dataclass
class Tensor:
    """Its values in row-major order: numbers, or texts as bytes."""

    numbers: list[float] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)


def read(data: bytes) -> Tensor:
    """The values; a type that has no place here gives none. Raises Malformed."""
    tensor, kind, packed, size = Tensor(), 0, b"", 1
    for number, value in fields(data):
        if number == 1:
            kind = whole(value)
        elif number == 2:
            size = _size(content(value))
        elif number == 4:
            packed = content(value)
        else:
            _add(tensor, number, value)
    if packed and kind in CODES:
        tensor.numbers = many(packed, CODES[kind])
    if len(tensor.numbers) == 1 and 1 < size <= 1 << 20:  # one value stands for all
        tensor.numbers *= size
    return tensor


def _add(tensor: Tensor, number: int, value: Value) -> None:
    if number in FLOATS:
        tensor.numbers += many(value, FLOATS[number])
    elif number in WHOLE:
        tensor.numbers += many_varints(value)
    elif number == TEXTS:
        tensor.texts.append(content(value))


def _size(shape: bytes) -> int:
    size = 1
    for number, dimension in fields(shape):
        if number == 2:
            size *= max(0, whole(dict(fields(content(dimension))).get(1, 0)))
            if size > 1 << 40:
                raise Malformed("a tensor of nonsensical size")
    return size
