"""The whole log as a file to keep: as it was written, with the time before each line, packed."""

import os
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from runs import storage
from runs.errors import Invalid, NotFound
from runs.logs import marks
from runs.logs.reading import OUTPUT
from runs.models import Run

BLOCK = 1 << 20


def raw(run: Run, *, attempt: int) -> BinaryIO:
    """The log's file, to be sent as it is. Raises NotFound where nothing was written, or a link or a pipe is there."""
    try:
        return storage.opened(storage.stream_path(run, attempt, OUTPUT))
    except FileNotFoundError:
        raise NotFound(f"{run.key} has written no output") from None
    except Invalid as wrong:
        raise NotFound(f"the output of {run.key} cannot be read: {wrong.detail}") from wrong


def parts(run: Run, *, attempt: int, stamped: bool, packed: bool) -> Iterator[bytes]:
    """The log in parts; raises as `raw` does, before the first part."""
    file = raw(run, attempt=attempt)
    told = _blocks(file)
    if stamped:
        told = _stamped(told, marks.of(storage.stream_path(run, attempt, OUTPUT)))
    return _packed(told) if packed else told


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        left = os.fstat(file.fileno()).st_size  # what comes meanwhile is for the next download
        while left > 0 and (block := file.read(min(BLOCK, left))):
            left -= len(block)
            yield block


def _stamped(blocks: Iterator[bytes], times: marks.Times) -> Iterator[bytes]:
    """Before each line the UTC time it came at, or a `-` where nobody saw it come."""
    offset, begins = 0, True
    for block in blocks:
        lines = _lines(block)
        starts = []
        for line in lines:
            starts.append(offset)
            offset += len(line)
        stamps = _stamps(times.of(starts) if starts else None, len(lines))
        if not begins:
            stamps[0] = b""
        begins = block.endswith(b"\n")
        yield b"".join(part for pair in zip(stamps, lines, strict=True) for part in pair)


def _lines(block: bytes) -> list[bytes]:
    pieces = block.split(b"\n")
    last = pieces.pop()
    return [piece + b"\n" for piece in pieces] + ([last] if last else [])


def _stamps(times: list[float] | None, count: int) -> list[bytes]:
    if times is None:
        return [b"- "] * count
    return [
        datetime.fromtimestamp(each, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()[:-5] + b"Z "
        for each in times
    ]


def _packed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for block in blocks:
        if part := packer.compress(block):
            yield part
    yield packer.flush()
