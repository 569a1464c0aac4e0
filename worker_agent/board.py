"""What the agent's threads must agree on: which attempts it owns and which hardware they hold."""

from __future__ import annotations

import time
from _thread import allocate_lock

from whirr.wire.lean import TYPE_CHECKING
from worker_agent import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable

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
        self._blocked: dict[int, dict[str, dict[str, Any]]] = {}  # by GPU, then by why
        self._unsettled: dict[int, float] = {}  # since when
        self.accepting = True
        self.disk_low = False  # then nothing new is begun
        self._notes: dict[str, Any] = {}
        self.used: Callable[[], None] | None = None  # somebody looks at what a job has held

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

    def hardware_is_free(self, key: Key, *, used: bool = False) -> None:
        """Nothing of it holds anything. A GPU that it `used` is offered once it was seen to be free."""
        with self._lock:
            gpus = self._holding.pop(key, ())
            self._exclusive.discard(key)
            look = self.used if used and gpus else None
            if look is not None:
                self._unsettled.update(dict.fromkeys(gpus, time.monotonic()))
        if look is not None:
            look()

    def unsettle(self, gpus: Iterable[int]) -> None:
        """Offer them only once they were seen to be free."""
        with self._lock:
            self._unsettled.update(dict.fromkeys(gpus, time.monotonic()))

    def unsettled(self) -> dict[int, float]:
        with self._lock:
            return dict(self._unsettled)

    def settled(self, gpu: int, since: float) -> None:
        """It was seen after that moment, and no job has held it since."""
        with self._lock:
            if self._unsettled.get(gpu) == since:
                del self._unsettled[gpu]

    def held(self) -> set[int]:
        with self._lock:
            return {index for gpus in self._holding.values() for index in gpus}

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
        """Hand it out to nobody. `why` is a word that the server knows: see "Blocked GPUs" in docs/wire-protocol.md.

        Each reason is kept apart, and has to be taken back by whoever gave it.
        """
        with self._lock:
            self._blocked.setdefault(gpu, {})[why] = details

    def unblock(self, gpu: int, why: str) -> None:
        with self._lock:
            reasons = self._blocked.get(gpu, {})
            reasons.pop(why, None)
            if not reasons:
                self._blocked.pop(gpu, None)

    def blocked(self) -> list[dict[str, Any]]:
        """As a sync tells it."""
        with self._lock:
            return [
                {"index": gpu, "why": why, **details}
                for gpu, reasons in sorted(self._blocked.items())
                for why, details in reasons.items()
            ]

    def note(self, **facts: Any) -> None:
        """What each sync is to tell besides the load of the machine."""
        with self._lock:
            self._notes = {**self._notes, **facts}

    def notes(self) -> dict[str, Any]:
        with self._lock:
            return self._notes

    def free_gpus(self) -> list[int]:
        with self._lock:
            held = {index for gpus in self._holding.values() for index in gpus}
            away = held | self._blocked.keys() | self._unsettled.keys()
            return [index for index in self.gpus if index not in away]

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

    def refusal(self, order: Order) -> str:
        """Why none of us is to start this now, though the server could not know; empty when nothing is in the way."""
        with self._lock:
            for index in order.gpus:
                for why, details in self._blocked.get(index, {}).items():
                    return f"GPU {index} {in_words(why, details)}"
                if index in self._unsettled:
                    return f"GPU {index} was not seen to be free yet"
        return ""


def in_words(why: str, details: dict[str, Any]) -> str:
    """What is the matter with a GPU, after its number."""
    if why == "foreign":
        told = [_process(each) for each in details.get("processes", ())]
        return f"is used by {', '.join(told)}"
    if why == "unkillable":
        told = [_process(each) for each in details.get("processes", ())]
        return f"is held by what SIGKILL did not end: {', '.join(told)}"
    if why == "memory_held":
        told = [_process(each) for each in details.get("processes", ())]
        by = ", ".join(told) or "no process that can be seen"
        return f"has {details.get('memory_used_mb')} MiB in use, by {by}"
    if why == "missing":
        return "is not listed by nvidia-smi any more"
    reason = str(details.get("reason") or "")
    return f"is out of order: {reason or why}"


def _process(each: dict[str, Any]) -> str:
    about = f"pid {each.get('pid')}, {each.get('name') or 'which cannot be seen'}"
    user = each.get("user")
    return f"{user} ({about})" if user else about
