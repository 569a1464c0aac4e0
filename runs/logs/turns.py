"""Who may search now: each search takes a core for seconds, so few run at once, and none for somebody who left."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runs.errors import DomainError

AT_ONCE = 2  # in this process
WAIT = 2.0  # seconds for a turn


class Busy(DomainError):
    """Too many others search; the next moment may do."""

    code = "busy"


class Turns:
    """At most `at_once` at a time; whoever asks again gives up what it asked before."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._newest: dict[str, object] = {}
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, who: str, *, wait: float = WAIT) -> Iterator[Callable[[], bool]]:
        """Gives a question: has `who` asked for another turn since? Raises Busy. An empty `who` is nobody known."""
        mine = object()
        with self._lock:
            self._newest[who] = mine

        def given_up() -> bool:
            return bool(who) and self._newest.get(who) is not mine

        try:
            if not self._free.acquire(timeout=wait):
                raise Busy("others are searching their logs right now; try again in a moment")
            try:
                yield given_up
            finally:
                self._free.release()
        finally:
            with self._lock:
                if self._newest.get(who) is mine:
                    del self._newest[who]


TURNS = Turns()  # of this process: pages and terminals search by turns
TERMINALS = Turns(
    1
)  # which of them may stand in that line: a loop of theirs leaves a turn to the pages
MARKING = Turns()  # short looks at some lines do not wait behind searches of whole logs
