"""metrics.jsonl: one line, one write. Once `append` returns, the line survives this process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whirr import _times, _values


class MetricsFile:
    """Not for several threads at once: the run has a lock."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._index, self._torn = _count_lines(self._fd)
        self._second = -1
        self._prefix = ""

    def append(self, values: Mapping[str, Any], step: int | None) -> None:
        """Raises OSError when the disk takes no more; the next line then begins afresh."""
        record: dict[str, Any] = {"_idx": self._index, "_timestamp": self._stamp()}
        if step is not None:
            record["step"] = step
        record.update(values)
        data = _values.line(record)
        if self._torn:
            data = b"\n" + data
        written = os.write(self._fd, data)
        if written != len(data):
            self._torn = True
            raise OSError(28, "no space left for a whole line")
        self._torn = False
        self._index += 1

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _stamp(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:  # formatting a date costs more than writing the line
            self._second = second
            self._prefix = _times.stamp(second)[:-7]
        return f"{self._prefix}{int((now - second) * 1_000_000):06d}Z"


def _count_lines(fd: int) -> tuple[int, bool]:
    """Lines that an earlier process of this attempt wrote, and whether it was killed within one."""
    lines, offset, last = 0, 0, b"\n"
    while piece := os.pread(fd, 1 << 20, offset):
        lines += piece.count(b"\n")
        offset += len(piece)
        last = piece[-1:]
    return lines, last != b"\n"
