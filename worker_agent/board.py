"""What the agent's threads must agree on: which attempts it owns and which hardware they hold."""

from __future__ import annotations

from _thread import allocate_lock

from whirr.wire.lean import TYPE_CHECKING
from worker_agent import kernel

if TYPE_CHECKING:
    from typing import Any

    from worker_agent.order import Key, Order


class Board:
    def __init__(self, gpus: tuple[int, ...], slots: int) -> None:
        self.gpus = gpus
        self.slots = slots
        self._lock = allocate_lock()
        self._owned: dict[Key, float] = {}  # until when the lease lasts for certain
        self._holding: dict[Key, tuple[int, ...]] = {}
        self._exclusive: set[Key] = set()
        self._cancelling: set[Key] = set()
        self._lost: set[Key] = set()
        self._blocked: dict[int, tuple[str, dict[str, Any]]] = {}
        self.accepting = True

    def take(self, order: Order, lease_until: float) -> bool:
        """Own it and hold its hardware; False when it is owned already (a repeated answer)."""
        with self._lock:
            if order.key in self._owned:
                return False
            self._owned[order.key] = lease_until
            self._holding[order.key] = order.gpus
            if order.exclusive:
                self._exclusive.add(order.key)
            return True

    def adopt(self, key: Key) -> None:
        """Own an attempt of a predecessor, of which only the report is left."""
        with self._lock:
            self._owned[key] = kernel.now()

    def hardware_is_free(self, key: Key) -> None:
        with self._lock:
            self._holding.pop(key, None)
            self._exclusive.discard(key)

    def done_with(self, key: Key) -> None:
        """The server knows the outcome (or does not want it): nothing is owned any more."""
        with self._lock:
            self._owned.pop(key, None)
            self._cancelling.discard(key)
            self._lost.discard(key)

    def is_cancelling(self, key: Key) -> None:
        """We know of the cancel: the server need not answer at once to tell us again."""
        with self._lock:
            if key in self._owned:
                self._cancelling.add(key)

    def is_lost(self, key: Key) -> None:
        """We know that it is not ours any more; its hardware is taken until its processes are gone."""
        with self._lock:
            if key in self._owned:
                self._lost.add(key)

    def report(self) -> list[dict[str, int | bool]]:
        """All that is owned, as a sync tells it.

        What is known to be lost is left out: the server would answer at once to tell us again.
        """
        with self._lock:
            return [
                {"job_id": key[0], "attempt": key[1], "cancelling": key in self._cancelling}
                for key in sorted(self._owned.keys() - self._lost)
            ]

    def renewed(self, keys: list[Key], until: float) -> None:
        with self._lock:
            for key in keys:
                if key in self._owned:
                    self._owned[key] = max(until, self._owned[key])

    def lease_until(self, key: Key) -> float:
        with self._lock:
            return self._owned.get(key, 0.0)

    def owns_something(self) -> bool:
        with self._lock:
            return bool(self._owned)

    def holds_exclusive(self) -> bool:
        with self._lock:
            return bool(self._exclusive)

    def block(self, gpu: int, why: str, **details: Any) -> None:
        """Hand it out to nobody. `why` is a word that the server knows: see "Blocked GPUs" in docs/wire-protocol.md."""
        with self._lock:
            self._blocked[gpu] = why, details

    def unblock(self, gpu: int) -> None:
        with self._lock:
            self._blocked.pop(gpu, None)

    def blocked(self) -> list[dict[str, Any]]:
        """As a sync tells it."""
        with self._lock:
            found = sorted(self._blocked.items())
        return [{"index": gpu, "why": why, **details} for gpu, (why, details) in found]

    def free_gpus(self) -> list[int]:
        with self._lock:
            held = {index for gpus in self._holding.values() for index in gpus}
            return [
                index for index in self.gpus if index not in held and index not in self._blocked
            ]

    def free_slots(self) -> int:
        with self._lock:
            return 0 if self.gpus else max(0, self.slots - len(self._holding))

    def conflict(self, order: Order) -> str:
        """Why this order cannot use the GPUs that it names; empty when it can."""
        with self._lock:
            for index in order.gpus:
                if index not in self.gpus:
                    return f"this agent has no GPU {index}"
                for key, gpus in self._holding.items():
                    if key != order.key and index in gpus:
                        return f"GPU {index} is in use by job {key[0]}"
        return ""
