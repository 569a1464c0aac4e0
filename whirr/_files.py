"""The two files of lines that this process writes: its metrics, and its events once there are any."""

from __future__ import annotations

import time

from whirr import _writers
from whirr._stream import LineFile
from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


_RANKS_PATIENCE = 3.0  # seconds


class Files:
    """`writer` is who this process is, as soon as its metrics file is open."""

    def __init__(self, folder: Path, writer: str) -> None:
        self.writer = writer
        self.found_lines = False  # an earlier process was this writer
        self._folder = folder
        self._forked = False
        self._metrics: LineFile | None = None
        self._events: LineFile | None = None

    @property
    def written(self) -> tuple[int, int]:
        """Grows with each line."""
        return (
            self._metrics.lines if self._metrics else 0,
            self._events.lines if self._events else 0,
        )

    def metrics(self) -> LineFile:
        """Opened at the first call. Raises OSError."""
        if self._metrics is None:
            seat = _writers.take_seat(self._folder, self.writer, beside=self._forked)
            self._metrics = LineFile(seat.path, seat.fd)
            self.writer = seat.writer
            self._forked = False
            self.found_lines = self._metrics.found_lines
        return self._metrics

    def events(self) -> LineFile:
        """Opened at the first call. Raises OSError."""
        if self._events is None:
            self.metrics()  # it decides who we are
            self._events = LineFile(self._folder / layout.stream_of(layout.EVENTS, self.writer))
        return self._events

    def close(self) -> None:
        for file in (self._events, self._metrics):  # the second one's lock holds our name
            if file is not None:
                file.close()

    def wait_for_ranks(self) -> None:
        """What other ranks log belongs before the run's end: most end at the same moment. Not for long."""
        until = time.monotonic() + _RANKS_PATIENCE
        while _writers.ranks_live(self._folder, self.writer) and time.monotonic() < until:
            time.sleep(0.05)

    def after_fork(self) -> None:
        """In the child: the parent's files are the parent's, and so is its name."""
        for file in (self._events, self._metrics):
            if file is not None:
                file.abandon()
        self._forked = self._metrics is not None or self._forked
        self._metrics = self._events = None
