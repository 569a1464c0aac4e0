"""Looks each second how far the logs of running jobs have grown, whatever the shipper waits for meanwhile."""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING
from worker_agent.threads import Thread
from worker_agent.wake import Wake

if TYPE_CHECKING:
    from collections.abc import Callable

    from whirr.shipping.growth import Growth

EVERY = 1.0  # seconds


class Lookout:
    """`growing` gives the logs that may grow now; where there are none, it sleeps until it is rung."""

    def __init__(self, growing: Callable[[], list[Growth]]) -> None:
        self._growing = growing
        self._wake = Wake()
        self._thread = Thread(self._run)

    def start(self) -> None:
        self._thread.start()

    def ring(self) -> None:
        """A job has begun."""
        self._wake.ring()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            logs = self._growing()
            for each in logs:
                each.look()
            self._wake.wait(EVERY if logs else None)
