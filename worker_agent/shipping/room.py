"""Room on the disk of the data folder: what is wholly delivered goes when it is needed, and nothing else does.

Nothing is deleted while there is room. Where a file cannot be proven to be on the server, it stays, and so does all
that a later attempt of a run may want to go on from. When that is not enough, the agent takes no new jobs.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock

from whirr.wire.lean import TYPE_CHECKING
from worker_agent.shipping import delivered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from worker_agent.board import Board
    from worker_agent.log import Log
    from worker_agent.shipping.delivered import Delivered

    Reading = Callable[[str], "tuple[int, int]"]  # (free, all) bytes

_EVERY = 10.0  # seconds between looks: a fast disk is filled with 20 GB meanwhile at worst
_AT_ONCE = 1.0  # seconds of searching and deleting, and then the streams have their turn
_BATCH = 1000  # attempts to keep in mind; there may be very many
_AGAIN = 60.0  # seconds until what could not be deleted is looked for again
_MOST, _SHARE = 2_000_000_000, 0.05
_ENOUGH = 1.25  # of the limit: then it takes jobs again


def free_of(folder: str) -> tuple[int, int]:
    """(free, all) bytes of the disk that holds it."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


class Room:
    """`keep_free`: bytes; None for 2 GB or 5 %, whichever is less. `changed`: whether jobs are taken has changed."""

    def __init__(
        self,
        data_dir: str,
        keep_free: float | None,
        board: Board,
        log: Log,
        *,
        changed: Callable[[], None],
        reading: Reading = free_of,
    ) -> None:
        self._data_dir = data_dir
        self._keep_free = keep_free
        self._board = board
        self._log = log
        self._changed = changed
        self._reading = reading
        self._lock = allocate_lock()
        self._look_at = 0.0
        self._search_at = 0.0
        self._oldest = Oldest(data_dir)
        self._low = False
        self._said = False
        self._free = 0
        self._limit = 0.0 if keep_free is None else keep_free

    def look(self) -> None:
        """Now, and without a word; before the agent says what it has free. The next step comes at once."""
        if self._lock.acquire(blocking=False):  # else the other thread is looking
            try:
                self._look_at = 0.0
                self._look(delete=False)
            finally:
                self._lock.release()

    def step(self, *, delete: bool) -> None:
        """Look, if it is time to; with `delete`, make room where there is too little."""
        if time.monotonic() >= self._look_at:
            with self._lock:
                self._look_at = time.monotonic() + _EVERY
                self._look(delete=delete)
                self._say()

    def _look(self, *, delete: bool) -> None:
        try:
            free, wanted = self._read()
            if delete and free < wanted and time.monotonic() >= self._search_at:
                self._make_room()
                free, wanted = self._read()
        except OSError as error:
            self._log.debug(f"cannot see the disk of {self._data_dir}: {error}")
            return
        self._free, low = free, free < wanted
        if low is not self._low:
            self._low = self._board.disk_low = low
            self._board.note(disk_low=low)
            self._changed()

    def _read(self) -> tuple[int, float]:
        """(free, wanted) bytes; wanted is more once there was too little."""
        free, size = self._reading(self._data_dir)
        if self._keep_free is None:
            self._limit = min(_MOST, size * _SHARE)
        return free, self._limit * (_ENOUGH if self._low else 1.0)

    def _say(self) -> None:
        if self._low is self._said:
            return
        self._said = self._low
        where = f"the disk of {self._data_dir}"
        if self._low:
            self._log.warning(
                f"{where} is full: {_size(self._free)} are free, {_size(self._limit)} are to be kept free. No new "
                "jobs until there is room; what is written is delivered, and nothing undelivered is deleted "
                "(--keep-free)"
            )
        else:
            self._log.info(f"{where} has room again: {_size(self._free)} are free")

    def _make_room(self) -> None:
        until = time.monotonic() + _AT_ONCE
        gone = 0
        while self._reading(self._data_dir)[0] < self._limit * _ENOUGH:
            if not self._oldest.find(until):
                self._look_at = 0.0  # go on after the others had their turn
                break
            attempt = self._oldest.take()
            if attempt is None:
                self._search_at = time.monotonic() + _AGAIN
                break
            gone += attempt.delete()
            if time.monotonic() >= until:
                self._look_at = 0.0
                break
        else:
            self._oldest = Oldest(self._data_dir)
        if gone:
            self._log.info(f"deleted {gone} delivered files, to make room")


class Oldest:
    """The attempts that may be deleted, oldest first. What a search has found is kept until the next turn."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._search: Iterator[Delivered | None] | None = None
        self._found: list[Delivered] | None = None  # the next one is the last
        self._seen: list[Delivered] = []
        self._left_out = False
        self._after = -1  # older ones were taken

    def find(self, until: float) -> bool:
        """Whether it is known what comes next. A search that takes longer goes on with the next call."""
        if self._found is not None:
            return True
        if self._search is None:
            self._search = delivered.find(self._data_dir)
        for each in self._search:
            if each is not None and each.at > self._after:
                self._seen.append(each)
                if len(self._seen) >= 2 * _BATCH:
                    self._keep_a_batch()
            if time.monotonic() >= until:
                return False
        self._keep_a_batch()
        self._found, self._seen, self._search = self._seen[::-1], [], None
        return True

    def take(self) -> Delivered | None:
        """The oldest one; None after the last. Then the next search begins anew."""
        if not self._found:
            self._found, self._after = None, -1
            return None
        attempt = self._found.pop()
        if not self._found and self._left_out:
            self._found, self._after, self._left_out = None, attempt.at, False
        return attempt

    def _keep_a_batch(self) -> None:
        self._seen.sort(key=lambda each: each.at)
        if len(self._seen) > _BATCH:
            del self._seen[_BATCH:]
            self._left_out = True


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
