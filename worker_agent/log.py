"""The agent's log: lines on stderr and in worker.log. Small on purpose (`logging` costs 2.5 MB).

What is logged names jobs by number. An order's environment, command and token never get here.
"""

from __future__ import annotations

import os
import sys
import time

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from whirr.wire.files import AnyPath

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_KEEP_BYTES = 4 * 1024 * 1024


class Log:
    def __init__(self, level: str = "INFO", path: AnyPath | None = None) -> None:
        self._threshold = LEVELS.index(level)
        self._path = path

    def debug(self, text: str) -> None:
        self._write("DEBUG", text)

    def info(self, text: str) -> None:
        self._write("INFO", text)

    def warning(self, text: str) -> None:
        self._write("WARNING", text)

    def error(self, text: str) -> None:
        self._write("ERROR", text)

    def _write(self, level: str, text: str) -> None:
        if LEVELS.index(level) < self._threshold:
            return
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime())
        line = f"{stamp} {level:<7} {text}\n"
        with suppress(OSError, ValueError):  # a closed terminal must not end a night's work
            sys.stderr.write(line)
            sys.stderr.flush()
        with suppress(OSError):
            self._append(line.encode("utf-8", "replace"))

    def _append(self, line: bytes) -> None:
        if self._path is None:
            return
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, line)
            full = os.fstat(fd).st_size > _KEEP_BYTES
        finally:
            os.close(fd)
        if full:
            files.rename(self._path, f"{self._path}.1")
